"""A convention sent, deposited signed, checked: its states are one table (F4)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from dossiers import access as dossiers_access
from dossiers import antivirus, uploads
from dossiers.enums import EventKind, Scan
from dossiers.models import Attachment, DossierStage
from dossiers.workflow.files import stored
from dossiers.workflow.table import NotAllowed, Refused, locked, record
from ecare import french
from funding import access, emails
from funding.enums import AgreementState
from funding.models import Agreement, Grant
from funding.queries import agreements as reading

#: From which states each change starts; a grant without convention stands at None.
SENDS = frozenset({None, AgreementState.SENT, AgreementState.REFUSED})
SIGNS = frozenset({AgreementState.SENT, AgreementState.SIGNED, AgreementState.REFUSED})
CHECKS = frozenset({AgreementState.SIGNED})

#: The slot of the signed copy among the files of the dossier: the code of no question.
SLOT = "convention-signee"
RULES = uploads.Rules(extensions=("pdf",), max_bytes=50 * uploads.MEBIBYTE, max_files=1)


class Late(Refused):
    """The convention no longer stands where this change starts; the message says where it stands."""


@transaction.atomic
def send(grant: Grant, *, by: User, read: int | None = None) -> Agreement:
    """Write the convention of a subsidy from the last published text of its guichet, and tell its signatory and its
    référent. Sent again, the one before is replaced, as long as no signed copy waits. `read` is the number of the one
    that the page showed (0: none): sent twice from that page, one is sent (Q32).

    Raises NotAllowed, Late, Refused when there is nothing to sign: no published text, no signatory, no convention due.
    """
    dossier_stage, grant, current = held(grant)
    if not access.may_grant(by, dossier_stage):
        raise NotAllowed
    check(current, SENDS)
    if read is not None and current is not None and current.number != read:
        if current.state == AgreementState.SENT and current.sent_by_id == by.pk:
            return current
        raise Late(
            f"{current.sent_by.full_name} a envoyé la convention n°\u00a0{current.number} le "
            f"{french.moment(current.sent_at)}\u00a0: relisez-la avant d'en envoyer une autre."
        )
    if not grant.needs_agreement:
        raise Refused("Cette subvention a été accordée sans convention.")
    draft = reading.draft(grant, on=timezone.now())
    if draft.flaw:
        raise Refused(draft.flaw)
    assert draft.template is not None
    assert draft.signatory is not None
    if current is not None:
        current.state = AgreementState.REPLACED
        current.save(update_fields=["state"])
    last = grant.agreements.aggregate(last=Max("number"))["last"] or 0
    agreement = Agreement.objects.create(
        grant=grant,
        number=last + 1,
        template=draft.template,
        values=draft.values,
        signatory=draft.signatory,
        sent_by=by,
    )
    message = f"Convention n° {agreement.number}, à signer par {draft.values['signataire']}."
    event = record(dossier_stage, EventKind.AGREEMENT_SENT, by=by, message=message)
    emails.agreement_ready(event, agreement)
    emails.agreement_to_sign(event, agreement)
    return agreement


def sign(agreement: Agreement, upload: UploadedFile[Any], *, by: User) -> Agreement:
    """Deposit the signed copy, by the référent. The same file sent twice is there once; another one, as long as nobody
    has checked the first, takes its place.

    Raises NotAllowed, Late, FileRefused with the reason and the way out.
    """
    with stored(upload, RULES, agreement.grant.dossier_stage, SLOT, by=by) as draft:
        dossier_stage, _, current = held(agreement.grant)
        if not dossiers_access.is_referent(by, dossier_stage):
            raise NotAllowed("Vous n'êtes pas le référent de ce dossier.")
        current = still_in_force(agreement, current)
        check(current, SIGNS)
        copy = current.signed_copy
        if copy is not None and current.state == AgreementState.SIGNED and copy.sha256 == draft.sha256:
            return current
        draft.dossier_stage, draft.code, draft.uploaded_by = dossier_stage, SLOT, by
        draft.save()
        Attachment.objects.active().filter(dossier_stage=dossier_stage, code=SLOT).exclude(pk=draft.pk).update(
            archived_at=Now()
        )
        current.state, current.signed_copy, current.signed_at = AgreementState.SIGNED, draft, timezone.now()
        current.checked_by, current.checked_at, current.reason = None, None, ""
        current.save()
        event = record(dossier_stage, EventKind.AGREEMENT_SIGNED, by=by, message=draft.name)
        emails.agreement_deposited(event, current)
        pk = draft.pk
        transaction.on_commit(lambda: antivirus.ask(pk), robust=True)
        return current


@transaction.atomic
def accept(agreement: Agreement, *, by: User, read: int) -> Agreement:
    """Accept the signed copy `read`. Raises NotAllowed, Late, Refused while the antivirus has not cleared it."""
    dossier_stage, current = checked(agreement, by=by, read=read)
    copy = current.signed_copy
    assert copy is not None
    if copy.scan == Scan.INFECTED:
        raise Refused(
            "L'antivirus a trouvé un virus dans cet exemplaire\u00a0: refusez-le, le référent en déposera un autre."
        )
    if copy.scan == Scan.PENDING and not settings.DOWNLOAD_UNSCANNED:
        raise Refused("L'antivirus n'a pas encore lu cet exemplaire\u00a0: réessayez dans quelques minutes.")
    event = decide(dossier_stage, current, AgreementState.ACCEPTED, by=by, reason="")
    emails.agreement_accepted(event, current)
    return current


@transaction.atomic
def refuse(agreement: Agreement, *, by: User, read: int, reason: str) -> Agreement:
    """Refuse the signed copy `read`, with the reason that the référent will read: he deposits another one.

    Raises NotAllowed, Late, Refused without a reason.
    """
    dossier_stage, current = checked(agreement, by=by, read=read)
    if not reason.strip():
        raise Refused("Indiquez le motif du refus\u00a0: le référent le lira.")
    event = decide(dossier_stage, current, AgreementState.REFUSED, by=by, reason=reason.strip())
    emails.agreement_refused(event, current)
    return current


def held(grant: Grant) -> tuple[DossierStage, Grant, Agreement | None]:
    """The étape, the subsidy and its convention in force, read again under the lock of the dossier."""
    dossier_stage = locked(grant.dossier_stage)
    grant = Grant.objects.select_related(
        "dossier__guichet", "dossier__legal_entity", "dossier_stage", "transmission"
    ).get(pk=grant.pk)
    return dossier_stage, grant, reading.in_force(grant)


def checked(agreement: Agreement, *, by: User, read: int) -> tuple[DossierStage, Agreement]:
    """The convention under the lock, once it is known that `by` may check the copy `read` (key of the attachment)."""
    dossier_stage, _, current = held(agreement.grant)
    if not access.may_grant(by, dossier_stage):
        raise NotAllowed
    current = still_in_force(agreement, current)
    check(current, CHECKS)
    if current.signed_copy_id != read:
        raise Late("Le référent a déposé un autre exemplaire depuis que vous avez ouvert cette page\u00a0: relisez-le.")
    return dossier_stage, current


def still_in_force(agreement: Agreement, current: Agreement | None) -> Agreement:
    """The convention as it was read under the lock. Raises Late when another one took its place."""
    if current is None or current.pk != agreement.pk:
        raise Late("Cette convention a été remplacée par une autre\u00a0: téléchargez la nouvelle.")
    return current


def check(current: Agreement | None, sources: frozenset[AgreementState | None]) -> None:
    """Raise Late unless the convention stands where a change starts."""
    state = AgreementState(current.state) if current else None
    if state in sources:
        return
    if current is None:
        raise Late("La convention n'est pas encore envoyée.")
    since = current.checked_at or current.signed_at or current.sent_at
    by = current.checked_by or current.sent_by
    who = f", par {by.full_name}" if state != AgreementState.SIGNED else ""
    raise Late(
        f"Cette convention est à l'état {french.quoted(current.state_label)} depuis le {french.moment(since)}{who}."
    )


def decide(dossier_stage: DossierStage, agreement: Agreement, state: AgreementState, *, by: User, reason: str) -> Any:
    """Set the state of a copy that was checked, and write its line of history."""
    agreement.state, agreement.reason = state, reason
    agreement.checked_by, agreement.checked_at = by, timezone.now()
    agreement.save(update_fields=["state", "reason", "checked_by", "checked_at"])
    kind = EventKind.AGREEMENT_ACCEPTED if state == AgreementState.ACCEPTED else EventKind.AGREEMENT_REFUSED
    return record(dossier_stage, kind, by=by, message=reason)
