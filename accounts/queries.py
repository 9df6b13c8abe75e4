"""Reads, one function per need or screen, in a stable order."""

from django.db.models import QuerySet

from accounts import access
from accounts.models import Representation, TermsVersion, User
from establishments.models import LegalEntity


def establishments_of(user: User) -> QuerySet[Representation]:
    """What `user` represents, the choice made at registration first (A8), with what a line shows."""
    return user.representations.select_related("legal_entity").order_by("-is_primary", "created_at", "pk")


def colleagues(user: User) -> QuerySet[User]:
    """« Vos collaborateurs » (A9), by name."""
    return access.colleagues_of(user).order_by("last_name", "first_name", "pk")


def represents(user: User, legal_entity: LegalEntity) -> bool:
    """Whether `user` is attached to `legal_entity`."""
    return Representation.objects.filter(user=user, legal_entity=legal_entity).exists()


def terms_in_force() -> TermsVersion | None:
    """The terms that apply now; None before the first publication."""
    return TermsVersion.objects.in_force().first()
