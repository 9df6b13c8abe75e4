"""A dossier is never left to somebody who cannot sign in any more (Q38).

Accounts are closed by several doors, none of which knows dossiers: this looks at what is, every minute, and tells the
responsables what they do not know yet. Their list itself does not wait for it (`queries.ownerless`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db import transaction

from dossiers import handover_emails
from dossiers.enums import EventKind
from dossiers.models import Dossier, DossierStage
from dossiers.models.dossiers import DossierQuerySet
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
        if dossier.referent.is_active and dossier.referent.is_referent:
            record(dossier_stage, EventKind.REFERENT_BACK, by=None, former=dossier.referent)
        count += 1
    return count


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
