"""What the register said before: the history that the imports keep."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Value

from ecare.composed import Composed
from ecare.expressions import Among
from establishments.enums import ChangeKind
from establishments.models import GeographicEntity, LegalEntity, RegisterChange


@dataclass(frozen=True)
class Attachment:
    """An EG belonged to an EJ from one extract to another. None: since before our first extract, or until now."""

    legal_entity: LegalEntity
    since: date | None
    until: date | None


def attachments(site: GeographicEntity) -> list[Attachment]:
    """The EJ that an EG belonged to, oldest first: 1 query. Days are those of the extracts that told of the moves."""
    moves = site.changes.filter(kind=ChangeKind.MOVED).select_related("from_entity", "to_entity").order_by("pk")
    found: list[Attachment] = []
    since: date | None = None
    for move in moves:
        assert move.from_entity is not None
        found.append(Attachment(move.from_entity, since, move.day))
        since = move.day
    return [*found, Attachment(site.legal_entity, since, None)]


def changes_of_entity(legal_entity: LegalEntity) -> QuerySet[RegisterChange]:
    """What happened to an EJ, and which EG joined or left it, last first."""
    concerned = Q(legal_entity=legal_entity) | Q(from_entity=legal_entity) | Q(to_entity=legal_entity)
    return described().filter(concerned)


def described() -> QuerySet[RegisterChange]:
    """With all that a line names, last first."""
    return RegisterChange.objects.select_related("legal_entity", "site", "from_entity", "to_entity").order_by("-pk")


def sites_now(numbers: Collection[str]) -> list[GeographicEntity]:
    """These EG with their EJ, as the register has them today: 1 query. By number.

    `moved_on`: the day of the extract that told of their last move; `closing_told_at`: when the import that told of
    their last closing ended.
    """
    return SITES_NOW.rows(numbers=list(numbers))


def _sites_now(numbers: list[str]) -> QuerySet[GeographicEntity]:
    sites = GeographicEntity.objects.filter(Among(F("finess"), Value(numbers)))
    moved_on = _last("site", ChangeKind.MOVED, "day")
    told_at = _last("site", ChangeKind.CLOSED, "run__finished_at")
    return sites.select_related("legal_entity").annotate(moved_on=moved_on, closing_told_at=told_at).order_by("finess")


SITES_NOW = Composed(_sites_now, numbers=["-"])


def entities_now(numbers: Collection[str]) -> list[LegalEntity]:
    """These EJ as the register has them today, with `closing_told_at`: 1 query. By number."""
    told_at = _last("legal_entity", ChangeKind.CLOSED, "run__finished_at")
    return list(LegalEntity.objects.filter(finess__in=numbers).annotate(closing_told_at=told_at).order_by("finess"))


def _last(of: str, kind: ChangeKind, column: str) -> Subquery:
    """That column of the last change of this kind."""
    changes = RegisterChange.objects.filter(**{of: OuterRef("pk")}, kind=kind).order_by("-pk")
    return Subquery(changes.values(column)[:1])
