"""Every change of a barème: draft, publication, next version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from funding.schedule import checks, queries
from funding.schedule.models import Bracket, ObjectiveShare, Schedule, UnitAmount
from funding.schedule.terms import Bracket as Step
from funding.schedule.terms import Objective, Track


class Refused(Exception):
    """The change is not possible; the message is for the person who asked."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a version of a barème says, apart from its number."""

    valid_from: date
    tracks: tuple[Track, ...]
    brackets: tuple[Step, ...]
    objectives: tuple[Objective, ...] = ()


@transaction.atomic
def draft(guichet_code: str, *, version: int, content: Content) -> Schedule:
    """Write a version that nobody sees yet."""
    schedule = Schedule.objects.create(guichet_code=guichet_code, version=version, valid_from=content.valid_from)
    UnitAmount.objects.bulk_create(
        UnitAmount(schedule=schedule, track=track.code, label=track.label, amount=track.amount)
        for track in content.tracks
    )
    Bracket.objects.bulk_create(
        Bracket(schedule=schedule, first=bracket.first, last=bracket.last, rate=bracket.rate)
        for bracket in content.brackets
    )
    ObjectiveShare.objects.bulk_create(
        ObjectiveShare(
            schedule=schedule,
            track=objective.track,
            code=objective.code,
            label=objective.label,
            mandatory=objective.mandatory,
            share=objective.share,
        )
        for objective in content.objectives
    )
    return schedule


@transaction.atomic
def publish(schedule_id: int) -> Schedule:
    """Bring a draft into force from its date, for good. Raises Refused when it is incomplete."""
    schedule = Schedule.objects.select_for_update().get(pk=schedule_id)
    if schedule.is_published:
        return schedule
    if found := flaws(schedule):
        raise Refused(" ".join(found))
    schedule.published_at = timezone.now()
    schedule.save(update_fields=["published_at"])
    return schedule


def flaws(schedule: Schedule) -> list[str]:
    """What stands in the way of a publication, in French."""
    terms = queries.of_schedule(schedule.pk)
    assert terms is not None
    found = checks.of_brackets(terms.brackets)
    if not terms.tracks:
        found.append("Ajoutez le montant unitaire d'au moins un parcours.")
    objectives = queries.objectives(schedule.pk)
    found += checks.of_objectives(objectives) + checks.of_tracks(objectives, terms.tracks)
    return found or checks.of_totals(terms)


@transaction.atomic
def next_version(schedule_id: int) -> Schedule:
    """Copy a version into a draft that carries the next free number."""
    source = Schedule.objects.select_for_update().get(pk=schedule_id)
    latest = Schedule.objects.filter(guichet_code=source.guichet_code).aggregate(latest=Max("version"))["latest"]
    return draft(source.guichet_code, version=latest + 1, content=content_of(source))


def content_of(schedule: Schedule) -> Content:
    terms = queries.of_schedule(schedule.pk)
    assert terms is not None
    return Content(terms.valid_from, terms.tracks, terms.brackets, tuple(queries.objectives(schedule.pk)))
