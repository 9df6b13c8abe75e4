"""Subsidies for tests, made as the portal makes them: `granted()` → `sent()` → `signed()` → `accepted()`.

Each takes the keywords of the one before it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from accounts.models import User
from dossiers.models import DossierStage
from funding import workflow
from funding.models import Agreement, Grant
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
