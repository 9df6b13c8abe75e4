"""The back-office in a browser: axe on every page and state, narrow screens, filters (Q61–Q65)."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from dossiers import list_columns
from dossiers.models import DossierStage
from ecare import french
from tests.accounts.factories import UserFactory
from tests.browsing import fits
from tests.dossiers import factories
from tests.dossiers.browsing import Check, Open, focused_label
from tests.dossiers.rows import row
from tests.establishments.factories import LegalEntityFactory

pytestmark = pytest.mark.django_db(transaction=True)


def path(stage: DossierStage, end: str = "") -> str:
    return f"/instruction/{stage.dossier.reference}/{end}"


def test_the_list_has_no_barrier_in_any_state(open_as: Open, axe: Check) -> None:
    verifier = UserFactory(verifier=True)
    for entity in LegalEntityFactory.create_batch(52):
        row(legal_entity=entity)
    row("validated")
    for query in (
        "",
        "?q=tilleuls&parcours=1",
        "?q=tilleuls&statut=transmitted&page=2",
        "?statut=nope&region=99",
        "?q=zzz",
    ):
        page = open_as(verifier, f"/instruction/{query}")
        axe(page)
        for width in (390, 320):
            page.set_viewport_size({"width": width, "height": 900})
            assert fits(page), (query, width)
        axe(page)
        page.context.close()


def test_every_column_at_once_scrolls_inside_the_table(open_as: Open, axe: Check) -> None:
    """Also with the keyboard alone; a date holds on one line, and says its day to machines."""
    today = timezone.localdate()
    row("modification_requested", name="ASSOCIATION DES TILLEULS ARGENTÉS DE LA VALLÉE HAUTE")
    query = "&".join(f"colonne={key}" for key in list_columns.COLUMNS)
    page = open_as(UserFactory(verifier=True), f"/instruction/?{query}", width=1280)
    assert fits(page)
    axe(page)
    table = page.get_by_role("region", name="Liste des dossiers, à faire défiler")
    last = page.get_by_role("cell", name=french.short_day(today))
    expect(last).not_to_be_in_viewport()
    table.focus()
    page.keyboard.press("End")
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    expect(last).to_be_in_viewport()
    date = last.locator("time")
    assert date.get_attribute("datetime") == str(today)
    box = date.bounding_box()
    assert box
    assert box["height"] < 2 * 18
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert fits(page), width
    usual = open_as(UserFactory(verifier=True), "/instruction/", width=1280)
    expect(usual.get_by_role("region", name="Liste des dossiers, à faire défiler")).to_have_count(0)
    expect(usual.get_by_role("cell", name=french.short_day(today))).to_be_in_viewport()


def test_columns_are_ticked_with_the_mouse_in_a_menu_that_stays_open_until_one_leaves_it(open_as: Open) -> None:
    """A press on a label gave the focus to <main>, which closed the menu under it: the tab of the browser fell."""
    row()
    page = open_as(UserFactory(verifier=True), "/instruction/")
    menu = page.locator("details.care-list-tool", has_text="Afficher ces colonnes")
    menu.locator("summary").click()
    for label in ("Montant estimé", "Département"):
        menu.get_by_text(label, exact=True).click()
    for label in ("Montant estimé", "Département"):
        expect(menu.get_by_label(label)).to_be_checked()
    page.get_by_role("heading", level=1).click()
    expect(menu.get_by_text("Département", exact=True)).to_be_hidden()
    menu.locator("summary").click()
    menu.get_by_role("button", name="Afficher ces colonnes").press("Tab")
    expect(menu.get_by_text("Département", exact=True)).to_be_hidden()
    menu.locator("summary").click()
    menu.get_by_role("button", name="Afficher ces colonnes").click()
    expect(page.get_by_role("columnheader", name="Département")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Montant estimé")).to_be_visible()


def test_the_filters_fold_and_leave_their_room_to_the_table(open_as: Open, axe: Check) -> None:
    verifier = UserFactory(verifier=True)
    row()
    page = open_as(verifier, "/instruction/")
    results = page.locator(".care-results")
    before = results.bounding_box()
    page.locator("summary.care-filters__summary").click()
    after = results.bounding_box()
    assert before
    assert after
    assert after["width"] > before["width"] + 150
    axe(page)
    page.reload()
    expect(page.get_by_label("Guichet", exact=True)).to_be_hidden()
    narrow = open_as(verifier, "/instruction/", width=390)
    expect(narrow.get_by_label("Guichet", exact=True)).to_be_hidden()
    # A filter in error is never folded: its message, and the link that leads to it, must work.
    wrong = open_as(verifier, "/instruction/?guichet=zzz", width=390)
    wrong.get_by_role("link", name="Guichet").first.click()
    assert focused_label(wrong) == "Guichet"


def test_searching_filtering_and_sorting_keep_one_another(open_as: Open) -> None:
    row(name="ÉTOILES DU SUD")
    row(name="ÉTOILES DU NORD")
    row(name="TILLEULS")
    page = open_as(UserFactory(verifier=True), "/instruction/")
    page.get_by_label("Rechercher un dossier").fill("etoiles")
    page.get_by_label("Rechercher un dossier").press("Enter")
    page.locator("thead a", has_text="Établissement").click()
    page.get_by_label("Guichet", exact=True).select_option(label="POC AAP ESSMS")
    page.get_by_role("button", name="Filtrer les dossiers").click()
    page.get_by_role("link", name="Transmis 2 dossiers").click()
    page.wait_for_url("**statut=transmitted**")
    asked = set(page.url.partition("?")[2].split("&"))
    assert asked == {"q=etoiles", "guichet=poc-essms", "tri=etablissement", "statut=transmitted"}
    names = page.locator("tbody tr td:nth-child(2)").all_inner_texts()
    assert [name.split("\n")[0].strip() for name in names] == ["ÉTOILES DU NORD", "ÉTOILES DU SUD"]
    page.get_by_role("link", name="Retirer le filtre Recherche").click()
    expect(page.locator("tbody tr")).to_have_count(3)


@pytest.mark.parametrize("status", ["transmitted", "modification_requested", "validated", "rejected"])
def test_a_dossier_has_no_barrier_at_any_status(open_as: Open, axe: Check, status: str) -> None:
    stage = factories.BUILDERS[status]()
    page = open_as(UserFactory(lead=True), path(stage))
    page.locator("summary", has_text="Historique").click()
    for width in (1280, 390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        axe(page)
        assert fits(page), width


@pytest.mark.parametrize(
    ("end", "errors"),
    [
        ("modification/", ["Message au référent *", "À corriger au plus tard le *"]),
        ("rejet/", ["Motif du rejet *"]),
        ("validation/", []),
    ],
)
def test_a_decision_page_has_no_barrier_even_in_error(open_as: Open, axe: Check, end: str, errors: list[str]) -> None:
    page = open_as(UserFactory(verifier=True), path(factories.transmitted(), end))
    axe(page)
    if errors:
        page.locator("main form button[type=submit]:visible").first.click()
        expect(page).to_have_title(re.compile("^Erreur – "))
        expect(page.locator("[data-error-summary]")).to_be_focused()
        links = page.locator("[data-error-summary] a")
        assert links.count() == len(errors)
        for index, label in enumerate(errors):
            links.nth(index).click()
            assert focused_label(page).startswith(label)
        page.locator("main textarea").first.fill("Un mot, gardé sans rien demander.")
        expect(page.locator("#etat-brouillon")).to_contain_text("Brouillon enregistré à")
    for width in (1280, 390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        axe(page)
        assert fits(page), width


def test_the_page_of_the_late_one_has_no_barrier(open_as: Open, axe: Check) -> None:
    page = open_as(UserFactory(verifier=True), path(factories.rejected(), "validation/"))
    assert page.evaluate("document.activeElement.hasAttribute('data-error-summary')")
    axe(page)
