"""The schedule of a subsidy: prepared, ordered, paid, cancelled (F7). The table below says from where to where.

Under the lock of the dossier, then that of the subsidy (docs/adr/0055). The database refuses the same things.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import User
from dossiers.enums import EventKind
from dossiers.models import DossierStage, Event
from dossiers.workflow.table import NotAllowed, Refused, locked, record
from ecare import french
from funding import access, emails
from funding.enums import AgreementState, PaymentKind, PaymentState
from funding.models import EARLIEST, TOO_OLD, Grant, Payment
from funding.queries import agreements, objectives, payments, reachable

CENT = Decimal("0.01")

#: From which states each change starts.
CHANGES = frozenset({PaymentState.PLANNED})
ORDERS = frozenset({PaymentState.PLANNED})
PAYS = frozenset({PaymentState.ORDERED})
CANCELS = frozenset({PaymentState.PLANNED, PaymentState.ORDERED})
NAMES = frozenset({PaymentState.PAID})


class Late(Refused):
    """The payment no longer stands where this change starts; the message says where it stands."""


class Changed(Refused):
    """Its amount or its due date are no longer those that the page showed; the message says what they are."""


@transaction.atomic
def plan(
    grant: Grant,
    *,
    by: User,
    amount: Decimal,
    due_on: dt.date,
    kind: PaymentKind = PaymentKind.PAYMENT,
    read: int | None = None,
) -> Payment:
    """Add a payment to the schedule of a subsidy, or ask for money back.

    `read` is the highest number that the page showed (0: none): sent twice from that page, the payment is there once
    (Q32). Raises NotAllowed, Refused when the sum would exceed what the subsidy may still reach, or what was paid.
    """
    dossier_stage, grant = held(grant, by=by)
    if read is not None:
        since = grant.payments.filter(number__gt=read, prepared_by=by)
        if already := since.filter(kind=kind, amount=amount, due_on=due_on).first():
            return already
    check_amount(reachable.sums(grant), kind, amount)
    number = (grant.payments.aggregate(last=Max("number"))["last"] or 0) + 1
    payment = Payment.objects.create(
        grant=grant,
        number=number,
        reference=reference_of(dossier_stage.dossier.reference, number),
        kind=kind,
        amount=amount,
        due_on=due_on,
        prepared_by=by,
    )
    record(dossier_stage, EventKind.PAYMENT_PLANNED, by=by, message=told(payment))
    return payment


@transaction.atomic
def change(payment: Payment, *, by: User, amount: Decimal, due_on: dt.date, seen: str | None = None) -> Payment:
    """Correct the amount or the due date of a payment that is only planned; nothing is written when nothing changed.

    `seen` is what the page showed of it (`Payment.seen`), here as for `order`. Raises NotAllowed, Late, Changed,
    Refused as `plan` does.
    """
    dossier_stage, payment = moved(payment, CHANGES, by=by)
    if (payment.amount, payment.due_on) == (amount, due_on):
        return payment
    check_seen(payment, seen)
    sums = reachable.sums(payment.grant)
    check_amount(sums, PaymentKind(payment.kind), amount, instead_of=payment.amount)
    before = told(payment)
    payment.amount, payment.due_on = amount, due_on
    payment.save(update_fields=["amount", "due_on"])
    record(dossier_stage, EventKind.PAYMENT_CHANGED, by=by, message=f"{told(payment)}\n\nAuparavant\u00a0: {before}")
    return payment


@transaction.atomic
def order(payment: Payment, *, by: User, seen: str | None = None) -> Payment:
    """Have a payment made by the accountant. Raises NotAllowed, Late, Changed when it is no longer what was `seen`,
    Refused when the accepted objectives do not let that much be paid (Q&A 3.5), or before the convention is checked."""
    dossier_stage, payment = moved(payment, ORDERS, by=by)
    check_seen(payment, seen)
    if not payment.is_repayment:
        check_payable(payment)
    move(payment, PaymentState.ORDERED)
    record(dossier_stage, EventKind.PAYMENT_ORDERED, by=by, message=told(payment))
    return payment


@transaction.atomic
def pay(payment: Payment, *, by: User, on: dt.date, transfer: str = "") -> Payment:
    """Note that the money has gone, on that day, by the transfer that the accountant names so. Raises NotAllowed, Late,
    Refused for a day to come, or so old that it is a slip of the keyboard: it could never be corrected."""
    dossier_stage, payment = moved(payment, PAYS, by=by)
    if on > timezone.localdate():
        raise Refused("La date du paiement est à venir\u00a0: indiquez le jour où il a été fait.")
    if on < EARLIEST:
        raise Refused(TOO_OLD)
    move(payment, PaymentState.PAID, on=on, transfer=transfer)
    event = record(dossier_stage, EventKind.PAYMENT_PAID, by=by, message=told(payment))
    emails.paid(event, payment)
    return payment


@transaction.atomic
def name_transfer(payment: Payment, *, by: User, transfer: str, reason: str = "") -> Payment:
    """Say by which transfer a payment was made, once it is; another than the one noted asks why. Nothing is written
    when nothing changed, and neither the amount nor the day ever does.

    Raises NotAllowed, Late, Refused without a reference, or without the reason of a correction.
    """
    dossier_stage, payment = moved(payment, NAMES, by=by)
    transfer, reason, before = transfer.strip(), reason.strip(), payment.transfer
    if not transfer:
        raise Refused("Indiquez la référence du virement\u00a0: celle d'un paiement fait ne s'efface pas.")
    if transfer == before:
        return payment
    if before and not reason:
        raise Refused(
            f"Ce paiement porte déjà la référence {french.quoted(before)}\u00a0: indiquez pourquoi elle change."
        )
    payment.transfer = transfer
    payment.save(update_fields=["transfer"])
    why = f"\n\nAuparavant\u00a0: virement {before}.\n\n{reason}" if before else ""
    record(dossier_stage, EventKind.PAYMENT_CHANGED, by=by, message=f"{told(payment)}{why}")
    return payment


@transaction.atomic
def cancel(payment: Payment, *, by: User, reason: str) -> Payment:
    """Give a payment up, before it is made. Raises NotAllowed, Late, Refused without a reason."""
    dossier_stage, payment = moved(payment, CANCELS, by=by)
    if not reason.strip():
        raise Refused("Indiquez le motif de l'annulation\u00a0: le référent le lira.")
    give_up(payment, dossier_stage, by=by, reason=reason.strip())
    return payment


def give_up(payment: Payment, dossier_stage: DossierStage, *, by: User | None, reason: str) -> Event:
    """Cancel a payment that is held, and say why."""
    move(payment, PaymentState.CANCELLED)
    return record(dossier_stage, EventKind.PAYMENT_CANCELLED, by=by, message=f"{told(payment)}\n\n{reason}")


def held(grant: Grant, *, by: User) -> tuple[DossierStage, Grant]:
    """The étape and the subsidy, read again under their locks. Raises NotAllowed."""
    dossier_stage = locked(grant.dossier_stage)
    if not access.may_pay(by, dossier_stage):
        raise NotAllowed
    return dossier_stage, Grant.objects.select_for_update(no_key=True).get(pk=grant.pk)


def moved(payment: Payment, sources: frozenset[PaymentState], *, by: User) -> tuple[DossierStage, Payment]:
    """A payment under the locks, once it is known to stand where a change starts. Raises NotAllowed, Late."""
    dossier_stage, grant = held(payment.grant, by=by)
    current = Payment.objects.get(pk=payment.pk)
    current.grant = grant
    if PaymentState(current.state) not in sources:
        when = f" le {french.day(current.paid_on)}" if current.paid_on else ""
        raise Late(
            f"Le {current.kind_label.lower()} {current.reference} est à l'état "
            f"{french.quoted(current.state_label)}{when}\u00a0: il ne change plus ainsi."
        )
    return dossier_stage, current


def check_seen(payment: Payment, seen: str | None) -> None:
    """Raise Changed when a payment is no longer what a page showed: nobody has an amount paid that they have not read,
    nor writes over what a colleague has just written."""
    if seen is not None and seen != payment.seen:
        raise Changed(
            f"Ce {payment.kind_label.lower()} a changé depuis que vous avez ouvert cette page\u00a0: il est maintenant "
            f"de {french.euros(payment.amount)}, échéance du {french.day(payment.due_on)}. Relisez-le."
        )


def move(payment: Payment, state: PaymentState, *, on: dt.date | None = None, transfer: str = "") -> None:
    payment.state, payment.paid_on, payment.transfer = state, on, transfer.strip()
    payment.save(update_fields=["state", "paid_on", "transfer"])


def check_amount(sums: payments.Sums, kind: PaymentKind, amount: Decimal, *, instead_of: Decimal = Decimal(0)) -> None:
    """Raise Refused unless that much may be planned, or asked back."""
    if amount <= 0 or amount != amount.quantize(CENT):
        raise Refused("Le montant d'un paiement est supérieur à zéro, au centime près.")
    if kind == PaymentKind.REPAYMENT:
        most = sums.may_ask_back + instead_of
        if amount > most:
            raise Refused(f"Il n'y a pas tant à reverser\u00a0: au plus {french.euros(most)}.")
        return
    most = replace(sums, planned=sums.planned - instead_of).may_plan
    if amount > most:
        why = "la subvention" if sums.reach == sums.ceiling else "ce que les objectifs permettent de verser"
        way = f"ce versement peut être de {french.euros(most)} au plus" if most else "rien de plus ne peut être prévu"
        raise Refused(f"L'échéancier dépasserait {why} ({french.euros(sums.reach)})\u00a0: {way}.")


def check_payable(payment: Payment) -> None:
    """Raise Refused unless that payment may be ordered today."""
    grant = payment.grant
    in_force = agreements.in_force(grant)
    if grant.needs_agreement and (in_force is None or in_force.state != AgreementState.ACCEPTED):
        raise Refused("La convention n'est pas encore signée et contrôlée\u00a0: rien ne peut être ordonnancé avant.")
    sums = payments.sums(grant)
    if payment.amount > sums.may_order:
        what = "Les objectifs acceptés permettent" if objectives.has_shares(grant) else "La subvention permet"
        raise Refused(
            f"{what} de verser {french.euros(sums.payable)}, dont "
            f"{french.euros(sums.engaged)} sont déjà ordonnancés ou versés\u00a0: vous pouvez ordonnancer "
            f"{french.euros(sums.may_order)} au plus."
        )


def reference_of(dossier: str, number: int) -> str:
    """The reference of a payment: that of its dossier, and its number."""
    return f"{dossier}-{number:02d}"


def told(payment: Payment) -> str:
    """The line that history keeps."""
    when = f"le {french.day(payment.paid_on)}" if payment.paid_on else f"échéance du {french.day(payment.due_on)}"
    how = f", virement {payment.transfer}" if payment.transfer else ""
    return f"{payment.kind_label} {payment.reference} de {french.euros(payment.amount)}, {when}{how}."
