"""Accounts for tests. By default an activated référent who has accepted nothing yet."""

from typing import Any

import factory
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.enums import Civility, Role
from accounts.models import Representation, TermsAcceptance, TermsVersion, User
from establishments.enums import EstablishmentType

PASSWORD = "cheval agrafe batterie correcte"


class TermsVersionFactory(factory.django.DjangoModelFactory[TermsVersion]):
    class Meta:
        model = TermsVersion

    number = factory.Sequence(lambda n: n + 1)
    body = "## Objet\n\nLes présentes conditions disent comment le portail s’utilise."
    published_at = factory.LazyFunction(timezone.now)
    in_force_from = factory.SelfAttribute("published_at")


class UserFactory(factory.django.DjangoModelFactory[User]):
    """`UserFactory(verifier=True)`, `UserFactory(pending=True)`, `UserFactory(terms_accepted=True)`…"""

    class Meta:
        model = User
        skip_postgeneration_save = True

    class Params:
        referent = factory.Trait(role=Role.REFERENT)
        verifier = factory.Trait(role=Role.VERIFIER)
        regional = factory.Trait(role=Role.REGIONAL)
        lead = factory.Trait(role=Role.LEAD)
        admin = factory.Trait(role=Role.ADMIN)
        activated = factory.Trait(activated_at=factory.LazyFunction(timezone.now))
        pending = factory.Trait(activated_at=None)

    username = factory.Sequence(lambda n: f"personne{n}")
    email = factory.Sequence(lambda n: f"personne{n}@exemple.fr")
    civility = Civility.MADAME
    first_name = "Camille"
    last_name = factory.Sequence(lambda n: f"Martin{n}")
    phone = "+33101010101"
    activated_at = factory.LazyFunction(timezone.now)
    password = factory.LazyFunction(lambda: make_password(PASSWORD))

    @factory.post_generation
    def terms_accepted(self: User, create: bool, extracted: bool | None, **kwargs: Any) -> None:
        if create and extracted:
            for version in TermsVersion.objects.in_force()[:1]:
                TermsAcceptance.objects.create(user=self, version=version)

    @factory.post_generation
    def regions(self: User, create: bool, extracted: Any, **kwargs: Any) -> None:
        if create and extracted:
            self.regions.set(extracted)


class RepresentationFactory(factory.django.DjangoModelFactory[Representation]):
    class Meta:
        model = Representation

    user = factory.SubFactory(UserFactory)
    legal_entity = factory.SubFactory("tests.establishments.factories.LegalEntityFactory")
    establishment_type = EstablishmentType.ESSMS
    is_primary = True
