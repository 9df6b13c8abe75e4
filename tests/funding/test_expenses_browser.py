"""The trame financière in a browser: typed and imported, with JavaScript and without, by the keyboard, at 320 px; axe
finds nothing (F6, Q61 to Q65)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from playwright.sync_api import Browser, FilePayload, Page, expect

from funding.models import Expense
from tests.accounts.sessions import sign_in, wear
from tests.browsing import fits
from tests.funding import expenses, subsidies
from tests.funding.expenses import CELLS, STAFF

pytestmark = pytest.mark.django_db(transaction=True)

Judge = Callable[[Page], None]


@pytest.fixture(params=[True, False], ids=["scripted", "plain"])
def page_of_the_trame(request, browser: Browser, live_server, axe: Judge) -> tuple[Page, Judge]:
    grant = subsidies.granted()
    expenses.added(grant, STAFF)
    context = browser.new_context(java_script_enabled=request.param, viewport={"width": 320, "height": 800})
    page = context.new_page()
    wear(page, sign_in(Client(), grant.dossier.referent), live_server)
    page.goto(f"{live_server.url}/dossiers/{grant.dossier.reference}/subvention/depenses/")

    def judge(shown: Page) -> None:
        if request.param:
            axe(shown)
        assert fits(shown)

    return page, judge


def file(*rows: tuple[str, ...]) -> FilePayload:
    content: bytes = expenses.csv(*rows).read()
    return {"name": "trame.csv", "mimeType": "text/csv", "buffer": content}


def test_an_expense_is_typed_with_the_keyboard(page_of_the_trame: tuple[Page, Judge]) -> None:
    page, judge = page_of_the_trame
    judge(page)
    page.get_by_role("link", name="Ajouter des dépenses").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ajouter des dépenses")
    judge(page)
    page.locator("#id_lignes-0-label").fill("Licences")
    page.get_by_role("button", name="Enregistrer les dépenses").press("Enter")
    expect(page.get_by_role("heading", name="Rien n'est encore enregistré")).to_be_visible()
    judge(page)
    page.locator("#id_lignes-0-spent_on").fill("2026-06-04")
    page.locator("#id_lignes-0-objective").select_option(label=CELLS[1])
    page.locator("#id_lignes-0-nature").select_option(label=CELLS[2])
    page.locator("#id_lignes-0-amount").fill("1 250,50 €")
    page.locator("#id_lignes-0-amount").press("Enter")
    expect(page.get_by_text("1 dépense ajoutée.")).to_be_visible()
    judge(page)


def test_a_file_is_corrected_checked_then_imported(page_of_the_trame: tuple[Page, Judge]) -> None:
    page, judge = page_of_the_trame
    page.get_by_role("link", name="Importer un tableur").press("Enter")
    judge(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Excel").press("Enter")
    assert download.value.suggested_filename.endswith(".xlsx")
    page.get_by_label("Votre tableur").set_input_files([file(("hier", *CELLS[1:]))])
    page.get_by_role("button", name="Vérifier le fichier").press("Enter")
    expect(page.get_by_role("heading", name="Rien n'est importé")).to_be_visible()
    expect(page.get_by_text("Écrivez la date sous la forme JJ/MM/AAAA")).to_be_visible()
    judge(page)

    page.get_by_label("Votre tableur").set_input_files([file(CELLS)])
    page.get_by_role("button", name="Vérifier le fichier").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Vérifier l'import")
    expect(page.get_by_role("heading", name="Dépenses retirées (1)")).to_be_visible()
    judge(page)
    page.get_by_role("button", name="Importer", exact=True).press("Enter")
    expect(page.get_by_text("La trame est importée")).to_be_visible()
    judge(page)
    assert [each.label for each in Expense.objects.in_force()] == ["Licences"]
