"""The list of payments in a browser (F7, Q61 to Q65)."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.accounts.factories import UserFactory
from tests.browsing import fits
from tests.dossiers.browsing import Check, Open
from tests.funding import subsidies

pytestmark = pytest.mark.django_db(transaction=True)


def test_on_a_phone_the_filters_fold_and_say_how_many_are_active(open_as: Open, axe: Check) -> None:
    payment = subsidies.planned(subsidies.payable(), 1000)
    page = open_as(payment.prepared_by, "/paiements/", width=390)
    expect(page.get_by_label("Nature")).to_be_hidden()
    expect(page.get_by_role("link", name=str(payment.reference)).first).to_be_in_viewport()
    page.locator("summary", has_text="Filtres").click()
    expect(page.get_by_role("link", name="Effacer les filtres")).to_have_count(0)
    page.get_by_label("Nature").select_option(label="Reversement")
    page.get_by_role("button", name="Filtrer les paiements").click()
    expect(page.locator("summary", has_text="Filtres")).to_contain_text("(1 actif)")
    axe(page)
    assert fits(page)
    page.locator("summary", has_text="Filtres").click()
    page.get_by_role("link", name="Effacer les filtres").click()
    expect(page.locator("summary", has_text="Filtres")).not_to_contain_text("actif")
    # A filter in error is never folded.
    wrong = open_as(UserFactory(lead=True), "/paiements/?nature=zzz", width=390)
    expect(wrong.get_by_label("Nature")).to_be_visible()
