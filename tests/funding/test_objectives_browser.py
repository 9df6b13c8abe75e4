"""The objectives decided in a browser, with scripts and without: what is not kept is seen where it was decided, and no
key decides in the place of a button (F5, Q61 to Q65)."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from funding.models import Agreement, ObjectiveDecision
from tests.accounts.factories import UserFactory
from tests.browsing import fits
from tests.dossiers.browsing import Check, Open
from tests.funding import reached, subsidies

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.parametrize("scripted", [True, False])]
FOLD = "#objectif-updates .care-objective__fold"


def test_what_is_not_kept_comes_back_at_its_decision_with_the_filters_of_the_list(
    open_as: Open, axe: Check, scripted: bool
) -> None:
    stage = reached.presented()
    reference = stage.dossier.reference
    page = open_as(UserFactory(verifier=True), f"/instruction/{reference}/?q=tilleuls", width=390, scripted=scripted)
    page.locator(f"{FOLD} summary").click()
    with page.expect_navigation():
        page.locator(FOLD).get_by_role("button", name="Refuser avec ce motif").click()
    assert page.title().startswith("Erreur – ")
    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("Indiquez le motif du refus")
    expect(summary).to_be_in_viewport()
    expect(summary).to_be_focused()
    expect(page.locator("#objectif-updates h3")).to_be_in_viewport()
    assert fits(page)
    if scripted:
        axe(page)
    page.locator(FOLD).get_by_label("Motif du refus").fill("Hors délai.")
    reached.decide(stage, "updates", by=UserFactory(verifier=True, first_name="Ana", last_name="Costa"))
    with page.expect_navigation():
        page.locator(FOLD).get_by_role("button", name="Refuser avec ce motif").click()
    expect(summary).to_contain_text("Ana Costa a accepté l'objectif")
    expect(summary).to_be_in_viewport()
    expect(summary).to_be_focused()
    expect(page.locator(FOLD).get_by_label("Motif du refus")).to_have_value("Hors délai.")
    if scripted:
        axe(page)
    with page.expect_navigation():
        page.locator(FOLD).get_by_role("button", name="Refuser avec ce motif").click()
    assert page.url.endswith(f"/instruction/{reference}/?q=tilleuls#objectif-updates")
    expect(page.locator("#objectif-updates")).to_be_in_viewport()


def test_enter_decides_neither_an_objective_nor_a_convention(
    open_as: Open, live_server: LiveServer, scripted: bool
) -> None:
    stage, verifier = reached.presented(), UserFactory(verifier=True)
    page = open_as(verifier, f"/instruction/{stage.dossier.reference}/", scripted=scripted)
    page.locator(f"{FOLD} summary").click()
    reason = page.locator(FOLD).get_by_label("Motif du refus")
    reason.fill("Hors")
    reason.press("Enter")
    expect(reason).to_have_value("Hors\n")
    assert not ObjectiveDecision.objects.exists()

    signed = subsidies.signed()
    page.goto(live_server.url + reverse("funding:subsidy", args=[signed.grant.dossier.reference]))
    page.get_by_label("Motif du refus").press("Enter")
    expect(page.get_by_label("Motif du refus")).to_have_value("\n")
    assert Agreement.objects.get().state == "signed"
