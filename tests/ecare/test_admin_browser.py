"""The Django admin in a browser: axe finds nothing on its lists (Q61), and a search says what it does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.accounts.factories import UserFactory
from tests.accounts.sessions import sign_in, wear
from tests.dossiers import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LISTS = ["", "accounts/", "accounts/user/", "dossiers/dossier/", "dossiers/attachment/", "ecare/auditentry/"]


@pytest.fixture
def admin(page: Page, client: Client, live_server: LiveServer) -> Page:
    factories.fill(factories.draft())
    wear(page, sign_in(client, UserFactory(admin=True, username="chef")), live_server)
    return page


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_on_a_list(
    admin: Page, live_server: LiveServer, axe: Callable[[Page], None], width: int
) -> None:
    admin.set_viewport_size({"width": width, "height": 900})
    for address in LISTS:
        admin.goto(f"{live_server.url}/admin/{address}")
        axe(admin)
    admin.goto(f"{live_server.url}/admin/accounts/user/?q=chef")
    axe(admin)


def test_a_search_is_named_and_can_be_left(admin: Page, live_server: LiveServer) -> None:
    UserFactory(username="martin")
    found = admin.locator("#result_list")
    admin.goto(f"{live_server.url}/admin/accounts/user/?is_active__exact=1")
    admin.get_by_role("searchbox", name="Rechercher").fill("chef")
    admin.keyboard.press("Enter")
    expect(found).not_to_contain_text("martin")
    expect(found).to_contain_text("chef")
    assert "is_active__exact=1" in admin.url
    admin.get_by_role("link", name="Tout afficher").click()
    expect(found).to_contain_text("martin")
