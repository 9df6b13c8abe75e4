"""Fifty people at once on the money of three dossiers, through the pages and through the rules: whatever happens, what
is refused is told, and the check of the night finds nothing."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from dossiers import workflow as workflow_of_dossiers
from dossiers.enums import EventKind, Status
from dossiers.models import DossierStage, Event
from funding import tasks, workflow
from funding.enums import ControlState, PaymentKind, PaymentState
from funding.models import Control, Discrepancy, Envelope, Grant, Payment
from funding.queries import checking, payments, reachable
from tests.accounts.factories import UserFactory
from tests.dossiers import crowd, factories
from tests.funding import reached, subsidies

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 50
ROUNDS = 3
#: Done; refused and said on the page: too late, or not allowed by the rules.
DONE, REFUSED = 302, {409, 422}


def test_fifty_people_on_three_dossiers_leave_sums_that_agree() -> None:
    lead = UserFactory(lead=True)
    UserFactory(admin=True)
    grants = [reached.settled(lead=lead) for _ in range(3)]
    for planned in Payment.objects.filter(state=PaymentState.PLANNED, kind=PaymentKind.PAYMENT):
        workflow.payments.change(planned, by=lead, amount=Decimal(1_000), due_on=planned.due_on)  # there is room
    Envelope.objects.create(guichet=factories.poc().guichet, budget=Decimal(200_000))
    browsers = [factories.signed_in(lead) for _ in range(THREADS)]
    chance = random.Random(11)
    statuses: Counter[int] = Counter()

    with crowd.of(THREADS) as together:
        for number in range(ROUNDS):
            for grant in grants:
                prepared(grant, lead, number)
            calls = [
                call
                for index, grant in enumerate(grants)
                for call in on(grant, lead, browsers[16 * index : 16 * (index + 1)], number)
            ]
            calls += [tasks.check_money, tasks.count_budgets]
            assert len(calls) == THREADS
            chance.shuffle(calls)
            results = together(*calls)
            statuses.update(each.status_code for each in results if isinstance(each, HttpResponse))
            # A sum that is read while others write is never taken for a difference.
            assert not Discrepancy.objects.exists()

    assert statuses[DONE] > 0
    assert sum(statuses[status] for status in REFUSED) > 0
    assert set(statuses) <= {DONE, *REFUSED}
    happened = set(Event.objects.values_list("kind", flat=True))
    assert happened >= {
        EventKind.PAYMENT_PLANNED,
        EventKind.PAYMENT_ORDERED,
        EventKind.PAYMENT_PAID,
        EventKind.PAYMENT_CANCELLED,
        EventKind.CONTROL_OPENED,
        EventKind.CONTROL_CLOSED,
        EventKind.OBJECTIVE_ACCEPTED,
        EventKind.OBJECTIVE_REFUSED,
        EventKind.REOPENED,
        EventKind.VALIDATED,
    }
    assert list(checking.of_grants()) == []
    for grant in Grant.objects.all():
        sums = payments.sums(grant)
        assert sums.engaged <= grant.amount
        assert not sums.planned or sums.engaged + sums.planned <= grant.ceiling
        assert sums.given_back + sums.asked_back <= sums.paid
        lowered = Control.objects.filter(grant=grant, state=ControlState.LOWERED).order_by("-number").first()
        assert lowered is not None
        assert grant.ceiling == lowered.ceiling
    tasks.count_budgets()
    tasks.check_money()
    assert not Discrepancy.objects.exists()


def prepared(grant: Grant, lead: User, number: int) -> None:
    """Something to move, as far as the sums still allow; on every second round, objectives to decide again."""
    stage = objectives_of(grant)
    if number % 2 and stage.status == Status.VALIDATED:
        workflow_of_dossiers.reopen(stage, by=lead, reason="Une preuve est fausse.")
    sums = reachable.sums(Grant.objects.get(pk=grant.pk))
    for _ in range(2):
        if sums.may_plan >= 200:
            subsidies.planned(grant, 100, by=lead)
    for kind, most in (
        (PaymentKind.PAYMENT, min(sums.may_plan - 200, sums.may_order)),
        ("repayment", sums.may_ask_back),
    ):
        if most >= 50:
            subsidies.ordered(grant, 50, by=lead, kind=PaymentKind(kind))
    if not Control.objects.filter(grant=grant, state=ControlState.OPEN).exists():
        subsidies.controlled(grant, by=lead)


def objectives_of(grant: Grant) -> DossierStage:
    return DossierStage.objects.get(dossier=grant.dossier_id, stage__code="objectifs")


def on(grant: Grant, lead: User, browsers: list[Client], number: int) -> list[Callable[[], Any]]:
    """Sixteen calls on one dossier, most of them by its pages."""
    grant = Grant.objects.select_related("dossier").get(pk=grant.pk)
    reference, today = grant.dossier.reference, timezone.localdate().isoformat()
    schedule = reverse("funding:schedule", args=[reference])
    control = reverse("funding:control", args=[reference])
    by_state = {
        state: list(Payment.objects.filter(grant=grant, state=state).order_by("-pk"))
        for state in (PaymentState.PLANNED, PaymentState.ORDERED)
    }
    stage, turn = objectives_of(grant), iter(browsers)
    lower = str(grant.ceiling - Decimal("0.01")).replace(".", ",")

    def post(address: str, data: dict[str, Any]) -> Callable[[], Any]:
        return partial(next(turn).post, address, data)

    def move(state: PaymentState, index: int, data: dict[str, Any]) -> Callable[[], Any]:
        found = by_state[state] or by_state[PaymentState.PLANNED] or list(Payment.objects.filter(grant=grant))
        payment = found[index % len(found)]
        return post(reverse("funding:payment", args=[reference, payment.number]), {**data, "seen": payment.seen})

    return [
        move(PaymentState.PLANNED, 0, {"order": "1"}),
        move(PaymentState.PLANNED, 1, {"order": "1"}),
        move(PaymentState.PLANNED, 0, {"change": "1", "amount": "99,99", "due_on": today}),
        move(PaymentState.PLANNED, 1, {"cancel": "1", "reason": "Erreur."}),
        move(PaymentState.ORDERED, 0, {"pay": "1", "paid_on": today}),
        move(PaymentState.ORDERED, 1, {"pay": "1", "paid_on": today}),
        move(PaymentState.ORDERED, 0, {"cancel": "1", "reason": "Erreur."}),
        post(schedule, {"kind": PaymentKind.PAYMENT, "amount": "6000", "due_on": today}),
        post(schedule, {"kind": PaymentKind.REPAYMENT, "amount": "10,01", "due_on": today}),
        post(control, {"open": "1", "documents": "Rapport de test", "due_on": today}),
        post(
            control,
            {"close": "1", "read": "0", "outcome": "lower", "ceiling": lower, "reason": "Écart."},
        ),
        post(control, {"close": "1", "read": "0", "outcome": "confirm"}),
        partial(workflow_of_dossiers.reopen, stage, by=lead, reason="Une preuve est fausse."),
        partial(reached.decide, stage, "backups", by=lead, reason="Sans preuve." if number % 2 else ""),
        partial(reached.decide, stage, "awareness", by=lead, reason="" if number % 2 else "Sans preuve."),
        partial(workflow_of_dossiers.validate, stage, by=lead),
    ]
