"""What waits for the référent of a subsidy, on his dashboard and on top of its pages (D1, F4, Q&A 4.2)."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from funding import queries, workflow
from tests.accounts.factories import RepresentationFactory, UserFactory
from tests.dossiers import factories, pages
from tests.funding import subsidies

pytestmark = pytest.mark.django_db


def dashboard(user: User) -> str:
    return pages.text(factories.signed_in(user).get(reverse("dossiers:dashboard")))


def test_a_convention_waits_for_its_referent_until_it_is_deposited() -> None:
    agreement = subsidies.sent()
    referent, reference = agreement.grant.dossier.referent, agreement.grant.dossier.reference
    asked = f"La convention du dossier {reference} est à faire signer"
    assert asked in dashboard(referent)
    assert asked not in dashboard(factories.referent(agreement.grant.dossier.legal_entity)), (
        "a colleague has nothing to do"
    )
    again = workflow.agreements.send(agreement.grant, by=agreement.sent_by)
    assert dashboard(referent).count(asked) == 1, "the one before is replaced"
    again = workflow.agreements.sign(again, factories.pdf(), by=referent)
    assert asked not in dashboard(referent)
    assert again.signed_copy_id is not None
    workflow.agreements.refuse(again, by=agreement.sent_by, read=again.signed_copy_id, reason="Illisible.")
    assert f"{asked} de nouveau" in dashboard(referent)


def test_the_pieces_of_a_control_wait_until_they_are_deposited() -> None:
    grant = subsidies.payable()
    control = subsidies.controlled(grant)
    referent, reference = grant.dossier.referent, grant.dossier.reference
    asked = f"Des pièces sont demandées pour le contrôle du dossier {reference}"
    assert asked in dashboard(referent)
    own = reverse("dossiers:form", args=[reference])
    client = factories.signed_in(referent)
    assert "Un contrôle est en cours : des pièces sont à déposer" in pages.text(client.get(own))
    workflow.controls.deposit(control, factories.pdf("Preuve.pdf"), by=referent)
    assert asked not in dashboard(referent)
    assert "vos pièces sont déposées" in pages.text(client.get(own))
    desk = factories.signed_in(UserFactory(verifier=True))
    page = pages.text(desk.get(reverse("funding:subsidy", args=[reference])))
    assert "Les pièces du contrôle sont à lire" in page


def test_it_costs_the_same_for_one_and_for_three() -> None:
    referent = factories.referent(factories.entity())

    def add() -> None:
        entity = factories.entity()
        RepresentationFactory(user=referent, legal_entity=entity, is_primary=False)
        stage = factories.validated(by=referent, legal_entity=entity)
        subsidies.sent(stage=stage)

    add()
    with CaptureQueriesContext(connection) as one:
        assert len(queries.waiting_for_referent(referent)) == 1
    assert len(one) == 2
    for _ in range(2):
        add()
    with CaptureQueriesContext(connection) as three:
        assert len(queries.waiting_for_referent(referent)) == 3
    assert len(three) == len(one)
