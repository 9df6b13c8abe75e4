from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet, TextField
from django.db.models.functions import Cast, JSONObject

from ecare.composed import Composed
from funding.schedule import terms
from funding.schedule.models import Bracket, ObjectiveShare, Schedule, ScheduleQuerySet, UnitAmount


def current(guichet_code: str, *, on: date) -> terms.Terms | None:
    """The terms of the barème that applies to a guichet on a day, in one query; None when there is none."""
    return _first(IN_FORCE.tuples(guichet_code=guichet_code, on=on))


def of_schedule(schedule_id: int) -> terms.Terms | None:
    """The terms of one version, published or not."""
    return _first(list(_rows(Schedule.objects.filter(pk=schedule_id))))


def objectives(schedule_id: int, *, track: str = "") -> list[terms.Objective]:
    """What each objective is worth in one version of a barème, on one parcours or on all; the mandatory ones of a
    parcours first. Empty when the barème pays the subsidy as a whole."""
    shares = ObjectiveShare.objects.filter(schedule=schedule_id, **({"track": track} if track else {}))
    return [terms.Objective(each.track, each.code, each.label, each.mandatory, each.share) for each in shares]


def _rows(schedules: ScheduleQuerySet) -> QuerySet[Schedule, tuple[Any, ...]]:
    """What the terms of the first of these versions are made of. JSON has no exact decimals: they travel as text."""
    tracks = UnitAmount.objects.filter(schedule=OuterRef("pk")).order_by("track")
    brackets = Bracket.objects.filter(schedule=OuterRef("pk")).order_by("first")
    amounts = JSONObject(code="track", label="label", amount=Cast("amount", TextField()))
    rates = JSONObject(first="first", last="last", rate=Cast("rate", TextField()))
    return schedules.values_list(
        "pk",
        "guichet_code",
        "version",
        "valid_from",
        ArraySubquery(tracks.values(json=amounts)),
        ArraySubquery(brackets.values(json=rates)),
    )[:1]


# Read at every page that tells an amount (docs/adr/0030).
IN_FORCE = Composed(
    lambda guichet_code, on: _rows(Schedule.objects.in_force(guichet_code, on=on)), guichet_code="-", on=date.min
)


def _first(rows: list[tuple[Any, ...]]) -> terms.Terms | None:
    if not rows:
        return None
    pk, guichet_code, version, valid_from, tracks, brackets = rows[0]
    return terms.Terms(
        schedule_id=pk,
        guichet_code=guichet_code,
        version=version,
        valid_from=valid_from,
        tracks=tuple(terms.Track(each["code"], each["label"], Decimal(each["amount"])) for each in tracks),
        brackets=tuple(terms.Bracket(each["first"], each["last"], Decimal(each["rate"])) for each in brackets),
    )
