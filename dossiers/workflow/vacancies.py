"""A dossier is never left to somebody who cannot sign in any more (Q38).

Accounts are closed by several doors, none of which knows dossiers: this looks at what is, every minute, and tells the
responsables what they do not know yet. Their list itself does not wait for it (`queries.to_reassign`).

What is written to a référent who left is kept for the next. Responsables are told of it the morning after, in one
e-mail whatever the number of dossiers: a batch of decisions would otherwise write to each of them once a dossier.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db import transaction

from accounts import queries as accounts_queries
from accounts.models import User
from dossiers import days, handover_emails
from dossiers.enums import EventKind
from dossiers.models import Dossier, DossierStage
from dossiers.models.dossiers import DossierQuerySet
from dossiers.queries import unread
from dossiers.workflow.table import locked, record

#: How many référents one pass looks at; the others come with the next, a minute later.
BATCH = 100
#: How many dossiers of one référent, likewise.
DOSSIERS = 500


def watch(at: dt.datetime) -> int:
    """Note what became vacant and what no longer is; how many dossiers changed so."""
    vacated = Dossier.objects.ownerless(at).filter(vacant_since=None).order_by("referent")
    gone = list(vacated.values_list("referent", flat=True).distinct()[:BATCH])
    return sum(vacate(referent, at=at) for referent in gone) + reoccupy(at=at)


@transaction.atomic
def vacate(referent_id: int, *, at: dt.datetime) -> int:
    """The dossiers of somebody who left: written in their history, told to each responsable in one e-mail."""
    vacated = Dossier.objects.ownerless(at).filter(vacant_since=None, referent=referent_id)
    events = []
    for dossier_stage in locked_in_order(vacated):
        dossier = dossier_stage.dossier
        set_vacant(dossier, at)
        message = "Un nouveau référent doit être désigné."
        former = dossier.referent
        events.append(record(dossier_stage, EventKind.REFERENT_GONE, by=None, message=message, former=former))
    if events:
        handover_emails.referent_gone(events)
    return len(events)


@transaction.atomic
def reoccupy(*, at: dt.datetime) -> int:
    """Dossiers whose référent may sign in again, or that no longer ask for one."""
    noted = Dossier.objects.filter(vacant_since__isnull=False)
    over = noted.exclude(pk__in=noted.ownerless(at))
    count = 0
    for dossier_stage in locked_in_order(over):
        dossier = dossier_stage.dossier
        set_vacant(dossier, None)
        if dossier.has_referent:
            record(dossier_stage, EventKind.REFERENT_BACK, by=None, former=dossier.referent)
        count += 1
    return count


def tell_unread(at: dt.datetime) -> int:
    """Tell every responsable what was kept until the last morning, and of which no e-mail told yet; how many were. Two
    passes at once tell once: a day has one e-mail, by its key."""
    morning = days.settled_morning(at)
    return sum(tell_lead(lead, morning) for lead in accounts_queries.leads())


@transaction.atomic
def tell_lead(lead: User, morning: dt.datetime) -> bool:
    """Whether there was something to tell."""
    since = unread.told_until(lead)
    if since is not None and since >= morning:
        return False
    news = unread.news(since, morning)
    if not news.exists():
        return False
    handover_emails.unread(lead, news, morning)
    return True


def set_vacant(dossier: Dossier, at: dt.datetime | None) -> None:
    dossier.vacant_since = at
    dossier.save(update_fields=["vacant_since"])


def locked_in_order(dossiers: DossierQuerySet) -> Iterator[DossierStage]:
    """The current étapes of some of these dossiers, one after the other under their locks, those that are no longer
    among them left out."""
    for pk in list(dossiers.order_by("pk").values_list("pk", flat=True)[:DOSSIERS]):
        dossier_stage = locked(DossierStage.objects.get(dossier=pk, is_current=True))
        if dossiers.filter(pk=pk).exists():
            yield dossier_stage
