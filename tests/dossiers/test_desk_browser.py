"""Two verifiers in two browsers, on the same dossier: each sees the other, one has it, one decides (I2b, Q34)."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from playwright.sync_api import expect

from tests.accounts.factories import UserFactory
from tests.browsing import fits
from tests.dossiers import factories
from tests.dossiers.browsing import Check, Open

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_verifiers_share_a_dossier_without_doing_the_same_work(open_as: Open, axe: Check) -> None:
    address = f"/instruction/{factories.transmitted().dossier.reference}/"
    paul = open_as(UserFactory(verifier=True, first_name="Paul", last_name="Girard"), address)
    nadia = open_as(UserFactory(lead=True, first_name="Nadia", last_name="Chevalier"), address)
    root = paul.url.removesuffix(address)
    expect(nadia.get_by_text("Paul Girard consulte aussi ce dossier")).to_be_visible()
    axe(nadia)
    paul.reload()
    expect(paul.get_by_text("Nadia Chevalier consulte aussi ce dossier")).to_be_visible()
    with paul.expect_navigation():
        paul.get_by_role("button", name="Prendre en charge").press("Enter")
    expect(paul.get_by_text("Vous instruisez ce dossier depuis")).to_be_visible()
    with nadia.expect_navigation():
        nadia.get_by_role("button", name="Prendre en charge").click()
    expect(nadia.get_by_text(re.compile("Paul Girard instruit ce dossier depuis")).first).to_be_visible()
    paul.locator("#id_text").fill("Appeler l'établissement lundi.")
    with paul.expect_navigation():
        paul.get_by_role("button", name="Ajouter la note").click()
    nadia.goto(f"{root}{address}validation/")
    paul.goto(f"{root}{address}rejet/")
    with nadia.expect_navigation():
        nadia.get_by_role("button", name="Valider l'étape").click()
    paul.get_by_label(re.compile("Motif")).fill("Hors périmètre.")
    with paul.expect_navigation():
        paul.get_by_role("button", name="Rejeter l'étape").click()
    expect(paul.get_by_text(re.compile("Validé.*par décision de Nadia Chevalier"))).to_be_visible()
    expect(paul.locator("main")).to_contain_text("Hors périmètre.")  # nothing typed is lost
    axe(paul)
    nadia.goto(f"{root}{address}")
    expect(nadia.get_by_text("Appeler l'établissement lundi.").first).to_be_visible()
    nadia.set_viewport_size({"width": 320, "height": 700})
    assert fits(nadia)


def test_a_draft_that_is_not_kept_says_so_and_nothing_of_another_page_comes_in(open_as: Open) -> None:
    """The session ended, in another tab or elsewhere, while a decision was being written."""
    address = f"/instruction/{factories.transmitted().dossier.reference}/"
    page = open_as(UserFactory(verifier=True), f"{address}rejet/")
    message, state = page.get_by_label(re.compile("Motif")), page.locator("#etat-brouillon")
    message.fill("Hors périmètre.")
    expect(state).to_contain_text("Brouillon enregistré")
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    message.fill("Hors périmètre : structure sanitaire.")
    expect(state).to_have_text(re.compile("^Le brouillon n'est pas enregistré.*votre session est terminée"))
    expect(page.locator("h1")).to_have_count(1)
    expect(message).to_have_value("Hors périmètre : structure sanitaire.")
