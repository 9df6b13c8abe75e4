"""Reads, one function per need or screen, in a stable order."""

from django.db.models import QuerySet

from accounts import access
from accounts.models import Representation, TermsVersion, User
from establishments import finess, search
from establishments import queries as establishments
from establishments.models import GeographicEntity, LegalEntity


def establishments_of(user: User) -> QuerySet[Representation]:
    """What `user` represents, the choice made at registration first (A8), with what a line shows."""
    return user.representations.select_related("legal_entity").order_by("-is_primary", "created_at", "pk")


def colleagues(user: User) -> QuerySet[User]:
    """« Vos collaborateurs » (A9), by name."""
    return access.colleagues_of(user).order_by("last_name", "first_name", "pk")


def represents(user: User, legal_entity: LegalEntity) -> bool:
    """Whether `user` is attached to `legal_entity`."""
    return Representation.objects.filter(user=user, legal_entity=legal_entity).exists()


def sites(legal_entity: LegalEntity, *, text: str = "") -> list[GeographicEntity]:
    """The open EG of `legal_entity`, those whose number begins with `text` or whose name holds all its words (A1,
    screen 3/3). At most some hundreds of rows: they are compared here, spelt as the picker spells them."""
    rows = establishments.active_sites(legal_entity)
    words = search.wanted(text)
    if not words:
        return list(rows)
    number = finess.normalise_number(text)
    return [
        site
        for site in rows
        if site.finess.startswith(number) or search.holds(search.searchable(site.name, site.long_name), words)
    ]


def terms_in_force() -> TermsVersion | None:
    """The terms that apply now; None before the first publication."""
    return TermsVersion.objects.in_force().first()
