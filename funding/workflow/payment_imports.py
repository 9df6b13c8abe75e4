"""The accountant's file: each payment that it says made is marked so, one by one, as by hand (F7, docs/adr/0055).

Nothing of the file is kept. Read again, it changes nothing: what it says is done already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from accounts.models import User
from dossiers import sheets, uploads
from dossiers.workflow.files import FileRefused
from dossiers.workflow.table import NotAllowed, Refused
from ecare import audit, french
from ecare.models import AuditKind
from funding import access, payment_files
from funding.enums import PaymentState
from funding.models import Payment
from funding.payment_files import Content, Line
from funding.workflow import payments


@dataclass(frozen=True)
class Verdict:
    """What a line does: mark `payment` as made, name the transfer of one that is made (`names`), or nothing, because of
    `refusal` or because it is done already."""

    line: Line
    payment: Payment | None
    refusal: str = ""
    is_done: bool = False
    names: bool = False

    @property
    def acts(self) -> bool:
        return not self.refusal and not self.is_done


def read(upload: UploadedFile[Any], *, by: User) -> Content:
    """What a file says. Raises NotAllowed, FileRefused when it cannot be read, cells.Faulty when rows do not stand."""
    if not access.pays(by):
        raise NotAllowed
    try:
        return payment_files.read(upload, today=timezone.localdate())
    except (uploads.Invalid, sheets.Unreadable) as error:
        audit.record(AuditKind.FILE_REFUSED, by=by, subject="paiements", why=error.why)
        raise FileRefused(str(error)) from error


def judged(lines: Sequence[Line]) -> list[Verdict]:
    """What each line would do now: 1 query."""
    named = Payment.objects.filter(reference__in=[line.reference for line in lines])
    named = named.select_related("grant__dossier__legal_entity", "grant__dossier__referent", "grant__dossier_stage")
    found = {each.reference: each for each in named}
    return [verdict(line, found.get(line.reference)) for line in lines]


def verdict(line: Line, payment: Payment | None) -> Verdict:
    if payment is None:
        return Verdict(line, None, "Aucun paiement ne porte cette référence\u00a0: vérifiez-la.")
    if payment.amount != line.amount:
        return Verdict(
            line, payment, f"Le montant prévu est {french.euros(payment.amount)}\u00a0: vérifiez ce paiement."
        )
    if payment.state == PaymentState.PAID:
        assert payment.paid_on is not None
        noted = f"Il est déjà noté comme fait, le {french.day(payment.paid_on)}"
        if payment.paid_on != line.paid_on:
            return Verdict(line, payment, f"{noted}.")
        if line.transfer and not payment.transfer:
            return Verdict(line, payment, names=True)
        if line.transfer not in ("", payment.transfer):
            which = f"par le virement {payment.transfer}"
            return Verdict(line, payment, f"{noted}, {which}\u00a0: corrigez sa référence sur sa page.")
        return Verdict(line, payment, is_done=True)
    if payment.state == PaymentState.CANCELLED:
        return Verdict(line, payment, "Il est annulé\u00a0: voyez son dossier avant de le noter comme fait.")
    if PaymentState(payment.state) not in payments.PAYS:
        return Verdict(
            line, payment, f"Il est à l'état {french.quoted(payment.state_label)}\u00a0: il n'a pas été ordonnancé."
        )
    return Verdict(line, payment)


def apply(lines: Sequence[Line], *, by: User) -> list[Verdict]:
    """Mark the payments as made, each in a transaction of its own, under the rules of `payments.pay`; and what was done
    of each line, what somebody changed meanwhile included. Raises NotAllowed."""
    if not access.pays(by):
        raise NotAllowed
    done = []
    for each in judged(lines):
        if each.acts and each.payment is not None:
            try:
                if each.names:
                    payments.name_transfer(each.payment, by=by, transfer=each.line.transfer)
                else:
                    payments.pay(each.payment, by=by, on=each.line.paid_on, transfer=each.line.transfer)
            except (NotAllowed, Refused) as error:
                each = Verdict(each.line, each.payment, str(error) or "Vous ne pouvez pas noter ce paiement.")
        done.append(each)
    return done
