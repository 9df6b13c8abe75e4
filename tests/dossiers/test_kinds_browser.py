"""Every kind of question in a browser: blank, in error, answered, read again; with several EJ in the perimeter."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browsing import fits
from tests.dossiers import every_kind, factories, pages

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_kind_is_accessible_in_every_state(
    page: Page, live_server: LiveServer, axe: Callable[[Page], None]
) -> None:
    """Q61, Q64. The perimeter is widened on the way by the live search, and filtered."""
    stage, other = every_kind.draft()
    cookie = pages.owner(stage).cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    form = live_server.url + pages.url("form", stage)

    def look(name: str) -> None:
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            axe(page)
            assert fits(page), f"{name} at {width}"
        page.set_viewport_size({"width": 1280, "height": 900})

    page.goto(form)
    assert page.locator("form[data-dossier-form] [required]").count() == 0
    page.get_by_text("Remplir ce tableau").click()
    look("blank")

    page.get_by_label("Ajouter une autre entité juridique").fill("glycines")
    page.get_by_role("button", name=f"Ajouter {other.label}").wait_for()
    look("found")
    page.get_by_role("button", name=f"Ajouter {other.label}").click()
    heading = page.get_by_role("rowheader", name=f"GCSMS DES GLYCINES ({other.finess})")
    expect(heading).to_be_visible()
    page.get_by_label("Filtrer les entités").fill("chêne")
    expect(page.get_by_text("1 entité affichée")).to_be_visible()
    expect(page.get_by_label("Candidate : IME LE CHÊNE")).to_be_visible()
    expect(page.get_by_label("Candidate : FOYER DES GLYCINES")).to_be_hidden()

    factories.save(stage, **every_kind.WRONG)
    page.goto(form)
    assert page.locator("[aria-invalid=true]").count() >= 10
    look("in error")

    every_kind.fill(stage, other)
    page.goto(form)
    look("answered")
    page.goto(live_server.url + pages.url("recap", stage))
    expect(page.get_by_role("cell", name="12 500,50 €").first).to_be_visible()
    look("recap")
