"""Attribution by rule: which rule a dossier falls to, who is away, what waits (I5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from accounts import queries as accounts_queries
from accounts.models import User
from dossiers import access
from dossiers.enums import Status
from dossiers.models import Absence, AssignmentRule, Dossier, DossierStage
from dossiers.models.dossiers import DossierStageQuerySet

#: The statuses of an étape that still asks for somebody to instruct it.
OPEN = [Status.TRANSMITTED, Status.MODIFICATION_REQUESTED]


def rules() -> list[AssignmentRule]:
    """Every rule, with its people, in the order in which they are asked: 2 queries. The one that says most comes first;
    of two régions of an EJ, the first by code."""
    found = AssignmentRule.objects.select_related("guichet", "region", "changed_by").prefetch_related("people")
    return sorted(found, key=precedence)


def precedence(rule: AssignmentRule) -> tuple[bool, bool, int, str]:
    """A guichet and a région, then a guichet alone, then a région alone, then everything."""
    position = rule.guichet.position if rule.guichet else 0
    return rule.guichet is None, rule.region is None, position, rule.region_id or ""


def falls_to(rule: AssignmentRule, among: Sequence[AssignmentRule]) -> Q:
    """The étapes of which `rule` is the first that is about them, `among` these in their order."""
    condition = rule.condition
    for before in among[: among.index(rule)]:
        condition &= ~before.condition
    return condition


def unassigned(user: User) -> DossierStageQuerySet:
    """The open dossiers that `user` may read and that nobody instructs."""
    return access.instructed_stages(user).filter(dossier__verifier=None, status__in=OPEN)


def unassigned_counts(user: User, among: Sequence[AssignmentRule]) -> dict[int, int]:
    """How many of them fall to each rule, by its key: 1 query."""
    if not among:
        return {}
    counts = {f"rule_{rule.pk}": Count("pk", filter=falls_to(rule, among)) for rule in among}
    found = unassigned(user).order_by().aggregate(**counts)
    return {rule.pk: found[f"rule_{rule.pk}"] for rule in among}


def falling(dossier_stage: DossierStage) -> AssignmentRule | None:
    """The rule that an étape falls to: 1 query, or 3."""
    dossier = dossier_stage.dossier
    here = Q(guichet=None) | Q(guichet=dossier.guichet_id)
    here &= Q(region=None) | Q(region__in=dossier.legal_entity.region_codes)
    found = AssignmentRule.objects.filter(here).select_related("guichet")
    return min(found, key=precedence, default=None)


def in_turn(rule: AssignmentRule, *, on: dt.date) -> list[User]:
    """The people of a rule who instruct and are not away, the next first: 2 queries."""
    people = accounts_queries.instructors().filter(pk__in=rule.people.all()).exclude(absences__in=away(on))
    ordered = list(people.prefetch_related("regions"))
    last = rule.last
    if last is None:
        return ordered
    key = (last.last_name, last.first_name, last.pk)
    after = [each for each in ordered if (each.last_name, each.first_name, each.pk) > key]
    return after + [each for each in ordered if each not in after]


def away(day: dt.date) -> QuerySet[Absence]:
    """Who is away on that day."""
    return Absence.objects.filter(first_day__lte=day, last_day__gte=day)


def absences(user: User, today: dt.date) -> QuerySet[Absence]:
    """The absences that are not over: those of `user`, and for a responsable everybody's."""
    found = Absence.objects.filter(last_day__gte=today, user__is_active=True)
    if not access.may_assign(user):
        found = found.filter(user=user)
    return found.select_related("user", "declared_by").order_by("first_day", "user__last_name", "pk")


def held_by(user: User) -> DossierStageQuerySet:
    """The open dossiers that `user` instructs, the longest transmitted first."""
    stages = DossierStage.objects.filter(is_instructed=True, dossier__verifier=user, status__in=OPEN)
    return stages.order_by("transmitted_at", "pk")


def held_counts(people: Sequence[User]) -> dict[int, int]:
    """How many open dossiers each of these instructs, by their key: 1 query."""
    stages = DossierStage.objects.filter(is_instructed=True, status__in=OPEN, dossier__verifier__in=people)
    return dict(stages.order_by().values_list("dossier__verifier").annotate(Count("pk")))


@dataclass(frozen=True)
class Load:
    """What somebody who instructs has on their desk, in open dossiers."""

    person: User
    #: Transmitted, to be read.
    waiting: int
    #: With their référent, who corrects them.
    sent_back: int


def loads(people: Sequence[User]) -> list[Load]:
    """The load of each of these people: 1 query."""
    stages = DossierStage.objects.filter(is_instructed=True, status__in=OPEN, dossier__verifier__in=people)
    rows = stages.order_by().values_list("dossier__verifier", "status").annotate(number=Count("pk"))
    found = {(person, status): number for person, status, number in rows}
    return [
        Load(each, found.get((each.pk, Status.TRANSMITTED), 0), found.get((each.pk, Status.MODIFICATION_REQUESTED), 0))
        for each in people
    ]


def left_behind() -> list[tuple[User, int]]:
    """Those who no longer instruct, each with the open dossiers that still stand in their name, where there are any: 2
    queries."""
    people = list(accounts_queries.former_instructors())
    held = held_counts(people)
    return [(each, held[each.pk]) for each in people if each.pk in held]


def holders() -> QuerySet[User]:
    """Those of whom dossiers may be looked for: who instructs, then who did and still has dossiers, by name."""
    theirs = Dossier.objects.filter(verifier=OuterRef("pk"))
    found: Any = accounts_queries.people().annotate(instructs=accounts_queries.INSTRUCTING)
    kept = found.filter(Q(instructs=True) | Exists(theirs))
    return cast("QuerySet[User]", kept.order_by("-instructs", "last_name", "first_name", "pk"))


def colleagues(user: User, today: dt.date) -> list[User]:
    """Those who may be given the dossiers of `user` today: who instructs, and is not away."""
    return list(accounts_queries.instructors().exclude(pk=user.pk).exclude(absences__in=away(today)))
