from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, TextField
from django.db.models.functions import Cast, JSONObject

from funding.schedule import terms
from funding.schedule.models import Bracket, ObjectiveShare, Schedule, ScheduleQuerySet, UnitAmount


def current(guichet_code: str, *, on: date) -> terms.Terms | None:
    """The terms of the barème that applies to a guichet on a day, in one query; None when there is none."""
    return _terms(Schedule.objects.in_force(guichet_code, on=on))


def of_schedule(schedule_id: int) -> terms.Terms | None:
    """The terms of one version, published or not."""
    return _terms(Schedule.objects.filter(pk=schedule_id))


def objectives(schedule_id: int, *, track: str = "") -> list[terms.Objective]:
    """What each objective is worth in one version of a barème, on one parcours or on all; the mandatory ones of a
    parcours first. Empty when the barème pays the subsidy as a whole."""
    shares = ObjectiveShare.objects.filter(schedule=schedule_id, **({"track": track} if track else {}))
    return [terms.Objective(each.track, each.code, each.label, each.mandatory, each.share) for each in shares]


def _terms(schedules: ScheduleQuerySet) -> terms.Terms | None:
    # JSON has no exact decimals: they travel as text.
    tracks = UnitAmount.objects.filter(schedule=OuterRef("pk")).order_by("track")
    brackets = Bracket.objects.filter(schedule=OuterRef("pk")).order_by("first")
    found = schedules.values(
        "pk",
        "guichet_code",
        "version",
        "valid_from",
        tracks=ArraySubquery(
            tracks.values(json=JSONObject(code="track", label="label", amount=Cast("amount", TextField())))
        ),
        steps=ArraySubquery(
            brackets.values(json=JSONObject(first="first", last="last", rate=Cast("rate", TextField())))
        ),
    ).first()
    if found is None:
        return None
    return terms.Terms(
        schedule_id=found["pk"],
        guichet_code=found["guichet_code"],
        version=found["version"],
        valid_from=found["valid_from"],
        tracks=tuple(terms.Track(track["code"], track["label"], Decimal(track["amount"])) for track in found["tracks"]),
        brackets=tuple(terms.Bracket(step["first"], step["last"], Decimal(step["rate"])) for step in found["steps"]),
    )
