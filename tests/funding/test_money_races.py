"""Fifty changes of one subsidy at once, with real threads and connections: the sums agree, nothing is negative."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from funding import workflow
from funding.enums import PaymentKind, PaymentState
from funding.models import Grant, Payment
from funding.queries import payments
from tests.accounts.factories import UserFactory
from tests.dossiers import crowd
from tests.funding import subsidies

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 50


def test_fifty_changes_at_once_leave_sums_that_agree() -> None:
    lead = UserFactory(lead=True)
    grant = subsidies.payable(12_000)
    today = timezone.localdate()
    waiting = [subsidies.planned(grant, 1_500, by=lead) for _ in range(10)]
    gone = [subsidies.ordered(grant, 300, by=lead) for _ in range(10)]

    def lower() -> None:
        """What a decision on an objective does: the sources say that nothing is payable."""
        with transaction.atomic():
            workflow.grants.locked(grant.dossier_stage)
            workflow.payable.recompute(grant)

    def behind(amount: int) -> None:
        """Around the rules: the database alone is asked."""
        number = 100 + amount
        with suppress(IntegrityError), transaction.atomic():
            Payment.objects.create(
                grant=grant, number=number, reference=f"AUTOUR-{number}", amount=amount, due_on=today, prepared_by=lead
            )

    acts = workflow.payments
    calls: list[Callable[[], Any]] = [
        *[partial(acts.order, each, by=lead) for each in waiting],
        *[partial(acts.cancel, each, by=lead, reason="Erreur.") for each in waiting[:5]],
        *[partial(acts.pay, each, by=lead, on=today) for each in gone],
        *[partial(acts.cancel, each, by=lead, reason="Erreur.") for each in gone[:5]],
        *[partial(acts.plan, grant, by=lead, amount=Decimal(400), due_on=today) for _ in range(5)],
        *[
            partial(acts.plan, grant, by=lead, amount=Decimal(700), due_on=today, kind=PaymentKind.REPAYMENT)
            for _ in range(5)
        ],
        *[partial(behind, amount) for amount in range(398, 406)],
        lower,
        lower,
    ]
    assert len(calls) == THREADS
    random.Random(7).shuffle(calls)

    crowd.at_once(*calls)

    grant = Grant.objects.get()
    sums = payments.sums(grant)
    found = Counter(Payment.objects.values_list("state", flat=True))
    assert found[PaymentState.ORDERED] + found[PaymentState.PAID] > 0
    assert min(sums.planned, sums.ordered, sums.paid, sums.kept, sums.engaged) >= 0
    assert sums.asked_back + sums.given_back <= sums.paid
    assert sums.engaged + sums.planned <= grant.ceiling
    assert sums.engaged <= Decimal(12_000)
    assert (grant.payable, sums.overpaid) == (0, sums.kept)
    numbers = list(grant.payments.values_list("number", flat=True))
    assert len(numbers) == len(set(numbers))
