"""Builders of FINESS rows. Numbers have a right key; codes of the nomenclature are got or created."""

import factory
from factory.django import DjangoModelFactory

from establishments import models, search
from establishments.enums import Domain, EssmsReading, EstablishmentType


def finess_number(n: int, prefix: str = "75") -> str:
    """The nth number of a département, with its Luhn key."""
    body = f"{prefix}{n:06d}"
    digits = body.replace("2A", "21", 1).replace("2B", "22", 1)
    total = sum(sum(divmod(int(digit) * 2, 10)) for digit in digits[::-2]) + sum(map(int, digits[-2::-2]))
    return f"{body}{-total % 10}"


class RegionFactory(DjangoModelFactory):
    class Meta:
        model = models.Region
        django_get_or_create = ("code",)

    code = "11"
    name = factory.LazyAttribute(
        lambda region: {
            "11": "Île-de-France",
            "84": "Auvergne-Rhône-Alpes",
            "93": "Provence-Alpes-Côte d'Azur",
            "94": "Corse",
        }.get(region.code, f"Région {region.code}")
    )


class DepartementFactory(DjangoModelFactory):
    class Meta:
        model = models.Departement
        django_get_or_create = ("code",)

    code = "75"
    name = factory.LazyAttribute(lambda departement: f"Département {departement.code}")
    region = factory.SubFactory(RegionFactory)
    finess_code = factory.LazyAttribute(lambda departement: departement.code[:2])


class CategoryFactory(DjangoModelFactory):
    class Meta:
        model = models.Category
        django_get_or_create = ("code",)

    class Params:
        essms = factory.Trait(
            code="500",
            label="Établissement d'hébergement pour personnes âgées dépendantes",
            short_label="E.H.P.A.D.",
            domain=Domain.SOCIAL,
            is_essms=True,
            essms_reading=EssmsReading.YES,
        )
        es = factory.Trait(
            code="355",
            label="Centre Hospitalier (C.H.)",
            short_label="C.H.",
            domain=Domain.SANITARY,
            is_sanitary=True,
        )

    code = "620"
    label = factory.LazyAttribute(lambda category: f"Catégorie {category.code}")
    domain = Domain.SANITARY


class LegalStatusFactory(DjangoModelFactory):
    class Meta:
        model = models.LegalStatus
        django_get_or_create = ("code",)

    code = "60"
    label = "Association Loi 1901 non Reconnue d'Utilité Publique"


class LegalEntityFactory(DjangoModelFactory):
    """An open EJ of Île-de-France, offered as ESSMS. `es=True`: offered as établissement de santé."""

    class Meta:
        model = models.LegalEntity

    class Params:
        essms = factory.Trait(kinds=[EstablishmentType.ESSMS.value])
        es = factory.Trait(kinds=[EstablishmentType.ES.value])
        ght = factory.Trait(kinds=[EstablishmentType.ES.value, EstablishmentType.GHT.value])
        closed = factory.Trait(is_active=False, kinds=[], closed_on="2024-12-31")

    finess = factory.Sequence(lambda n: finess_number(100_000 + n))
    name = factory.Sequence(lambda n: f"ASSOCIATION LES TILLEULS {n}")
    legal_status = factory.SubFactory(LegalStatusFactory)
    departement = factory.SubFactory(DepartementFactory)
    region = factory.LazyAttribute(lambda entity: entity.departement and entity.departement.region)
    region_codes = factory.LazyAttribute(lambda entity: [entity.region.code] if entity.region else [])
    kinds = factory.LazyFunction(lambda: [EstablishmentType.ESSMS.value])
    sort_name = factory.LazyAttribute(lambda entity: search.sort_key(entity.name))
    search_text = factory.LazyAttribute(lambda entity: search.searchable(entity.name, entity.long_name))
    search_town = factory.LazyAttribute(lambda entity: search.spell_town(entity.city))
    words = factory.SelfAttribute("search_text")
    long_name = ""
    city = "PARIS"
    postal_code = "75014"


class GeographicEntityFactory(DjangoModelFactory):
    """An open ESSMS site. `es=True`: a hospital; `other=True`: neither (a pharmacy)."""

    class Meta:
        model = models.GeographicEntity

    class Params:
        essms = factory.Trait(category=factory.SubFactory(CategoryFactory, essms=True))
        es = factory.Trait(category=factory.SubFactory(CategoryFactory, es=True))
        other = factory.Trait(category=factory.SubFactory(CategoryFactory))
        closed = factory.Trait(is_active=False, closed_on="2024-12-31")

    finess = factory.Sequence(lambda n: finess_number(500_000 + n))
    legal_entity = factory.SubFactory(LegalEntityFactory)
    name = factory.Sequence(lambda n: f"EHPAD LES TILLEULS {n}")
    category = factory.SubFactory(CategoryFactory, essms=True)
    departement = factory.SelfAttribute("legal_entity.departement")
    region = factory.SelfAttribute("legal_entity.region")
    city = "PARIS"
    postal_code = "75014"
    long_name = ""
    search_text = factory.LazyAttribute(lambda site: search.line(site.name, site.long_name, site.city))


class HospitalGroupFactory(DjangoModelFactory):
    class Meta:
        model = models.HospitalGroup
        skip_postgeneration_save = True

    code = factory.Sequence(str)
    name = factory.Sequence(lambda n: f"21-52 Côte d'Or-Haute-Marne {n}")
    support = factory.SubFactory(LegalEntityFactory, ght=True)

    @factory.post_generation
    def members(group, create, extracted, **kwargs):
        if create:
            group.members.add(group.support, *(extracted or ()))
