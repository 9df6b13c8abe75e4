"""The lines of the instruction list that filters keep, and how many stand at each status (I1, docs/adr/0037)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import reduce
from operator import and_
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone

from accounts.models import User
from dossiers import access, search
from dossiers.enums import Status
from dossiers.models import Line, LineCount, Stage
from dossiers.models.lines import in_region
from ecare.expressions import Among

#: A due date that comes within that time is near.
SOON = dt.timedelta(days=7)
#: The filters whose counters are read from sums: those that tell counts of lines apart.
COUNTED = {"statut", "guichet", "etape", "region", "type", "parcours", "verificateur"}


def lines(asked: Mapping[str, Any], user: User) -> QuerySet[Line]:
    """The lines that `user` may read and that every filter of `asked` keeps, in no order: values by name of the URL,
    understood, blank ones left aside."""
    status = asked.get("statut")
    return Line.objects.filter(conditions(asked, user), *([Q(status=status)] if status else []))


def counters(asked: Mapping[str, Any], user: User) -> dict[str, int]:
    """How many lines the other filters leave at each status, and in all under the empty key: 1 query, of sums as long
    as the filters allow it."""
    given = {name for name, value in asked.items() if value}
    if given <= COUNTED and (asked.get("verificateur") or "personne") == "personne":
        sums = LineCount.objects.filter(conditions(asked, user, counted=True))
        counts = dict(sums.values_list("status").annotate(Sum("count")))
    else:
        counts = dict(Line.objects.filter(conditions(asked, user)).values_list("status").annotate(number=Count("*")))
    return {"": sum(counts.values()), **{each.value: counts.get(each, 0) for each in Status if each != Status.DRAFT}}


def nearer(asked: Mapping[str, Any], user: User) -> tuple[dict[str, Any], dict[str, int]] | None:
    """When these filters keep nothing: the same with words near to those searched for, and their counters, if that
    finds something: 2 queries."""
    words = search.near_query(asked["q"]) if asked.get("q") else None
    if words is None:
        return None
    near = {**asked, "q": "", "proche": words}
    counts = counters(near, user)
    return (near, counts) if counts[""] else None


def conditions(asked: Mapping[str, Any], user: User, *, counted: bool = False) -> Q:
    """What all the filters keep but that of status, of lines, or with `counted` of their counts."""
    given = {name: value for name, value in asked.items() if value and name != "statut"}
    readable = access.counted(user, given.pop("region", "")) if counted else access.listable(user)
    return reduce(and_, (condition(*each, user, counted=counted) for each in given.items()), readable)


def condition(name: str, value: Any, user: User, *, counted: bool = False) -> Q:
    """What one filter keeps."""
    match name:
        case "guichet":
            return on(Stage.objects.filter(guichet__code=value))
        case "etape":
            guichet, _, stage = value.partition(".")
            return on(Stage.objects.filter(guichet__code=guichet, code=stage))
        case "region":  # the same reading of a région as the one that lets an instructeur régional in
            return in_region(value)
        case "departement":
            return Q(departement=value)
        case "type":
            return Q(establishment_type=value)
        case "parcours":
            return Q(track=value)
        case "verificateur":
            return by(value, user, counted=counted)
        case "depuis":
            return Q(transmitted_at__gte=midnight(value))
        case "jusqua":  # that day included
            return Q(transmitted_at__lt=midnight(value + dt.timedelta(days=1)))
        case "reponse":  # transmitted again, and waiting to be read
            return Q(corrected=True)
        case "echeance":
            now = timezone.now()
            return Q(due_at__lte=now) if value == "passee" else Q(due_at__gt=now, due_at__lte=now + SOON)
        case "vigilance":  # the points that are still to be examined
            return ~Q(flags=[]) if value == "a-examiner" else Q(flags__contains=[value])
        case "q":
            query = search.words_query(value)
            return Q(words=query) if query else Q()
        case "proche":
            return Q(words=value)
        case _:
            raise ValueError(name)


def on(stages: QuerySet[Stage]) -> Q:
    """Those of some étapes, looked for once: a join would leave the order of the index."""
    return Q(Among(F("stage_id"), ArraySubquery(stages.order_by().values("pk"))))


def by(who: str, user: User, *, counted: bool) -> Q:
    """Those that somebody instructs: `user` himself, nobody, or the account of that public identifier."""
    if who == "personne":
        return Q(taken=False) if counted else Q(verifier=None)
    if who == "moi":
        return Q(verifier=user.pk)
    return Q(verifier=User.objects.filter(public_id=who).values("pk")[:1])


def midnight(day: dt.date) -> dt.datetime:
    """The first instant of a day of Paris."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))
