"""Who instructs a dossier (I5): taken by oneself, given by a responsable, or by rule when it is transmitted."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from dossiers import access
from dossiers.enums import EventKind
from dossiers.models import DossierStage
from dossiers.workflow.table import NotAllowed, Refused, locked, record
from dossiers.workflow.transfer import held
from ecare import french


class Taken(Refused):
    """Somebody else instructs the dossier already; the message says who, and since when."""


@transaction.atomic
def take(dossier_stage: DossierStage, *, by: User) -> None:
    """« Prendre en charge »: make `by` the one who instructs the dossier, if nobody does. Twice does once.

    Raises NotAllowed unless `by` may instruct it, Taken if somebody else does: of two at once, one wins (I2b).
    """
    dossier_stage = locked(dossier_stage)
    if not access.may_instruct(by, dossier_stage):
        raise NotAllowed("Vous ne pouvez pas faire cette action sur ce dossier.")
    dossier = dossier_stage.dossier
    if dossier.verifier_id == by.pk:
        return
    if dossier.verifier is not None and dossier.assigned_at is not None:
        raise Taken(f"{dossier.verifier.full_name} instruit ce dossier depuis le {french.moment(dossier.assigned_at)}.")
    _give(dossier_stage, by=by, to=by)


@transaction.atomic
def assign(dossier_stage: DossierStage, *, by: User, to: User) -> None:
    """Give a dossier to `to`, whoever had it.

    Raises NotAllowed unless `by` is a responsable d'instruction, Refused if `to` may not instruct it or has it.
    """
    to = held(to)
    dossier_stage = locked(dossier_stage)
    if not access.may_assign(by):
        raise NotAllowed("Vous ne pouvez pas faire cette action sur ce dossier.")
    reference = dossier_stage.dossier.reference
    if not access.may_instruct(to, dossier_stage):
        raise Refused(f"{to.full_name} ne peut pas instruire le dossier {reference}.")
    if dossier_stage.dossier.verifier_id == to.pk:
        raise Refused(f"{to.full_name} instruit déjà le dossier {reference}.")
    _give(dossier_stage, by=by, to=to)


@transaction.atomic
def release(dossier_stage: DossierStage, *, by: User) -> None:
    """Give a dossier back, to be taken by anybody. Twice does once.

    Raises NotAllowed unless `by` is the one who has it, or a responsable d'instruction.
    """
    dossier_stage = locked(dossier_stage)
    dossier = dossier_stage.dossier
    if dossier.verifier_id != by.pk and not access.may_assign(by):
        raise NotAllowed("Vous ne pouvez pas faire cette action sur ce dossier.")
    if dossier.verifier_id is not None:
        _give(dossier_stage, by=by, to=None)


def _give(dossier_stage: DossierStage, *, by: User | None, to: User | None) -> None:
    """Write who instructs, with its line of history. Under the lock of the dossier."""
    dossier = dossier_stage.dossier
    former = dossier.verifier
    dossier.verifier, dossier.assigned_at = to, timezone.now() if to else None
    dossier.save(update_fields=["verifier", "assigned_at"])
    kind = EventKind.ASSIGNED if to else EventKind.RELEASED
    record(dossier_stage, kind, by=by, former=former, successor=to)
