"""What dates make happen, told to those concerned: étapes that open, closings put off (D15b).

Nothing here opens or closes anything. Each pass tells who has not been told: an e-mail has one key an event and a
dossier, so that doing it again, or twice at once, tells nobody twice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.db import transaction
from django.db.models import CharField, Exists, F, Min, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat, Greatest

from dossiers import emails, steps
from dossiers.enums import StageEntry, Status
from dossiers.models import DossierStage, Stage, WindowChange
from dossiers.models.dossiers import DossierStageQuerySet
from dossiers.workflow.table import locked
from notifications.models import Email

#: How many référents one pass tells of one thing; the others are told by the next, a minute later.
BATCH = 500
#: An extension older than that is no news.
NEWS = dt.timedelta(days=7)


def announce(at: dt.datetime) -> int:
    """Tell what has to be told at `at`; how many référents were."""
    return sum(announce_opening(stage) for stage in opened(at)) + sum(announce_extension(each) for each in extended(at))


def opened(at: dt.datetime) -> QuerySet[Stage]:
    """The étapes that référents may begin at `at`, with `since`: when that became true, window open and form there."""
    published = Min("revisions__published_at")
    stages = Stage.objects.open_at(at).filter(
        entry=StageEntry.PREVIOUS_VALIDATED, revisions__published_at__isnull=False
    )
    return stages.select_related("guichet").annotate(since=Greatest(F("opens_at"), published))


def announce_opening(stage: Stage) -> int:
    """Tell the référents of the dossiers validated before: the others read it in the e-mail of the validation."""
    waiting = steps.with_next(DossierStage.objects.current().filter(status=Status.VALIDATED)).filter(
        next_stage=stage.pk,
        decided_at__lt=stage.since,  # type: ignore[attr-defined]  # annotated
    )
    return tell(waiting, emails.opening_key(stage), lambda dossier_stage: emails.stage_open(dossier_stage, stage))


def extended(at: dt.datetime) -> QuerySet[WindowChange]:
    """The recent extensions that still hold: the last word on each étape."""
    later = WindowChange.objects.filter(stage=OuterRef("stage"), pk__gt=OuterRef("pk"))
    put_off = Q(closes_at__gt=Greatest(F("closed_at"), Value(at))) | Q(closes_at=None, closed_at__isnull=False)
    return WindowChange.objects.filter(put_off, ~Exists(later), at__gt=at - NEWS).select_related("stage__guichet")


def announce_extension(change: WindowChange) -> int:
    """Tell the référents of the drafts of an étape that they have more time."""
    drafts = DossierStage.objects.current().filter(stage=change.stage_id, status=Status.DRAFT, created_at__lt=change.at)
    return tell(drafts, emails.extension_key(change), lambda each: emails.closing_moved(each, change))


def tell(concerned: DossierStageQuerySet, key: str, post: Callable[[DossierStage], None]) -> int:
    """Post an e-mail about each dossier that has none of that key, one transaction each; how many were. A dossier that
    left `concerned` meanwhile, being transmitted for one, is left alone: both wait for its lock."""
    named = concerned.annotate(key=Concat(Value(key), Cast("dossier_id", CharField())))
    untold = named.exclude(Exists(Email.objects.filter(key=OuterRef("key")))).order_by("pk")
    told = 0
    for dossier_stage in list(untold[:BATCH]):
        with transaction.atomic():
            held = locked(dossier_stage)
            if untold.filter(pk=held.pk).exists():
                post(held)
                told += 1
    return told
