"""What is paid of a subsidy and what is to come: the sums, the schedule of a dossier, the list of those who pay."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from funding.enums import PaymentKind, PaymentState
from funding.models import Grant, Payment

NOTHING = Decimal("0.00")


@dataclass(frozen=True)
class Sums:
    """The money of one subsidy, in euros. What is given back counts once it has come back."""

    ceiling: Decimal
    payable: Decimal
    planned: Decimal = NOTHING
    ordered: Decimal = NOTHING
    paid: Decimal = NOTHING
    given_back: Decimal = NOTHING
    #: Asked back, and not come back yet.
    asked_back: Decimal = NOTHING
    #: What no decision has refused, out of the ceiling: see `queries.reachable`. None where nobody asks.
    reachable: Decimal | None = None
    #: Whether what is payable follows the objectives accepted: a barème may pay the subsidy as a whole (Q&A 3.5).
    follows_objectives: bool = True

    @property
    def kept(self) -> Decimal:
        """What the beneficiary has received and not given back."""
        return self.paid - self.given_back

    @property
    def left(self) -> Decimal:
        """What has left or is about to, whatever came back."""
        return self.ordered + self.paid

    @property
    def engaged(self) -> Decimal:
        """What has left or is about to."""
        return self.ordered + self.kept

    @property
    def reach(self) -> Decimal:
        """What the subsidy may still come to: what a control left, less what was refused."""
        return self.ceiling if self.reachable is None else self.reachable

    @property
    def may_plan(self) -> Decimal:
        return max(NOTHING, self.reach - self.engaged - self.planned)

    @property
    def overplanned(self) -> Decimal:
        """What is planned, and will never be payable: objectives were refused since."""
        return max(NOTHING, self.planned - max(NOTHING, self.reach - self.engaged))

    @property
    def may_order(self) -> Decimal:
        return max(NOTHING, self.payable - self.engaged)

    @property
    def may_ask_back(self) -> Decimal:
        return self.kept - self.asked_back

    @property
    def to_come(self) -> Decimal:
        """What the beneficiary may still receive."""
        return max(NOTHING, self.reach - self.kept)

    @property
    def overpaid(self) -> Decimal:
        """« Trop-perçu à reverser »: the subsidy was lowered under what was paid."""
        return max(NOTHING, self.kept - self.payable)

    @property
    def overordered(self) -> Decimal:
        """What is ordered, and should no longer be."""
        return max(NOTHING, self.engaged - self.payable - self.overpaid)


def total(kind: PaymentKind, *states: PaymentState) -> Coalesce:
    """The sum of the payments of a kind in these states, as an aggregate."""
    return Coalesce(Sum("amount", filter=Q(kind=kind, state__in=states)), NOTHING)


#: Which payments each sum adds up: their kind, and their states.
PARTS: dict[str, tuple[PaymentKind, tuple[PaymentState, ...]]] = {
    "planned": (PaymentKind.PAYMENT, (PaymentState.PLANNED,)),
    "ordered": (PaymentKind.PAYMENT, (PaymentState.ORDERED,)),
    "paid": (PaymentKind.PAYMENT, (PaymentState.PAID,)),
    "given_back": (PaymentKind.REPAYMENT, (PaymentState.PAID,)),
    "asked_back": (PaymentKind.REPAYMENT, (PaymentState.PLANNED, PaymentState.ORDERED)),
}
TOTALS = {name: total(kind, *states) for name, (kind, states) in PARTS.items()}


def sums(grant: Grant) -> Sums:
    """The money of a subsidy: 1 query."""
    found = Payment.objects.filter(grant=grant).aggregate(**TOTALS)
    return Sums(ceiling=grant.ceiling, payable=grant.payable, **found)


def summed(grant: Grant, rows: Collection[Payment]) -> Sums:
    """The same from its payments, once they are read; those cancelled may be left out."""
    found: dict[str, Any] = {
        name: sum((each.amount for each in rows if each.kind == kind and each.state in states), NOTHING)
        for name, (kind, states) in PARTS.items()
    }
    return Sums(ceiling=grant.ceiling, payable=grant.payable, **found)


@dataclass(frozen=True)
class Way:
    """What brings a schedule down to what may be paid: a payment to lower, or to give up."""

    payment: Payment
    #: In euros, what may be left of it; zero when nothing may.
    left: Decimal


def ways_down(sums: Sums, rows: Collection[Payment]) -> list[Way]:
    """What to do, in this order, about payments planned beyond what the subsidy may reach: those due last give way
    first, as they do to a control (`workflow.payable.give_way`)."""
    excess, found = sums.overplanned, []
    for payment in due_last_first(rows, PaymentState.PLANNED):
        if excess <= 0:
            break
        found.append(Way(payment, max(NOTHING, payment.amount - excess)))
        excess -= payment.amount
    return found


def to_cancel(sums: Sums, rows: Collection[Payment]) -> list[Payment]:
    """The payments ordered, due last first, while more is ordered than what is payable."""
    return due_last_first(rows, PaymentState.ORDERED) if sums.overordered else []


def due_last_first(rows: Collection[Payment], state: PaymentState) -> list[Payment]:
    """The payments in that state, repayments left out."""
    found = [each for each in rows if not each.is_repayment and each.state == state]
    return sorted(found, key=lambda each: (each.due_on, each.pk), reverse=True)


def schedule(grant: Grant) -> QuerySet[Payment]:
    """Every payment of a subsidy, in the order of their due dates."""
    return Payment.objects.filter(grant=grant).select_related("prepared_by")
