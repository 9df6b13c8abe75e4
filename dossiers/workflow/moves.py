"""The changes of status: transmit, ask for a modification, validate, reject, reopen."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from dossiers import emails, neighbours, queries, search, steps
from dossiers.enums import StageEntry
from dossiers.models import DossierStage, Event, ModificationRequest, Remark, Transmission, TransmittedFile
from dossiers.sheet import Entry, Sheet
from dossiers.workflow import assignment, revisions, vigilance
from dossiers.workflow.filling import check_editable
from dossiers.workflow.table import Move, Refused, check, locked, record

TRANSMITTED_AGAIN = (
    "Le référent a transmis à nouveau ce dossier depuis que vous avez ouvert cette page\u00a0: relisez-le."
)


class Incomplete(Refused):
    """Answers are missing; `missing` lists them."""

    def __init__(self, missing: list[Entry]) -> None:
        super().__init__("Votre dossier n'est pas complet : répondez aux questions listées avant de le transmettre.")
        self.missing = missing


class Changed(Refused):
    """The dossier is not what the page showed: the recap (Q35), or the transmission that a verifier was reading."""


@revisions.followed
@transaction.atomic
def transmit(dossier_stage: DossierStage, *, by: User, at: dt.datetime, seen: str) -> Transmission:
    """Transmit what the recap showed (D9).

    `at` is the instant the request was received, `seen` the fingerprint of the recap. Keeps an immutable snapshot,
    with its number, of the answers shown, the files and the estimate. Raises NotAllowed, WrongStatus, Closed,
    Changed, Incomplete.
    """
    dossier_stage = locked(dossier_stage)
    move = check("transmit", dossier_stage, by=by)
    check_editable(dossier_stage, by=by, at=at)
    sheet = queries.sheet(dossier_stage, on=at)
    if sheet.fingerprint != seen:
        raise Changed(
            "Votre dossier a changé depuis l'affichage de ce récapitulatif. Vérifiez-le à nouveau avant de transmettre."
        )
    if sheet.missing:
        raise Incomplete(sheet.missing)
    transmission = take_snapshot(sheet, by=by, at=at)
    search.refresh(dossier_stage)
    if not dossier_stage.is_instructed and dossier_stage.stage.entry != StageEntry.START:
        DossierStage.objects.filter(dossier=dossier_stage.dossier_id, is_instructed=True).update(is_instructed=False)
    is_first = dossier_stage.first_transmitted_at is None
    event = apply(
        move,
        dossier_stage,
        by=by,
        transmitted_at=at,
        first_transmitted_at=dossier_stage.first_transmitted_at or at,
        due_at=None,
        is_instructed=True,
    )
    if not is_first:  # nothing is asked of what was never transmitted
        dossier_stage.modification_requests.filter(answered_at__isnull=True).update(answered_at=at)
    emails.transmitted(event, transmission)
    if is_first:
        assignment.follow_rule(dossier_stage, at=at)
    return transmission


def take_snapshot(sheet: Sheet, *, by: User, at: dt.datetime) -> Transmission:
    dossier_stage = sheet.dossier_stage
    dossier = dossier_stage.dossier
    entity = dossier.legal_entity
    estimate = sheet.estimate
    transmission = Transmission.objects.create(
        dossier_stage=dossier_stage,
        number=dossier_stage.transmissions.count() + 1,
        at=at,
        by=by,
        answers={entry.code: entry.value for entry in sheet.shown if entry.value is not None},
        applicant={
            "finess": entity.finess,
            "name": entity.name,
            "type": dossier.get_establishment_type_display(),
            "region": entity.region.name if entity.region else "",
            "referent": by.full_name,
            "referent_email": by.email,
        },
        estimate=estimate.as_json() if estimate else None,
        schedule_id=sheet.terms.schedule_id if estimate and sheet.terms else None,
    )
    files = [attachment for entry in sheet.shown for attachment in entry.files]
    TransmittedFile.objects.bulk_create(
        TransmittedFile(transmission=transmission, attachment=attachment, position=position)
        for position, attachment in enumerate(files, start=1)
    )
    return transmission


def check_read(dossier_stage: DossierStage, read: int | None) -> None:
    """Raise Changed if transmission number `read` is not the last one: nobody decides on what they have not read."""
    if read is not None and dossier_stage.transmissions.filter(number__gt=read).exists():
        raise Changed(TRANSMITTED_AGAIN)


@transaction.atomic
def request_modification(
    dossier_stage: DossierStage,
    *,
    by: User,
    message: str,
    remarks: dict[str, str],
    due_at: dt.datetime,
    opens_everything: bool = False,
    read: int | None = None,
) -> ModificationRequest:
    """Ask the référent to correct, until `due_at` excluded (D11). Remarks are by question code, blank ones dropped.
    What was remarked, and what depends on it, can be corrected; everything with `opens_everything` or without a remark.

    `read` is the number of the transmission that was read, here as for the other decisions. Raises NotAllowed,
    WrongStatus, Changed, Refused without a message, with a due date in the past, or when every remark is about what the
    référent can no longer change (Q&A 1.10): nothing would be open to him.
    """
    dossier_stage = locked(dossier_stage)
    move = check("request_modification", dossier_stage, by=by)
    check_read(dossier_stage, read)
    now = timezone.now()
    if not message.strip():
        raise Refused("Expliquez au référent ce qu'il doit modifier.")
    if due_at <= now:
        raise Refused("Choisissez une échéance à venir.")
    frozen = {each.code: each.frozen_after_transmission for each in queries.questions(dossier_stage.revision)}
    said = {code: text.strip() for code, text in remarks.items() if text.strip() and code in frozen}
    if said and not opens_everything and all(frozen[code] for code in said):
        raise Refused(
            "Vos remarques portent sur ce que le référent ne peut plus modifier, et le reste lui serait fermé\u00a0: "
            "remarquez une autre réponse, ou ouvrez tout le formulaire."
        )
    request = ModificationRequest.objects.create(
        dossier_stage=dossier_stage,
        transmission=dossier_stage.transmissions.latest("number"),
        message=message.strip(),
        due_at=due_at,
        opens_everything=opens_everything or not said,
        by=by,
        at=now,
    )
    Remark.objects.bulk_create(Remark(request=request, code=code, text=text) for code, text in said.items())
    event = apply(move, dossier_stage, by=by, message=request.message, due_at=due_at)
    emails.modification_requested(event, request)
    return request


@transaction.atomic
def validate(dossier_stage: DossierStage, *, by: User, message: str = "", read: int | None = None) -> DossierStage:
    """Accept the étape as last transmitted, with a word for the référent if there is one. Raises NotAllowed,
    WrongStatus, Changed, Refused while something of it is still to be decided (F5)."""
    dossier_stage = locked(dossier_stage)
    move = check("validate", dossier_stage, by=by)
    check_read(dossier_stage, read)
    if obstacle := neighbours.why_not_validated([dossier_stage]).get(dossier_stage.pk):
        raise Refused(obstacle)
    event = apply(move, dossier_stage, by=by, message=message.strip(), decided_at=timezone.now())
    neighbours.settled(dossier_stage)
    emails.validated(event, steps.after(dossier_stage))
    return dossier_stage


@transaction.atomic
def reject(dossier_stage: DossierStage, *, by: User, reason: str, read: int | None = None) -> DossierStage:
    """Turn the étape down, with the reason that the référent will read.

    Raises NotAllowed, WrongStatus, Changed, Refused without a reason.
    """
    dossier_stage = locked(dossier_stage)
    move = check("reject", dossier_stage, by=by)
    check_read(dossier_stage, read)
    if not reason.strip():
        raise Refused("Indiquez le motif du rejet : le référent le lira.")
    event = apply(move, dossier_stage, by=by, message=reason.strip(), decided_at=timezone.now())
    neighbours.settled(dossier_stage)
    emails.rejected(event)
    return dossier_stage


@transaction.atomic
def reopen(dossier_stage: DossierStage, *, by: User, reason: str) -> DossierStage:
    """Put a decided étape back under instruction, with a reason.

    Raises NotAllowed, WrongStatus, Refused without a reason or when something was built on the decision.
    """
    dossier_stage = locked(dossier_stage)
    move = check("reopen", dossier_stage, by=by)
    if kept := neighbours.why_kept(dossier_stage):
        raise Refused(kept)
    if not reason.strip():
        raise Refused("Indiquez le motif de la réouverture : le référent le lira.")
    event = apply(move, dossier_stage, by=by, message=reason.strip(), decided_at=None)
    neighbours.settled(dossier_stage)
    emails.reopened(event)
    return dossier_stage


def apply(move: Move, dossier_stage: DossierStage, *, by: User, message: str = "", **fields: Any) -> Event:
    """Set the status that the table says, with the dates that go with it, and write its line of history."""
    before = dossier_stage.status
    dossier_stage.status = move.target
    for name, value in fields.items():
        setattr(dossier_stage, name, value)
    dossier_stage.save(update_fields=["status", *fields])
    vigilance.doubt(dossier_stage)
    return record(dossier_stage, move.event, by=by, from_status=before, message=message)
