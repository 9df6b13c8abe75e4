"""The recap of a dossier in a browser (D8, Q61 to Q64)."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browsing import fits
from tests.dossiers import factories
from tests.dossiers.browsing import Check, Open

pytestmark = pytest.mark.django_db(transaction=True)


def test_on_a_phone_many_sites_leave_the_transmission_within_reach(open_as: Open, axe: Check) -> None:
    stage = factories.fill(factories.draft(sites=60))
    page = open_as(stage.dossier.referent, f"/dossiers/{stage.dossier.reference}/recapitulatif/", width=390)
    expect(page.get_by_role("navigation", name="Questions du formulaire")).to_be_hidden()
    sites = page.get_by_role("region", name="60 entités géographiques candidates, à faire défiler")
    frame = sites.bounding_box()
    assert frame
    assert frame["height"] <= 0.75 * 900
    last = sites.get_by_role("row").last
    sites.focus()
    page.keyboard.press("End")
    expect(last).to_be_in_viewport()
    assert fits(page)
    axe(page)
    page.locator("summary", has_text="Questions du formulaire").click()
    expect(page.get_by_role("navigation", name="Questions du formulaire")).to_be_visible()
    page.emulate_media(media="print")
    printed = sites.bounding_box()
    assert printed
    assert printed["height"] > 900, "on paper, every site"
