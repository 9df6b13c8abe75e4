"""« À venir »: what the référent may still receive, refused shares and controls taken off (F5, F7, Q&A 3.5)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse

from dossiers import workflow as dossiers_workflow
from funding.models import Grant
from funding.queries import checking, reachable
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages
from tests.funding import reached, subsidies

pytestmark = pytest.mark.django_db


def test_what_is_to_come_leaves_out_what_is_refused_then_what_a_control_took_and_what_was_paid() -> None:
    lead = UserFactory(lead=True)
    stage = reached.presented()
    grant = Grant.objects.get()
    own = factories.signed_in(grant.dossier.referent)
    page = reverse("funding:own-subsidy", args=[grant.dossier.reference])
    assert reachable.sums(grant).to_come == grant.ceiling == 18_800, "nothing is decided"
    reached.decide(stage, "diagnosis", by=lead)
    reached.decide(stage, "backups", by=lead, reason="Sans preuve.")
    assert reachable.sums(grant).to_come == 11_280, "40 % refused"
    assert "11 280 € à venir" in pages.text(own.get(page))
    reached.decide(stage, "backups", by=lead)
    assert reachable.sums(grant).to_come == 18_800, "accepted after all"
    for code in ("awareness", "inventory", "updates"):
        reached.decide(stage, code, by=lead)
    dossiers_workflow.validate(factories.fresh(stage), by=lead)
    grant = Grant.objects.get()
    assert reachable.reachable(grant) == grant.payable == Decimal(17_860), "one of 5 % is not presented"
    subsidies.paid(grant, 5_000, by=lead)
    assert reachable.sums(grant).to_come == 12_860


def test_it_agrees_with_what_is_payable_and_with_the_check_of_sums_once_all_is_decided() -> None:
    grant = reached.settled(lead=UserFactory(lead=True))
    sums = reachable.sums(grant)
    assert sums.reachable == sums.payable == 8_800, "16 000 € left by a control, 45 % of which is lost"
    assert sums.to_come == sums.payable - sums.kept == 5_800
    assert not list(checking.of_grants())


def test_nothing_is_to_come_of_a_rejected_etape_and_never_less_than_nothing() -> None:
    lead = UserFactory(lead=True)
    stage = reached.decided(by=lead, refused=dict.fromkeys(("diagnosis", "backups", "awareness"), "Non."))
    dossiers_workflow.reject(stage, by=lead, reason="Rien n'est atteint.")
    grant = Grant.objects.get()
    assert reachable.sums(grant).to_come == 0


def test_the_whole_ceiling_is_to_come_before_the_objectives() -> None:
    assert reachable.reachable(subsidies.granted()) == 18_800


def test_the_page_stays_within_its_queries() -> None:
    reached.settled(lead=UserFactory(lead=True))
    grant = Grant.objects.get()
    own = factories.signed_in(grant.dossier.referent)
    page = reverse("funding:own-subsidy", args=[grant.dossier.reference])
    assert pages.cost(lambda: own.get(page)) <= 16
