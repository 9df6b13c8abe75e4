"""Closings that move, and named exceptions to them (D15b, Q42). A closing is enforced by its date alone (Q43)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from dossiers import access, emails
from dossiers.enums import EventKind
from dossiers.models import Dossier, DossierStage, Event, LateAccess, Stage, WindowChange
from dossiers.models.dossiers import DossierStageQuerySet
from dossiers.workflow.stages import hold_entry
from dossiers.workflow.table import NotAllowed, Refused
from ecare import audit, french
from ecare.models import AuditKind
from establishments.models import LegalEntity


@transaction.atomic
def move_closing(stage: Stage, closes_at: dt.datetime | None, *, by: User, reason: str) -> WindowChange:
    """Move the first instant refused of an étape, and keep who did it, when and why.

    Every process reads the date in the database, at each request: it holds from the commit on. The référents of the
    drafts concerned are told of an extension within a minute, by `announce`. Raises NotAllowed, Refused without a
    reason, without a change or for a closing before the opening.
    """
    check_administrator(by, reason)
    stage = Stage.objects.select_for_update(of=("self",)).get(pk=stage.pk)
    if flaw := closing_flaw(stage, closes_at):
        raise Refused(flaw)
    change = WindowChange.objects.create(
        stage=stage, closed_at=stage.closes_at, closes_at=closes_at, reason=reason.strip(), by=by
    )
    audit.record(AuditKind.CLOSING_MOVED, by=by, subject=f"{stage.guichet.code}/{stage.code}", change=change.pk)
    stage.closes_at = closes_at
    stage.save(update_fields=["closes_at"])
    return change


def closing_flaw(stage: Stage, closes_at: dt.datetime | None) -> str:
    """Why an étape cannot close then; blank when it can."""
    if closes_at == stage.closes_at:
        return "C'est déjà sa date de fermeture."
    if closes_at is not None and stage.opens_at is not None and closes_at <= stage.opens_at:
        return "La fermeture d'une étape doit être postérieure à son ouverture."
    return ""


@transaction.atomic
def grant_late_access(
    stage: Stage, legal_entity: LegalEntity, until: dt.datetime, *, by: User, reason: str
) -> LateAccess:
    """Let one EJ create, fill and transmit on one étape until `until` excluded, whatever its window (D15b).

    Its référent is told; before there is a dossier, the EJ's référents are. Raises NotAllowed, Refused without a
    reason, for an end in the past, or while another exception runs.
    """
    check_administrator(by, reason)
    now = timezone.now()
    if until <= now:
        raise Refused("Choisissez une échéance à venir.")
    dossier = locked_dossier(stage, legal_entity)
    granted = LateAccess.objects.granted().filter(stage=stage, legal_entity=legal_entity)
    running = granted.active_at(now).first()
    if running is not None:
        raise Refused(
            "Un délai exceptionnel est déjà accordé à cet établissement, jusqu'au "
            f"{french.until(running.until)}\u00a0: retirez-le d'abord."
        )
    granted.update(revoked_at=now, revoked_by=by)  # expired by itself: it makes room
    late = LateAccess.objects.create(
        stage=stage, legal_entity=legal_entity, until=until, reason=reason.strip(), granted_by=by, granted_at=now
    )
    passages(late).update(late_until=until)
    if dossier is None:
        tell(late, EventKind.EXCEPTION_GRANTED, by=by)
        emails.late_access_granted_before_dossier(late)
    else:
        emails.late_access_granted(record(dossier, late, EventKind.EXCEPTION_GRANTED, by=by), late)
    return late


@transaction.atomic
def revoke_late_access(late: LateAccess, *, by: User) -> None:
    """Take an exception back; what was filled meanwhile is kept. Doing it twice does it once. Raises NotAllowed."""
    check_administrator(by, late.reason)
    dossier = locked_dossier(late.stage, late.legal_entity)
    if not LateAccess.objects.granted().filter(pk=late.pk).update(revoked_at=timezone.now(), revoked_by=by):
        return
    passages(late).update(late_until=None)
    if dossier is None:
        tell(late, EventKind.EXCEPTION_REVOKED, by=by)
    else:
        emails.late_access_revoked(record(dossier, late, EventKind.EXCEPTION_REVOKED, by=by), late)


def check_administrator(by: User, reason: str) -> None:
    if not access.may_move_deadlines(by):
        raise NotAllowed("Seul un administrateur change une échéance.")
    if not reason.strip():
        raise Refused("Indiquez le motif\u00a0: il est conservé.")


def locked_dossier(stage: Stage, legal_entity: LegalEntity) -> Dossier | None:
    """The EJ's dossier of that guichet, under its lock; and an étape that begins at the same instant (`begin`) has
    begun, or waits and reads the exception."""
    dossiers = Dossier.objects.select_related("guichet", "legal_entity", "referent")
    own = dossiers.filter(guichet=stage.guichet_id, legal_entity=legal_entity).select_for_update(of=("self",))
    dossier = own.first()
    hold_entry(stage, legal_entity)
    return dossier or own.first()


def passages(late: LateAccess) -> DossierStageQuerySet:
    """The EJ's passage through the étape of an exception, once begun."""
    return DossierStage.objects.filter(stage=late.stage_id, dossier__legal_entity=late.legal_entity_id)


def tell(late: LateAccess, change: EventKind, *, by: User) -> None:
    """An exception to a dossier that does not exist yet has the audit log for all history."""
    stage = f"{late.stage.guichet.code}/{late.stage.code}"
    audit.record(AuditKind.LATE_ACCESS, by=by, subject=late.legal_entity.finess, change=change, stage=stage)


def record(dossier: Dossier, late: LateAccess, kind: EventKind, *, by: User) -> Event:
    audit.record(AuditKind.DOSSIER, by=by, subject=dossier.reference, change=kind)
    message = f"{late.stage.title}, jusqu'au {french.until(late.until)}\n\n{late.reason}"
    return Event.objects.create(
        dossier=dossier, dossier_stage=passages(late).first(), kind=kind, actor=by, message=message
    )
