"""The skeleton of the pages, read as HTML and then in a real browser."""

import gzip
from collections.abc import Callable

import pytest
from django.test import Client, override_settings
from django.urls import include, path
from playwright.sync_api import Browser, Page, Request, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from ecare import urls as real_urls
from tests.browsing import fits

LEGAL = ["/accessibilite/", "/mentions-legales/", "/donnees-personnelles/", "/cookies/", "/plan-du-site/"]

urlpatterns = [*real_urls.urlpatterns, path("dev/", include("ecare.dev_urls"))]
handler404 = real_urls.handler404


@pytest.fixture(autouse=True)
def gallery(settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__


@pytest.mark.parametrize("address", LEGAL)
def test_legal_pages_are_public_ask_no_query_and_are_linked_from_every_footer(client: Client, address: str) -> None:
    response = client.get(address)  # no `db` mark: a query would fail
    assert response.status_code == 200
    text = response.content.decode()
    for other in [*LEGAL, "/cgu/"]:
        assert f'href="{other}"' in text
    assert "Accessibilité&nbsp;: non conforme" in text
    assert " – eCaRE</title>" in text


def test_neutral_brand_shows_nothing_of_the_state(client: Client) -> None:
    text = client.get("/cookies/").content.decode()
    assert "Démonstration" in text
    assert "fr-logo" not in text
    assert "République" not in text
    assert "neutral.css" in text


def test_body_entitled_to_the_brand_switches_it_on(client: Client, settings: Settings) -> None:
    brand = settings.BRAND | {
        "state_brand": True,
        "operator": "Agence <X>",
        "mention": "",
        "logo": "img/mark.svg",
        "stylesheet": "css/print.css",
    }
    with override_settings(BRAND=brand):
        text = client.get("/mentions-legales/").content.decode()
    assert "République" in text
    assert "neutral.css" not in text
    assert "Agence &lt;X&gt;" in text
    assert "Démonstration" not in text
    assert '<link rel="stylesheet" href="/static/css/print.css">' in text


def console_errors(page: Page) -> list[str]:
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return errors


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_gallery_is_accessible_fits_and_breaks_no_policy(
    page: Page, live_server: LiveServer, axe: Callable[[Page], None], width: int
) -> None:
    errors = console_errors(page)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{live_server.url}/dev/composants/")
    expect(page.locator("html")).to_have_attribute("data-fr-js", "true")
    axe(page)
    assert fits(page)
    page.get_by_role("link", name="Ouvrir la fenêtre").click()
    axe(page)
    assert errors == []


def test_first_visit_weighs_under_150_kilobytes_and_never_fetches_marianne(page: Page, live_server: LiveServer) -> None:
    weights: dict[str, int] = {}

    def weigh(request: Request) -> None:
        response = request.response()
        assert response is not None
        assert "Marianne" not in request.url
        if request.resource_type != "font":
            weights[request.url] = len(gzip.compress(response.body()))

    page.on("requestfinished", weigh)
    page.goto(f"{live_server.url}/dev/composants/", wait_until="networkidle")
    assert sum(weights.values()) < 150_000, weights


def test_summary_of_errors_has_the_focus_and_leads_to_the_fields(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/dev/composants/")
    expect(page.locator("[data-error-summary]")).to_be_focused()
    page.get_by_role("link", name="Choisissez une réponse pour « Parcours ».").click()
    expect(page.locator("#id_invalid-track_0")).to_be_focused()


def test_dialog_gives_the_focus_back_to_its_opener(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/dev/composants/")
    opener = page.get_by_role("link", name="Ouvrir la fenêtre")
    dialog = page.get_by_role("dialog", name="Candidater à un domaine ou à un dispositif")
    for close in ("Escape", "Fermer", "Annuler"):
        opener.focus()
        page.keyboard.press("Enter")
        expect(dialog).to_be_visible()
        if close == "Escape":
            page.keyboard.press(close)
        else:
            dialog.get_by_role("button", name=close).click()
        expect(dialog).to_be_hidden()
        expect(opener).to_be_focused()


def test_skip_link_comes_first_and_leads_to_the_content(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/cookies/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Contenu")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#contenu")).to_be_focused()


def test_without_script_nothing_asks_for_one(browser: Browser, live_server: LiveServer) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{live_server.url}/dev/composants/")
    expect(page.get_by_text("Afficher", exact=True).first).to_be_hidden()
    expect(page.get_by_role("link", name="Ouvrir la fenêtre")).to_be_visible()
    page.context.close()
