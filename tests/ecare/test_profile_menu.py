"""The profile menu (A10): who one is, where one may go, and the way out; by keyboard and without JavaScript."""

import re
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils.html import escape
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.enums import Role
from accounts.models import User
from tests.accounts.factories import UserFactory
from tests.accounts.sessions import sign_in


def menu_of(user: User) -> str:
    text = sign_in(Client(), user).get("/cookies/").content.decode()
    found = re.search(r"<details.*?</details>", text, re.DOTALL)
    assert found
    return found[0]


def signed_in_page(browser: Browser, live_server: LiveServer, user: User, *, script: bool) -> Page:
    context = browser.new_context(java_script_enabled=script)
    cookies = sign_in(Client(), user).cookies
    host = urlsplit(live_server.url).hostname
    context.add_cookies(
        [{"name": name, "value": morsel.value, "domain": host, "path": "/"} for name, morsel in cookies.items()]
    )
    page = context.new_page()
    page.goto(f"{live_server.url}/cookies/")
    return page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "label", "addresses"),
    [
        (Role.REFERENT, "Établissement", ["/tableau-de-bord/", "/compte/"]),
        (Role.VERIFIER, Role.VERIFIER.label, ["/instruction/", "/compte/"]),
        (Role.LEAD, Role.LEAD.label, ["/instruction/", "/compte/"]),
        (Role.ADMIN, Role.ADMIN.label, ["/admin/", "/compte/"]),
    ],
)
def test_each_role_finds_its_own_pages(role: Role, label: str, addresses: list[str]) -> None:
    menu = menu_of(UserFactory(role=role, first_name="Zoé", last_name="<Dupont>"))
    assert "Zoé &lt;Dupont&gt;" in menu
    assert escape(label) in menu
    assert re.findall(r'<a [^>]*href="([^"]+)"', menu) == addresses
    assert re.search(r'<form[^>]+method="post"[^>]+action="/deconnexion/"', menu)
    assert 'name="csrfmiddlewaretoken"' in menu


@pytest.mark.django_db
def test_before_the_code_there_is_no_menu() -> None:
    client = Client()
    client.force_login(UserFactory())
    text = client.get("/cookies/", follow=True).content.decode()
    assert "data-menu" not in text


@pytest.mark.django_db(transaction=True)
@pytest.mark.browser
@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_menu_opens_and_signs_out_from_the_keyboard(browser: Browser, live_server: LiveServer, script: bool) -> None:
    user = UserFactory(first_name="Zoé", last_name="Dupont")
    page = signed_in_page(browser, live_server, user, script=script)
    button = page.locator("summary").first
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Votre compte")).to_be_visible()
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Déconnexion")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/cookies/" not in url)
    expect(page.get_by_role("link", name="Inscription").first).to_be_visible()
    page.context.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.browser
def test_escape_closes_the_menu_and_gives_the_focus_back(browser: Browser, live_server: LiveServer) -> None:
    page = signed_in_page(browser, live_server, UserFactory(), script=True)
    expect(page.locator("html")).to_have_attribute("data-fr-js", "true")
    button = page.locator("summary").first
    button.click()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Votre tableau de bord")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Votre compte")).to_be_hidden()
    expect(button).to_be_focused()
    page.context.close()
