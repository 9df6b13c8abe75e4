"""The rows of an export, some dossiers at a time: what it holds in memory does not grow with their number (Q75).

Answers are those of the last transmission, but for contacts: a file of them is made to write to people, so that one
that a responsable corrected since is given as it is now (I8).
"""

from __future__ import annotations

import datetime as dt
from array import array
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.db.models import F, JSONField, Value
from django.db.models.functions import Cast

from dossiers import queries
from dossiers.exports.columns import Plan
from dossiers.kinds.base import Cell
from dossiers.models import DossierStage, Transmission, TransmittedFile
from dossiers.models.dossiers import DossierStageQuerySet
from ecare.expressions import Among

#: Dossiers read at once.
CHUNK = 500
NO_FILE: list[Any] = []


class File(NamedTuple):
    """What an export says of a file."""

    name: str


class Snapshot(NamedTuple):
    """What an export reads of a transmission."""

    pk: int
    number: int
    at: dt.datetime
    answers: dict[str, Any]
    estimate: dict[str, Any] | None


def keys_of(stages: DossierStageQuerySet) -> array[int]:
    """The dossiers to write, in the order of the list: eight bytes each."""
    return array("q", stages.values_list("pk", flat=True).iterator(chunk_size=10_000))


def chunks(keys: array[int]) -> Iterator[array[int]]:
    for start in range(0, len(keys), CHUNK):
        yield keys[start : start + CHUNK]


def rows(readable: DossierStageQuerySet, keys: Sequence[int], plan: Plan) -> list[list[Cell]]:
    """The rows of these dossiers, in the order of `keys`; those that are not among `readable` any more are left out."""
    names = list(dict.fromkeys(name for name, _, _ in plan.readers if name))
    # The keys outside too: with those of the subquery alone, PostgreSQL joins all the dossiers before it keeps these.
    these = Among(F("pk"), Value(list(keys)))
    kept = DossierStage.objects.filter(these).filter(pk__in=readable.filter(these).values("pk"))
    found = {
        pk: (stage, revision, dict(zip(names, values, strict=True)))
        for pk, stage, revision, *values in kept.order_by().values_list("pk", "stage_id", "revision_id", *names)
    }
    snapshots = last_transmissions(list(found), with_answers=bool(plan.asked)) if plan.reads_transmissions else {}
    files = transmitted_files([each.pk for each in snapshots.values()]) if plan.has_files else {}
    if plan.contacts:
        correct(snapshots, plan)
    return [row(plan, *found[key], snapshots.get(key), files) for key in keys if key in found]


def correct(snapshots: dict[int, Snapshot], plan: Plan) -> None:
    """Put the contacts in force in the place of those transmitted: 1 query, or 2."""
    sent = {stage: snapshot.at for stage, snapshot in snapshots.items()}
    for (stage, code), value in queries.contacts_in_force(sent, plan.contacts).items():
        if code in snapshots[stage].answers:
            snapshots[stage].answers[code] = value


def row(
    plan: Plan,
    stage: int,
    revision: int,
    values: dict[str, Any],
    snapshot: Snapshot | None,
    files: dict[tuple[int, str], list[File]],
) -> list[Cell]:
    cells: list[Cell] = [
        read(values[name]) if name else read(getattr(snapshot, of_transmission)) if snapshot else None
        for name, of_transmission, read in plan.readers
    ]
    before, own, after = plan.of_stage(stage) if snapshot else (plan.width, [], 0)
    cells += [None] * before
    for asked in own:
        assert snapshot is not None
        named = files.get((snapshot.pk, asked.code), NO_FILE) if asked.has_files else NO_FILE
        cells += asked.cells(revision, snapshot.answers.get(asked.code), named)
    cells += [None] * after
    return cells


def last_transmissions(stages: list[int], *, with_answers: bool) -> dict[int, Snapshot]:
    """The last transmission of each étape, its secrets still closed, without its answers when no column shows any: they
    are most of it. 1 query."""
    last = Transmission.objects.filter(Among(F("dossier_stage_id"), Value(stages))).order_by(
        "dossier_stage_id", "-number"
    )
    answers = Cast("answers" if with_answers else Value("{}"), JSONField())
    read = last.annotate(closed=answers).distinct("dossier_stage_id")
    return {
        stage: Snapshot(*values)
        for stage, *values in read.values_list("dossier_stage_id", "pk", "number", "at", "closed", "estimate")
    }


def transmitted_files(transmissions: list[int]) -> dict[tuple[int, str], list[File]]:
    """The files of transmissions, by transmission and question: 1 query."""
    found: dict[tuple[int, str], list[File]] = {}
    links = TransmittedFile.objects.filter(Among(F("transmission_id"), Value(transmissions))).order_by("position")
    for transmission, code, name in links.values_list("transmission_id", "attachment__code", "attachment__name"):
        found.setdefault((transmission, code), []).append(File(name))
    return found
