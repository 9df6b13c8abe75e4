"""Payments: planned within the subsidy, ordered within what is payable, paid, given back (F7, Q37)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from dossiers.enums import EventKind
from dossiers.models import Event
from ecare.models import AuditEntry
from funding import workflow
from funding.enums import PaymentKind, PaymentState
from funding.models import Grant, Payment
from funding.queries import payments
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.funding import subsidies

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate
#: What a payment may do from each state; everything else is refused, and changes nothing.
ALLOWED = {
    PaymentState.PLANNED: {"change", "order", "cancel"},
    PaymentState.ORDERED: {"pay", "cancel"},
    PaymentState.PAID: set(),
    PaymentState.CANCELLED: set(),
}


def at(state: PaymentState) -> Payment:
    grant = subsidies.payable()
    lead = UserFactory(lead=True)
    if state == PaymentState.PAID:
        return subsidies.paid(grant, 100, by=lead)
    payment = subsidies.ordered(grant, 100, by=lead) if state == PaymentState.ORDERED else None
    payment = payment or subsidies.planned(grant, 100, by=lead)
    if state == PaymentState.CANCELLED:
        workflow.payments.cancel(payment, by=lead, reason="Erreur.")
    return payment


def act(name: str, payment: Payment, *, by: object) -> None:
    options: dict[str, dict[str, object]] = {
        "change": {"amount": Decimal(200), "due_on": payment.due_on},
        "pay": {"on": TODAY()},
        "cancel": {"reason": "Doublon."},
    }
    getattr(workflow.payments, name)(payment, by=by, **options.get(name, {}))


@pytest.mark.parametrize("state", PaymentState)
@pytest.mark.parametrize("name", ["change", "order", "pay", "cancel"])
def test_each_change_starts_where_the_table_says_and_by_a_lead(state: PaymentState, name: str) -> None:
    payment = at(state)
    before = Payment.objects.values().get(pk=payment.pk)
    events = Event.objects.count()
    others = (UserFactory(verifier=True), UserFactory(regional=True), UserFactory(admin=True))
    for outsider in (*others, payment.grant.dossier.referent):
        with pytest.raises(workflow.NotAllowed):
            act(name, payment, by=outsider)
    if name not in ALLOWED[state]:
        with pytest.raises(workflow.payments.Late):
            act(name, payment, by=payment.prepared_by)
        assert Payment.objects.values().get(pk=payment.pk) == before
        assert Event.objects.count() == events
        return
    act(name, payment, by=payment.prepared_by)
    event = Event.objects.latest("pk")
    assert payment.reference in event.message
    assert AuditEntry.objects.filter(kind="dossier", detail__change=event.kind).exists()


def test_a_transfer_is_named_once_paid_then_corrected_for_a_reason() -> None:
    payment = subsidies.paid(subsidies.payable(), 100)
    lead = payment.prepared_by
    name = workflow.payments.name_transfer
    emails = Email.objects.count()
    with pytest.raises(workflow.NotAllowed):
        name(payment, by=payment.grant.dossier.referent, transfer="VIR-1")
    with pytest.raises(workflow.Refused, match="ne s'efface pas"):
        name(payment, by=lead, transfer=" ")
    assert name(payment, by=lead, transfer=" VIR-1 ").transfer == "VIR-1"
    changes = Event.objects.filter(kind=EventKind.PAYMENT_CHANGED).order_by("pk")
    assert "virement VIR-1." in changes[0].message
    with pytest.raises(workflow.Refused, match="indiquez pourquoi"):
        name(payment, by=lead, transfer="VIR-2")
    name(payment, by=lead, transfer="VIR-1")  # nothing changed, nothing is written
    name(payment, by=lead, transfer="VIR-2", reason="Chiffre inversé.")
    assert [each.message.count("Chiffre inversé.") for each in changes.all()] == [0, 1]
    assert "Auparavant\u00a0: virement VIR-1." in changes.all()[1].message
    assert AuditEntry.objects.filter(kind="dossier", detail__change="payment_changed").count() == 2
    now = Payment.objects.get()
    assert (now.transfer, now.amount, now.paid_on, now.state) == ("VIR-2", 100, payment.paid_on, PaymentState.PAID)
    assert Email.objects.count() == emails
    with pytest.raises(workflow.payments.Late):
        name(subsidies.ordered(subsidies.payable(), 100, by=lead), by=lead, transfer="VIR-1")


def test_the_money_of_a_subsidy_from_the_plan_to_what_is_given_back() -> None:
    grant, lead = subsidies.payable(10_000), UserFactory(lead=True)
    first = subsidies.paid(grant, 6_000, by=lead)
    subsidies.ordered(grant, 1_000, by=lead)
    subsidies.planned(grant, 11_000, by=lead)
    sums = payments.sums(grant)
    assert (sums.paid, sums.ordered, sums.planned) == (6_000, 1_000, 11_000)
    assert (sums.may_order, sums.may_plan, sums.to_come) == (3_000, 800, 12_800)
    with pytest.raises(workflow.Refused, match="au plus"):
        subsidies.planned(grant, 801, by=lead)
    with pytest.raises(workflow.Refused, match="au plus"):
        subsidies.planned(grant, 6_001, by=lead, kind=PaymentKind.REPAYMENT)
    back = subsidies.paid(grant, 2_000, by=lead, kind=PaymentKind.REPAYMENT)
    sums = payments.sums(grant)
    assert (sums.kept, sums.engaged, sums.may_order) == (4_000, 5_000, 5_000)
    assert back.state_label == "Reversé"
    told = Email.objects.filter(kind="payment_paid").order_by("pk")
    assert [each.to for each in told] == [grant.dossier.referent.email] * 2
    assert first.reference in told[0].text
    assert "reversement de 2" in told[1].text


def test_nothing_is_ordered_before_the_convention_is_checked_nor_paid_in_advance() -> None:
    grant, lead = subsidies.payable(with_agreement=True), UserFactory(lead=True)
    payment = subsidies.planned(grant, 100, by=lead)
    with pytest.raises(workflow.Refused, match="convention"):
        workflow.payments.order(payment, by=lead)
    payment = subsidies.ordered(subsidies.payable(), 100, by=lead)
    with pytest.raises(workflow.Refused, match="à venir"):
        workflow.payments.pay(payment, by=lead, on=TODAY() + dt.timedelta(days=1))


@pytest.mark.parametrize("day", [dt.date(206, 1, 15), dt.date(2019, 12, 31)])
def test_a_year_mistyped_is_refused_since_the_day_of_a_payment_never_changes(day: dt.date) -> None:
    payment = subsidies.ordered(subsidies.payable(), 100, by=UserFactory(lead=True))
    with pytest.raises(workflow.Refused, match="vérifiez l'année"):
        workflow.payments.pay(payment, by=payment.prepared_by, on=day)
    assert Payment.objects.get().state == PaymentState.ORDERED


def test_a_subsidy_lowered_under_what_was_paid_is_an_overpayment_and_plans_give_way() -> None:
    grant, lead = subsidies.payable(), UserFactory(lead=True)
    subsidies.paid(grant, 5_000, by=lead)
    late = subsidies.ordered(grant, 1_000, by=lead)
    soon, far = subsidies.planned(grant, 6_000, by=lead, days=10), subsidies.planned(grant, 6_000, by=lead, days=90)

    with transaction.atomic():
        lowered = workflow.payable.recompute(grant)  # no objective is accepted: nothing is payable any more

    sums = payments.sums(lowered)
    assert (sums.payable, sums.overpaid, sums.overordered) == (0, 5_000, 1_000)
    assert Payment.objects.get(pk=far.pk).state == PaymentState.PLANNED, "the ceiling did not move"
    with pytest.raises(workflow.Refused, match="permettent de verser 0"):
        workflow.payments.order(soon, by=lead)
    workflow.payments.pay(late, by=lead, on=TODAY())  # the money has left: it is told as it is
    assert payments.sums(lowered).overpaid == 6_000

    lowered.ceiling = Decimal(12_000)
    with transaction.atomic():
        workflow.payable.give_way(lowered)
    assert [Payment.objects.get(pk=each.pk).state for each in (soon, far)] == ["planned", "cancelled"]
    event = Event.objects.get(kind=EventKind.PAYMENT_CANCELLED)
    assert far.reference in event.message


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE funding_payment SET amount = 18801 WHERE number = 1", "kept"),
        ("UPDATE funding_payment SET state = 'planned' WHERE number = 1", "kept"),
        ("UPDATE funding_payment SET transfer = '' WHERE number = 1", "kept"),
        ("UPDATE funding_payment SET transfer = 'VIR-2', amount = 4999 WHERE number = 1", "kept"),
        ("UPDATE funding_payment SET transfer = 'VIR-2', paid_on = paid_on - 1 WHERE number = 1", "kept"),
        ("UPDATE funding_payment SET transfer = 'VIR-2', state = 'ordered', paid_on = null WHERE number = 1", "kept"),
        ("UPDATE funding_payment SET transfer = 'VIR-2' WHERE number = 2", "payment_transfer_once_paid"),
        ("DELETE FROM funding_payment WHERE number = 1", "kept"),
        ("UPDATE funding_payment SET state = 'paid', paid_on = now() WHERE number = 3", "kept"),
        ("UPDATE funding_payment SET amount = 8801 WHERE number = 3", "more is planned"),
        ("UPDATE funding_payment SET state = 'ordered' WHERE number = 3", "more is ordered"),
        ("UPDATE funding_payment SET state = 'paid' WHERE number = 2", "payment_paid_on_a_day"),
        ("UPDATE funding_payment SET amount = 0 WHERE number = 3", "payment_amount_positive"),
        ("UPDATE funding_payment SET amount = 5001 WHERE number = 4", "more is given back"),
        ("UPDATE funding_grant SET ceiling = 15000", "more is planned"),
    ],
)
def test_the_database_refuses_what_the_rules_refuse(statement: str, reason: str) -> None:
    grant, lead = subsidies.payable(10_000), UserFactory(lead=True)
    subsidies.paid(grant, 5_000, by=lead)
    subsidies.ordered(grant, 5_000, by=lead)
    subsidies.planned(grant, 8_000, by=lead)
    subsidies.planned(grant, 1_000, by=lead, kind=PaymentKind.REPAYMENT)
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match=reason), transaction.atomic():
        cursor.execute(statement)
    assert Grant.objects.get().ceiling == Decimal(18_800)


@pytest.mark.parametrize("day", [dt.date(2019, 12, 31), dt.date(2100, 1, 1), dt.date(205, 9, 15)])
def test_the_database_refuses_a_year_typed_wrong(day: dt.date) -> None:
    planned, ordered = at(PaymentState.PLANNED), at(PaymentState.ORDERED)
    with pytest.raises(IntegrityError, match="payment_days_plausible"), transaction.atomic():
        Payment.objects.filter(pk=planned.pk).update(due_on=day)
    with pytest.raises(IntegrityError, match="payment_days_plausible"), transaction.atomic():
        Payment.objects.filter(pk=ordered.pk).update(state=PaymentState.PAID, paid_on=day)
