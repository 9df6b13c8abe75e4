"""Subsidies for tests, made as the portal makes them: `granted()` → `sent()` → `signed()` → `accepted()`.

Each takes the keywords of the one before it. `payable()` is a subsidy of which so many euros may be paid today.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import User
from dossiers.models import DossierStage
from funding import workflow
from funding.models import Agreement, Control, Grant, Payment
from funding.workflow import templates
from tests.accounts.factories import UserFactory
from tests.dossiers import factories

AGREEMENTS = factories.FIXTURES / "agreements"
#: Parcours 1 with the two sites of `factories.validated()`.
ESTIMATED = Decimal("18800.00")


def granted(
    stage: DossierStage | None = None,
    *,
    verifier: User | None = None,
    amount: Decimal | None = None,
    reason: str = "",
    with_agreement: bool = True,
    **keywords: Any,
) -> Grant:
    stage = stage or factories.validated(**keywords)
    templates.load(AGREEMENTS / "poc-essms.md")
    return workflow.grants.grant(
        stage,
        by=verifier or UserFactory(verifier=True),
        amount=amount or ESTIMATED,
        reason=reason,
        with_agreement=with_agreement,
    )


def sent(**keywords: Any) -> Agreement:
    grant = granted(**keywords)
    return workflow.agreements.send(grant, by=grant.granted_by)


def signed(*, copy: str = "Convention signée.pdf", **keywords: Any) -> Agreement:
    agreement = sent(**keywords)
    referent = agreement.grant.dossier.referent
    return workflow.agreements.sign(agreement, factories.pdf(copy), by=referent)


def accepted(**keywords: Any) -> Agreement:
    agreement = signed(**keywords)
    assert agreement.signed_copy_id is not None
    return workflow.agreements.accept(agreement, by=agreement.sent_by, read=agreement.signed_copy_id)


def payable(amount: Decimal | int = ESTIMATED, *, with_agreement: bool = False, **keywords: Any) -> Grant:
    """As if objectives had been accepted for that amount: what lets it be paid is tested where they are decided."""
    grant = granted(with_agreement=with_agreement, **keywords)
    Grant.objects.filter(pk=grant.pk).update(payable=amount)
    return Grant.objects.get(pk=grant.pk)


def planned(grant: Grant, amount: Decimal | int, *, days: int = 30, **keywords: Any) -> Payment:
    due_on = timezone.localdate() + dt.timedelta(days=days)
    by = keywords.pop("by", None) or UserFactory(lead=True)
    return workflow.payments.plan(grant, by=by, amount=Decimal(amount), due_on=due_on, **keywords)


def ordered(grant: Grant, amount: Decimal | int, **keywords: Any) -> Payment:
    payment = planned(grant, amount, **keywords)
    return workflow.payments.order(payment, by=payment.prepared_by)


def paid(grant: Grant, amount: Decimal | int, **keywords: Any) -> Payment:
    payment = ordered(grant, amount, **keywords)
    return workflow.payments.pay(payment, by=payment.prepared_by, on=timezone.localdate())


def controlled(grant: Grant, *, by: User | None = None) -> Control:
    return workflow.controls.open(
        grant,
        by=by or UserFactory(verifier=True),
        documents="Rapport de test de restauration",
        due_on=timezone.localdate() + dt.timedelta(days=30),
    )


def answered(grant: Grant, *, by: User | None = None) -> Control:
    control = controlled(grant, by=by)
    workflow.controls.deposit(control, factories.pdf("Preuve.pdf"), by=grant.dossier.referent)
    control.refresh_from_db()
    return control
