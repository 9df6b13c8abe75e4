"""Every change of a barème: draft, publication, next version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from funding.schedule import calculation
from funding.schedule.models import Bracket, Schedule, UnitAmount


class Refused(Exception):
    """The change is not possible; the message is for the person who asked."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a version of a barème says, apart from its number."""

    valid_from: date
    tracks: tuple[calculation.Track, ...]
    brackets: tuple[calculation.Bracket, ...]


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
    brackets = [calculation.Bracket(one.first, one.last, one.rate) for one in schedule.brackets.all()]
    found = calculation.flaws(brackets)
    if not schedule.unit_amounts.exists():
        found.append("Ajoutez le montant unitaire d'au moins un parcours.")
    return found


@transaction.atomic
def next_version(schedule_id: int) -> Schedule:
    """Copy a version into a draft that carries the next free number."""
    source = Schedule.objects.select_for_update().get(pk=schedule_id)
    latest = Schedule.objects.filter(guichet_code=source.guichet_code).aggregate(latest=Max("version"))["latest"]
    return draft(source.guichet_code, version=latest + 1, content=content_of(source))


def content_of(schedule: Schedule) -> Content:
    return Content(
        valid_from=schedule.valid_from,
        tracks=tuple(
            calculation.Track(one.track, one.label, Decimal(one.amount))
            for one in schedule.unit_amounts.order_by("track")
        ),
        brackets=tuple(
            calculation.Bracket(one.first, one.last, Decimal(one.rate)) for one in schedule.brackets.order_by("first")
        ),
    )
