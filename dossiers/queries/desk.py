"""A dossier on the desk of somebody: who instructs it, who else has it open (I2b)."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.http import QueryDict

from accounts import queries as accounts_queries
from accounts.enums import Role
from accounts.models import User
from dossiers import access
from dossiers.models import DecisionDraft, DossierStage, Presence
from dossiers.models.dossiers import DossierStageQuerySet
from dossiers.queries.beside import with_beside
from dossiers.queries.vigilance import with_points
from ecare.composed import Composed

#: A page says every half minute that it is open.
SEEN_FOR = dt.timedelta(seconds=75)
NAME = accounts_queries.full_name("user")


def others(user: User, at: dt.datetime) -> QuerySet[Presence]:
    there = Presence.objects.filter(at__gt=at - SEEN_FOR).exclude(user=user)
    return there.order_by("user__last_name", "user__pk")


def on_desk(user: User, reference: str, at: dt.datetime) -> DossierStageQuerySet:
    """The étape of that dossier that `user` may read, with all that a page's heading names, who instructs it, its
    points of vigilance, and in `present` the names of those, but `user`, who have it open at `at`."""
    there = others(user, at).filter(dossier=OuterRef("dossier"))
    stages = access.instructed_stages(user).filter(dossier__reference=reference)
    stages = stages.with_context().select_related("dossier__verifier")
    return with_points(stages.annotate(present=ArraySubquery(there.values(name=NAME))), user)


# For who reads everything: what the reader's régions add to it is composed each time.
DESK = Composed(
    lambda user, reference, since: on_desk(User(pk=user, role=Role.VERIFIER), reference, since + SEEN_FOR),
    user=-1,
    reference="-",
    since=dt.datetime(1, 1, 1, tzinfo=dt.UTC),
)


def desk_stage(user: User, reference: str, *, at: dt.datetime, query: QueryDict | None = None) -> DossierStage | None:
    """The étape that `on_desk` finds, if any; with the `query` of the list it was opened from, and in `previous` and
    `next` the dossiers beside it there: at most 2 queries."""
    if not access.reads_all(user):
        stages = on_desk(user, reference, at)
        return (stages if query is None else with_beside(stages, query, user)).first()
    found: Any = DESK.first(user=user.pk, reference=reference, since=at - SEEN_FOR)
    if found is not None and query is not None:
        own = with_beside(DossierStage.objects.filter(pk=found.pk), query, user)
        found.previous, found.next = own.values_list("previous", "next").get()  # type: ignore[misc]  # annotated
    return cast("DossierStage | None", found)


def others_there(dossier_stage: DossierStage, user: User, at: dt.datetime) -> list[str]:
    """The names of those, but `user`, who have the dossier open at `at`: 1 query."""
    return list(others(user, at).filter(dossier=dossier_stage.dossier_id).values_list(NAME, flat=True))


def assignees(dossier_stage: DossierStage) -> list[User]:
    """Those to whom the dossier may be given, by name: 2 queries."""
    people = accounts_queries.instructors().prefetch_related("regions")
    return [each for each in people if access.may_instruct(each, dossier_stage)]


def decision_draft(dossier_stage: DossierStage, user: User, move: str) -> DecisionDraft | None:
    """What `user` has typed of a decision and not sent: 1 query."""
    return DecisionDraft.objects.filter(dossier_stage=dossier_stage, user=user, move=move).first()
