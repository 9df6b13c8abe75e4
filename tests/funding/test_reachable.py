"""« À venir »: what the référent may still receive, refused shares and controls taken off (F5, F7, Q&A 3.5)."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dossiers import workflow as dossiers_workflow
from ecare import french
from funding import workflow
from funding.models import Grant
from funding.queries import checking, payments, reachable
from funding.schedule import fixtures as schedules
from funding.schedule import workflow as schedule_workflow
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages
from tests.funding import reached, subsidies

pytestmark = pytest.mark.django_db


def sums(grant: Grant) -> payments.Sums:
    found = reachable.sums(grant, list(grant.payments.all()))
    assert replace(found, reachable=None) == payments.sums(grant), "read or added up, the same"
    return found


def test_what_is_decided_along_an_instruction_is_told_with_its_outcome_in_euros_and_in_history() -> None:
    lead = UserFactory(lead=True)
    stage = reached.presented()
    grant = Grant.objects.get()
    own = factories.signed_in(grant.dossier.referent)

    def told() -> tuple[Decimal, bool, bool]:
        """What is to come, then whether history says what was accepted, and what was refused."""
        page = pages.text(own.get(reverse("funding:own-subsidy", args=[grant.dossier.reference])))
        assert f"{french.euros(sums(grant).to_come)} à venir".replace("\u202f", " ").replace("\u00a0", " ") in page
        history = pages.text(own.get(pages.url("history", stage)))
        return sums(grant).to_come, "Objectif accepté" in history, "Objectif refusé" in history

    reached.decide(stage, "diagnosis", by=lead)
    reached.decide(stage, "backups", by=lead, reason="Sans preuve.")
    assert told() == (Decimal(18_800), False, False), "minds may still change"
    desk = pages.text(factories.signed_in(lead).get(pages.url("instruction-dossier", stage)))
    assert "Objectif refusé" in desk, "those who instruct read it"
    dossiers_workflow.request_modification(
        factories.fresh(stage),
        by=lead,
        message="Complétez.",
        remarks={},
        due_at=stage.stage.closes_at,  # type: ignore[arg-type]
    )
    assert told() == (Decimal(11_280), True, True), "40 % refused"
    stage = factories.transmit(factories.fresh(stage))
    reached.decide(stage, "diagnosis", by=lead, reason="À refaire.")
    assert told() == (Decimal(11_280), True, True), "what was told stays told, and no more"
    reached.decide(stage, "backups", by=lead)
    reached.decide(stage, "diagnosis", by=lead)
    assert told() == (Decimal(18_800), True, True), "a refusal that no longer stands is not counted"
    for code in ("awareness", "inventory", "updates"):
        reached.decide(stage, code, by=lead)
    dossiers_workflow.validate(factories.fresh(stage), by=lead)
    grant = Grant.objects.get()
    assert sums(grant).reachable == grant.payable == Decimal(17_860), "one of 5 % is not presented"


def test_once_decided_it_is_what_is_payable_less_what_was_paid_and_the_check_of_sums_agrees() -> None:
    grant = reached.settled(lead=UserFactory(lead=True))
    found = sums(grant)
    assert found.reachable == found.payable == 8_800, "16 000 € left by a control, 45 % of which is lost"
    assert found.to_come == found.payable - found.kept == 5_800
    assert not list(checking.of_grants())


def test_nothing_is_to_come_of_a_rejected_etape_and_never_less_than_nothing() -> None:
    lead = UserFactory(lead=True)
    stage = reached.decided(by=lead, refused=dict.fromkeys(("diagnosis", "backups", "awareness"), "Non."))
    dossiers_workflow.reject(stage, by=lead, reason="Rien n'est atteint.")
    grant = Grant.objects.get()
    assert sums(grant).to_come == 0


def test_the_whole_ceiling_is_to_come_before_the_objectives() -> None:
    assert sums(subsidies.granted()).reachable == 18_800


def test_the_page_stays_within_its_queries() -> None:
    stage = reached.presented()
    lead = UserFactory(lead=True)
    reached.decide(stage, "backups", by=lead, reason="Sans preuve.")
    grant = Grant.objects.get()
    own = factories.signed_in(grant.dossier.referent)
    page = reverse("funding:own-subsidy", args=[grant.dossier.reference])
    with CaptureQueriesContext(connection) as queries:
        own.get(page)
    assert pages.cost(lambda: own.get(page)) <= 12, "\n".join(each["sql"][:110] for each in queries)
    for code in ("diagnosis", "awareness", "inventory", "updates"):
        reached.decide(stage, code, by=lead)
    dossiers_workflow.validate(factories.fresh(stage), by=lead)
    assert pages.cost(lambda: own.get(page)) <= 12


def test_nothing_is_planned_beyond_what_the_objectives_decided_let_be_paid() -> None:
    lead = UserFactory(lead=True)
    stage = reached.presented()
    grant = Grant.objects.get()
    subsidies.planned(grant, 18_800, by=lead)
    assert sums(grant).overplanned == 0, "nothing is decided"
    for code in ("diagnosis", "awareness", "inventory", "updates"):
        reached.decide(stage, code, by=lead)
    reached.decide(stage, "backups", by=lead, reason="Sans preuve.")
    dossiers_workflow.validate(factories.fresh(stage), by=lead)
    grant = Grant.objects.get()
    assert (grant.payable, sums(grant).overplanned, sums(grant).may_plan) == (Decimal(10_340), Decimal(8_460), 0)
    desk = factories.signed_in(lead)
    schedule = reverse("funding:schedule", args=[grant.dossier.reference])
    shown = pages.text(desk.get(schedule))
    assert "8 460 € prévus de trop" in shown
    assert "Aucun autre versement ne peut être prévu." in shown
    own = reverse("funding:own-subsidy", args=[grant.dossier.reference])
    assert "8 460 € de plus que ce que les objectifs permettent" in pages.text(
        factories.signed_in(grant.dossier.referent).get(own)
    )
    payment = pages.text(desk.get(reverse("funding:payment", args=[grant.dossier.reference, 1])))
    assert "attendez" not in payment, "no objective is left to be accepted"
    data = {"kind": "payment", "amount": "1", "due_on": timezone.localdate()}
    refused = desk.post(schedule, data)
    assert refused.status_code == 422
    assert "ce que les objectifs permettent de verser (10 340 €) : rien de plus ne peut être prévu." in pages.text(
        refused
    )
    planned = grant.payments.get()
    assert f"Ramener le versement {planned.reference} de 18 800 € à 10 340 €" in shown
    reader = pages.text(factories.signed_in(UserFactory(verifier=True)).get(schedule))
    assert "8 460 € prévus de trop" in reader
    assert "Ramener" not in reader
    with pytest.raises(workflow.Refused, match="au plus"):
        workflow.payments.change(planned, by=lead, amount=Decimal("10340.01"), due_on=planned.due_on)
    page = desk.get(schedule).content.decode()
    offered = re.search(r'name="amount" value="([^"]*)"', page)
    assert offered
    sent = {"change": "1", "amount": offered[1], "due_on": f"{planned.due_on:%Y-%m-%d}"}
    assert f'value="{sent["due_on"]}"' in page
    desk.post(reverse("funding:payment", args=[grant.dossier.reference, planned.number]), sent)
    planned.refresh_from_db()
    assert (planned.amount, sums(grant).overplanned) == (Decimal(10_340), 0)
    assert "de trop" not in pages.text(desk.get(schedule))


def test_what_is_planned_too_much_is_undone_one_payment_after_the_other_those_due_last_first() -> None:
    lead = UserFactory(lead=True)
    stage = reached.presented()
    grant = Grant.objects.get()
    first, middle, last = (
        subsidies.planned(grant, amount, by=lead, days=days) for amount, days in ((8_000, 10), (6_000, 20), (4_000, 30))
    )
    for code in ("diagnosis", "awareness", "inventory", "updates"):
        reached.decide(stage, code, by=lead)
    reached.decide(stage, "backups", by=lead, reason="Sans preuve.")
    dossiers_workflow.validate(factories.fresh(stage), by=lead)
    grant = Grant.objects.get()

    def ways() -> list[tuple[int, Decimal]]:
        return [(each.payment.pk, each.left) for each in payments.ways_down(sums(grant), list(grant.payments.all()))]

    # 10 340 € may be paid, 18 000 € are planned.
    assert ways() == [(last.pk, 0), (middle.pk, Decimal(2_340))]
    desk = factories.signed_in(lead)
    shown = desk.get(reverse("funding:schedule", args=[grant.dossier.reference]))
    address = reverse("funding:payment", args=[grant.dossier.reference, last.number])
    assert f'href="{address}#annuler"' in shown.content.decode()
    assert 'name="amount" value=' not in shown.content.decode().split("Ajouter un paiement")[0], "not before the first"
    workflow.payments.cancel(last, by=lead, reason="Objectif refusé.")
    assert ways() == [(middle.pk, Decimal(2_340))]
    workflow.payments.change(middle, by=lead, amount=Decimal(2_340), due_on=middle.due_on)
    assert ways() == []
    assert first.amount == 8_000


def test_a_bareme_without_shares_promises_nothing_of_objectives() -> None:
    """What is paid as a whole is payable at once (Q&A 3.5)."""
    guichet, version, content = schedules.read(factories.FIXTURES / "schedules" / "poc-essms.yaml")
    factories.poc()
    whole = schedule_workflow.draft(guichet, version=version + 1, content=replace(content, objectives=()))
    schedule_workflow.publish(whole.pk)
    grant = subsidies.granted(with_agreement=False)
    assert grant.payable == subsidies.ESTIMATED
    lead = UserFactory(lead=True)
    subsidies.planned(grant, 18_800, by=lead)
    desk, owner = factories.signed_in(lead), factories.signed_in(grant.dossier.referent)
    reference = grant.dossier.reference
    said = {
        (owner, reverse("funding:own-subsidy", args=[reference])): "La subvention permet de verser 18 800 €.",
        (desk, reverse("funding:subsidy", args=[reference])): "En tout, la subvention permet de verser 18 800 €.",
        (desk, reverse("funding:schedule", args=[reference])): "Toute la subvention, quels que soient les objectifs",
        (desk, reverse("funding:payment", args=[reference, 1])): "La subvention permet d'ordonnancer 18 800 € au plus.",
    }
    for (browser, page), sentence in said.items():
        shown = pages.text(browser.get(page))
        assert sentence in shown, page
        assert "bjectifs acceptés" not in shown, page
