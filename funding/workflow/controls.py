"""A control opened, answered, concluded (Q&A 4.2). The lock is that of the dossier, then that of the subsidy."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import User
from dossiers import access as dossiers_access
from dossiers import antivirus, uploads
from dossiers.enums import EventKind
from dossiers.models import Attachment, DossierStage
from dossiers.workflow.files import FileRefused, same, stored
from dossiers.workflow.table import NotAllowed, Refused, locked, record
from ecare import french
from funding import access, emails
from funding.enums import ControlState
from funding.models import Control, Grant, Interview
from funding.queries import controls as reading
from funding.workflow import payable

CENT = Decimal("0.01")
RULES = uploads.Rules(
    extensions=("pdf", "doc", "docx", "xlsx", "ods", "zip"),
    max_bytes=50 * uploads.MEBIBYTE,
    max_files=20,
)


class Late(Refused):
    """The control no longer stands where this change starts; the message says where it stands."""


@transaction.atomic
def open(grant: Grant, *, by: User, documents: str, due_on: dt.date) -> Control:
    """Ask the référent for pieces, in writing, before a day. Raises NotAllowed, Late when a control is under way."""
    dossier_stage = locked(grant.dossier_stage)
    if not access.may_grant(by, dossier_stage):
        raise NotAllowed
    current = reading.under_way(grant)
    if current is not None:
        if (current.opened_by_id, current.documents, current.due_on) == (by.pk, documents.strip(), due_on):
            return current  # sent twice (Q32)
        raise Late(
            f"{current.opened_by.full_name} a ouvert un contrôle le {french.moment(current.opened_at)}\u00a0: "
            "terminez-le avant d'en ouvrir un autre."
        )
    if due_on < timezone.localdate():
        raise Refused("L'échéance est passée\u00a0: choisissez un jour à venir.")
    last = grant.controls.aggregate(last=Max("number"))["last"] or 0
    control = Control.objects.create(
        grant=grant, number=last + 1, documents=documents.strip(), due_on=due_on, opened_by=by
    )
    event = record(dossier_stage, EventKind.CONTROL_OPENED, by=by, message=line(control, control.documents))
    emails.control_opened(event, control)
    return control


def deposit(control: Control, upload: UploadedFile[Any], *, by: User) -> Attachment:
    """Put a piece in the slot of a control, by the référent. The same file sent twice is there once. Who instructs is
    told of the first one.

    Raises NotAllowed, Late, FileRefused with the reason and the way out.
    """
    with stored(upload, RULES, control.grant.dossier_stage, control.slot, by=by) as draft:
        dossier_stage = locked(control.grant.dossier_stage)
        if not dossiers_access.is_referent(by, dossier_stage):
            raise NotAllowed
        current = under_way(control)
        slot = dossier_stage.attachments.active().filter(code=current.slot)
        already = same(slot, draft)
        if already is not None:
            return already
        if slot.count() >= RULES.max_files:
            raise FileRefused(
                f"«\u00a0{draft.name}\u00a0» n'a pas été déposé\u00a0: {RULES.max_files} fichiers le sont déjà. "
                "Déposez les suivants dans une archive zip, ou écrivez au support."
            )
        draft.dossier_stage, draft.code, draft.uploaded_by = dossier_stage, current.slot, by
        draft.position = (slot.aggregate(last=Max("position"))["last"] or 0) + 1
        draft.save()
        event = record(dossier_stage, EventKind.CONTROL_ANSWERED, by=by, message=line(current, draft.name))
        if current.state == ControlState.OPEN:
            current.state = ControlState.ANSWERED
            current.save(update_fields=["state"])
            emails.control_answered(event, current)
        pk = draft.pk
        transaction.on_commit(lambda: antivirus.ask(pk), robust=True)
        return draft


@transaction.atomic
def note(control: Control, *, by: User, text: str) -> None:
    """Note an interview, for those who instruct. Raises NotAllowed, Late, Refused without a text."""
    dossier_stage, current = checked(control, by=by)
    text = text.strip()
    if not text:
        raise Refused("Écrivez le compte rendu de l'entretien avant de l'ajouter.")
    if current.interviews.filter(text=text, noted_by=by).exists():
        return  # sent twice (Q32)
    Interview.objects.create(control=current, text=text, noted_by=by)
    record(dossier_stage, EventKind.CONTROL_NOTED, by=by, message=line(current, text))


@transaction.atomic
def close(control: Control, *, by: User, read: int, ceiling: Decimal | None = None, reason: str = "") -> Control:
    """Conclude, having read so many pieces: the amount is confirmed, or lowered to `ceiling` euros, with a reason that
    the référent reads. What may be paid follows at once.

    Raises NotAllowed, Late, Refused when the amount is not lower, when it has no reason, or when a piece has come.
    """
    dossier_stage, current = checked(control, by=by)
    if dossier_stage.attachments.active().filter(code=current.slot).count() != read:
        raise Late("Le référent a déposé d'autres pièces depuis que vous avez ouvert cette page\u00a0: relisez-les.")
    grant = Grant.objects.select_for_update(no_key=True).get(pk=current.grant_id)
    reason = reason.strip()
    if ceiling is not None:
        if not 0 <= ceiling < grant.ceiling or ceiling != ceiling.quantize(CENT):
            most = french.euros(grant.ceiling)
            raise Refused(f"Saisissez un montant inférieur à {most}, au centime près\u00a0; 0 si rien n'est dû.")
        if not reason:
            raise Refused("Indiquez pourquoi le montant diminue\u00a0: le référent le lira.")
    current.state = ControlState.CONFIRMED if ceiling is None else ControlState.LOWERED
    current.ceiling, current.reason = ceiling, reason
    current.closed_by, current.closed_at = by, timezone.now()
    current.save()
    said = "Montant confirmé." if ceiling is None else f"Montant diminué à {french.euros(ceiling)}."
    event = record(dossier_stage, EventKind.CONTROL_CLOSED, by=by, message=line(current, said, reason))
    current.grant = payable.recompute(grant)
    emails.control_closed(event, current)
    return current


def line(control: Control, *said: str) -> str:
    """What history keeps: which control it is about, then what was said."""
    return "\n\n".join(filter(None, (str(control), *said)))


def checked(control: Control, *, by: User) -> tuple[DossierStage, Control]:
    """The étape under its lock and the control, once it is known that `by` may act on it. Raises NotAllowed, Late."""
    dossier_stage = locked(control.grant.dossier_stage)
    if not access.may_grant(by, dossier_stage):
        raise NotAllowed
    return dossier_stage, under_way(control)


def under_way(control: Control) -> Control:
    """The control, read again under the lock. Raises Late once it is closed."""
    current = Control.objects.select_related("closed_by", "opened_by").get(pk=control.pk)
    if not current.is_under_way:
        assert current.closed_by is not None
        assert current.closed_at is not None
        raise Late(f"{current.closed_by.full_name} a terminé ce contrôle le {french.moment(current.closed_at)}.")
    return current
