"""A dossier on the desk of somebody: who instructs it, who else has it open (I2b)."""

from __future__ import annotations

import datetime as dt

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet, Value
from django.db.models.functions import Concat

from accounts import queries as accounts_queries
from accounts.models import User
from dossiers import access
from dossiers.models import DecisionDraft, DossierStage, Presence
from dossiers.models.dossiers import DossierStageQuerySet

#: A page says every half minute that it is open.
SEEN_FOR = dt.timedelta(seconds=75)
NAME = Concat("user__first_name", Value(" "), "user__last_name")


def others(user: User, at: dt.datetime) -> QuerySet[Presence]:
    there = Presence.objects.filter(at__gt=at - SEEN_FOR).exclude(user=user)
    return there.order_by("user__last_name", "user__pk")


def on_desk(stages: DossierStageQuerySet, user: User, at: dt.datetime) -> DossierStageQuerySet:
    """With who instructs each dossier, and in `present` the names of those, but `user`, who have it open at `at`."""
    there = others(user, at).filter(dossier=OuterRef("dossier"))
    return stages.select_related("dossier__verifier").annotate(present=ArraySubquery(there.values(name=NAME)))


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
