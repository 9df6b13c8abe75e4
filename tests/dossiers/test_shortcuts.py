"""The keyboard shortcuts of the back-office, and the switch that turns them off (WCAG 2.1.4)."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from accounts.models import User
from tests.accounts.factories import UserFactory
from tests.browsing import fits
from tests.dossiers import factories
from tests.dossiers.browsing import Check, Open
from tests.dossiers.rows import row
from tests.establishments.factories import LegalEntityFactory


@pytest.mark.django_db
def test_the_switch_needs_no_script_and_goes_back_where_one_was() -> None:
    paul = UserFactory(verifier=True)
    client = factories.signed_in(paul)
    factories.transmitted()
    assert "js/shortcuts.js" in client.get("/instruction/").content.decode()
    answer = client.post("/instruction/raccourcis/", {"shortcuts": "off", "next": "/instruction/?tri=region"})
    assert answer["Location"] == "/instruction/?tri=region"
    assert "js/shortcuts.js" not in client.get("/instruction/").content.decode()
    assert "Activer les raccourcis" in client.get("/instruction/raccourcis/").content.decode()
    answer = client.post("/instruction/raccourcis/", {"shortcuts": "on", "next": "https://ailleurs.example/"})
    assert answer["Location"] == "/instruction/raccourcis/"
    assert User.objects.get(pk=paul.pk).shortcuts


@pytest.mark.django_db(transaction=True)
def test_one_key_goes_through_the_list_and_the_decisions_of_a_dossier(open_as: Open, axe: Check) -> None:
    for entity in LegalEntityFactory.create_batch(2):
        row(legal_entity=entity)
    stage = factories.transmitted()
    page = open_as(UserFactory(verifier=True, first_name="Paul", last_name="Girard"), "/instruction/")
    links = page.locator("[data-row]")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("x")
    page.keyboard.press("k")
    expect(links.nth(0)).to_be_focused()
    expect(page.get_by_role("checkbox").nth(1)).to_be_checked()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Raccourcis clavier")).to_be_visible()
    axe(page)
    page.keyboard.press("j")  # a dialog is open: nothing moves behind
    page.keyboard.press("Escape")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type(stage.dossier.reference + " j?")
    expect(page.get_by_label("Rechercher un dossier")).to_have_value(f"{stage.dossier.reference} j?")
    page.get_by_label("Rechercher un dossier").fill(stage.dossier.reference)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.keyboard.press("j")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    with page.expect_navigation():
        page.keyboard.press("p")
    expect(page.get_by_text("Vous instruisez ce dossier depuis")).to_be_visible()
    page.locator("#id_text").fill("")
    page.keyboard.type("v, m, r")
    expect(page.locator("#id_text")).to_have_value("v, m, r")
    page.locator("#id_text").fill("")
    page.locator("h1").click()
    page.keyboard.press("Control+m")
    with page.expect_navigation(url=re.compile("/modification/")):
        page.keyboard.press("m")
    page.go_back()
    page.get_by_role("link", name="Raccourcis clavier").click()
    with page.expect_navigation():
        page.get_by_role("button", name="Désactiver les raccourcis").click()
    expect(page.get_by_text("Les raccourcis clavier sont désactivés")).to_be_visible()
    page.keyboard.press("v")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.set_viewport_size({"width": 320, "height": 700})
    page.get_by_role("link", name="Raccourcis clavier (désactivés)").click()
    axe(page)
    assert fits(page)
