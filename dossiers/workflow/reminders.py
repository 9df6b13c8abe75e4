"""Closings and due dates that come near, told to the référents who have not transmitted (N1).

Told as `announcements` are: each pass tells who has not been, by a key that holds the last day, the notice and the
dossier. A deadline that moves is another day, which has reminders of its own. A reminder due while nothing ran leaves
late, unless the next one is due: it names the day, and stays true.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import pairwise

from django.db.models import Exists, F, OuterRef, Q

from dossiers import days, emails
from dossiers.enums import StageEntry, Status
from dossiers.models import DossierStage, LateAccess, ModificationRequest, WindowChange
from dossiers.models.dossiers import DossierStageQuerySet
from dossiers.workflow.announcements import tell

#: How many days before the last one, the longest notice first.
DRAFTS = (7, 1)
CORRECTIONS = (3,)


def remind(at: dt.datetime) -> int:
    """Tell what has to be told at `at`; how many référents were."""
    told = 0
    for day, notice in due(DRAFTS, at):
        told += tell(
            drafts(day, at).exclude(told_of_it_since(days.morning(day - dt.timedelta(days=notice)))),
            emails.draft_reminder_key(day, notice),
            lambda each, day=day, notice=notice: emails.draft_reminder(each, day, notice),  # type: ignore[misc]
        )
    for day, notice in due(CORRECTIONS, at):
        told += tell(
            corrections(day, at, asked_before=days.morning(day - dt.timedelta(days=notice))),
            emails.correction_reminder_key(day, notice),
            lambda each, day=day, notice=notice: emails.correction_reminder(each, day, notice),  # type: ignore[misc]
        )
    return told


def due(notices: tuple[int, ...], at: dt.datetime) -> Iterator[tuple[dt.date, int]]:
    """The last days of which something is to be said, and the notice: the shortest that has come."""
    today = days.last_morning(at)
    for notice, shorter in pairwise((*notices, -1)):
        for left in range(shorter + 1, notice + 1):
            yield today + dt.timedelta(days=left), notice


def ends_on(field: str, day: dt.date, at: dt.datetime) -> Q:
    """That deadline, the first instant refused, is to come, and `day` is the last one in time."""
    return Q(**{f"{field}__gt": max(at, days.opening(day) or at), f"{field}__lte": days.closing(day)})


def drafts(day: dt.date, at: dt.datetime) -> DossierStageQuerySet:
    """The drafts that may be transmitted until `day`, and no longer: `DossierStage.deadline`, in SQL."""
    opened = Q(stage__opens_at__isnull=False) | Q(stage__entry=StageEntry.ON_REQUEST)
    given_no_more = Q(late_until=None) | Q(late_until__lte=F("stage__closes_at"))
    by_window = ends_on("stage__closes_at", day, at) & given_no_more & opened & ~Q(stage__opens_at__gt=at)
    by_exception = ends_on("late_until", day, at) & (Q(stage__closes_at__lt=F("late_until")) | ~opened)
    return reachable().filter(by_window | by_exception, status=Status.DRAFT)


def told_of_it_since(morning: dt.datetime) -> Q:
    """The référent learnt of the deadline after its reminder was due: from the page, or by another e-mail."""
    put_off = WindowChange.objects.filter(stage=OuterRef("stage"), closes_at__gt=F("closed_at"), at__gte=morning)
    given_time = LateAccess.objects.granted().filter(
        stage=OuterRef("stage"), legal_entity=OuterRef("dossier__legal_entity"), granted_at__gte=morning
    )
    return Q(created_at__gte=morning) | Exists(put_off) | Exists(given_time)


def corrections(day: dt.date, at: dt.datetime, *, asked_before: dt.datetime) -> DossierStageQuerySet:
    """The dossiers to correct until `day`, asked for early enough to have been forgotten."""
    asked = ModificationRequest.objects.filter(dossier_stage=OuterRef("pk"), answered_at=None, at__lt=asked_before)
    return reachable().filter(ends_on("due_at", day, at), Exists(asked), status=Status.MODIFICATION_REQUESTED)


def reachable() -> DossierStageQuerySet:
    """The current étapes whose référent can still act."""
    return DossierStage.objects.current().filter(dossier__referent__is_active=True)
