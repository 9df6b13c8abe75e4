"""Compare what the files say with what we hold, and write the differences, set by set.

The newest description wins: a row described by a later extract than the file's is left alone. A format that says
nothing of a column leaves it alone too. Nothing is ever deleted.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from ecare import french
from establishments.importing import statements
from establishments.importing.rows import GroupRow
from establishments.models import Category, HospitalGroup, LegalStatus

# Above this share of what is open, something is wrong with the file rather than with the country (E1).
MOST_CLOSURES = 0.10


class TooManyClosures(Exception):
    """The files would close more than a tenth of what is open; the message says so in French."""


@dataclass(frozen=True)
class Scope:
    """Which extract is merged: its day, whether it holds all there is, the numbers of its malformed rows, which are
    there even though they could not be read, and the key of the import, for the history."""

    day: date | None
    is_full: bool
    run: int
    spared: Collection[str] = ()


@dataclass
class Counts:
    created: int = 0
    updated: int = 0
    closed: int = 0

    @property
    def changed(self) -> bool:
        return bool(self.created or self.updated or self.closed)


def refuse_too_many_closures(entities: Scope | None, sites: Scope | None) -> None:
    """Counts over all that the files describe. Raises TooManyClosures, before anything is written."""
    active = closing = 0
    for noun, scope in ((statements.ENTITIES, entities), (statements.SITES, sites)):
        if scope is None:
            continue
        active += _one(noun.count_active, scope)
        closing += _one(noun.count_closing, scope)
        if scope.is_full:
            closing += _one(noun.count_missing, scope)
    if closing > active * MOST_CLOSURES:
        raise TooManyClosures(
            f"Ces fichiers fermeraient {french.integer(closing)} des {french.integer(active)} entités ouvertes "
            f"({closing / active * 100:.0f}\u00a0%), au-delà de {MOST_CLOSURES * 100:.0f}\u00a0%. Rien n'a été écrit. "
            "Vérifiez qu'il s'agit bien d'une extraction complète et récente\u00a0; si ces fermetures sont voulues, "
            "ajoutez --accept-closures."
        )


def next_run() -> int:
    """The key that the record of this import will have."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('establishments_importrun', 'id'))")
        return cursor.fetchone()[0]


def entities(scope: Scope) -> Counts:
    """Insert, update and close EJ."""
    return _merge(statements.ENTITIES, scope)


def entities_of_sites() -> int:
    """Insert the EJ that only their sites name."""
    return _run(statements.INSERT_ENTITIES_OF_SITES, {})


def sites(scope: Scope) -> Counts:
    """Insert, update (a move to another EJ included) and close EG. Their EJ must be there."""
    return _merge(statements.SITES, scope)


def groups(found: list[GroupRow]) -> Counts:
    """Insert, update and close GHT; a file without any says nothing of them."""
    counts = Counts()
    if not found:
        return counts
    entities = _entities_by_reference([reference for row in found for reference in row.members])
    known = {group.code: group for group in HospitalGroup.objects.prefetch_related("members")}
    for row in found:
        group = known.get(row.code) or HospitalGroup(code=row.code)
        values = {
            "number": row.number,
            "name": row.name,
            "is_active": row.is_active,
            "support_id": entities.get(row.support) if row.support else None,
        }
        members = {entities[reference] for reference in row.members if reference in entities}
        created = group.pk is None
        closes = not created and group.is_active and not row.is_active
        differs = any(getattr(group, name) != value for name, value in values.items())
        if differs:
            for name, value in values.items():
                setattr(group, name, value)
            group.save()
        moved = created or {member.pk for member in group.members.all()} != members
        if moved:
            group.members.set(members)
        counts.created += created
        counts.closed += closes
        counts.updated += not created and not closes and (differs or moved)
    gone = HospitalGroup.objects.filter(is_active=True).exclude(code__in=[row.code for row in found])
    counts.closed += gone.update(is_active=False)
    return counts


def add_unknown_codes(*, statuses: Mapping[str, str], categories: Mapping[str, str]) -> None:
    """A code newer than our nomenclature is kept, under the label of the file or one that says that we have none."""
    known = set(LegalStatus.objects.filter(code__in=statuses).values_list("code", flat=True))
    LegalStatus.objects.bulk_create(
        LegalStatus(code=code, label=label[:120] or f"Statut {code} (hors nomenclature)")
        for code, label in statuses.items()
        if code not in known
    )
    known = set(Category.objects.filter(code__in=categories).values_list("code", flat=True))
    Category.objects.bulk_create(
        Category(code=code, label=label[:200] or f"Catégorie {code} (hors nomenclature)")
        for code, label in categories.items()
        if code not in known
    )


def fingerprint() -> str:
    """Short text that changes with any EJ, EG or GHT."""
    with connection.cursor() as cursor:
        cursor.execute(statements.FINGERPRINT)
        return cursor.fetchone()[0]


def _merge(noun: statements.Noun, scope: Scope) -> Counts:
    closed = _one(noun.count_closing, scope)
    # Closures said by the file are among the rows updated.
    updated = _one(noun.update, scope) - closed
    created = _run(noun.insert, _parameters(scope))
    if scope.is_full:
        closed += _one(noun.close_missing, scope)
    else:
        _run(noun.confirm, _parameters(scope))
    return Counts(created, updated, closed)


def _entities_by_reference(references: list[str]) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(statements.FIND_REFERENCES, {"references": references})
        return dict(cursor.fetchall())


def _parameters(scope: Scope) -> dict[str, Any]:
    return {"day": scope.day, "spared": list(scope.spared), "run": scope.run}


def _one(sql: str, scope: Scope) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, _parameters(scope))
        return cursor.fetchone()[0]


def _run(sql: str, parameters: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.rowcount
