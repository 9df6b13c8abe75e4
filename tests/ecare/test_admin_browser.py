"""The Django admin in a browser: axe finds nothing on its lists and forms (Q61), and a search says what it does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.admin import site
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import TermsVersion
from dossiers.models import Milestone
from ecare.models import HelpEntry
from funding import workflow as funding
from funding.models import AgreementTemplate, Schedule
from funding.schedule import workflow as schedules
from tests.access_matrix import scene
from tests.accounts.factories import UserFactory
from tests.accounts.sessions import sign_in, wear
from tests.browsing import fits
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
    admin: Page, live_server: LiveServer, axe: Callable[..., None], width: int
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


def pages_of(model: type[Model]) -> Iterator[str]:
    """The addresses of a model in the admin, of its first and last rows too; some of them are refused."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    yield reverse(f"{name}_changelist")
    yield reverse(f"{name}_add")
    rows: Any = model._default_manager.order_by("pk")
    if rows:
        yield from (reverse(f"{name}_{page}", args=[rows.last().pk]) for page in ("change", "history", "delete"))
        yield reverse(f"{name}_change", args=[rows[0].pk])


#: What axe does not look at in a tag: values, but for what a thing is; names of fields; what is asked of a number.
ASIDE = re.compile(
    r'(?<!class)(?<!type)(?<!role)="[^"]+"|\b(?:field|column|model|row|data)-[\w-]+'
    r"| (?:value|size|maxlength|min|step|rows|cols|required|checked)\b|[\s\d]+$"
)


def parts(html: str) -> set[str]:
    """What axe could find something about: each tag and whether it is empty, without what stands `ASIDE`."""
    content = html[html.index('id="content-start"') : html.index('id="footer"')]
    return {ASIDE.sub("", tag) for tag in re.findall(r"<[a-z][^>]*>(?:</)?", content)}


def test_axe_finds_nothing_on_any_page_of_any_model(
    admin: Page, client: Client, live_server: LiveServer, axe: Callable[..., None]
) -> None:
    """A page is opened when it has a part that none had before: a hundred read-only pages look the same."""
    scene.build()
    schedules.next_version(Schedule.objects.latest("pk").pk)
    funding.templates.next_version(AgreementTemplate.objects.latest("pk").pk)
    TermsVersion.objects.create(number=7, body="Un brouillon.")
    Milestone.objects.create(text="Ouverture", on="2026-06-04")
    HelpEntry.objects.create(category="Dates", question="Quand ?", anchor="quand", answer="Bientôt.", position=1)
    known: set[str] = set()
    opened = []
    for model in site._registry:
        for address in pages_of(model):
            answer = client.get(address)
            if answer.status_code == 200 and (new := parts(answer.content.decode()) - known):
                known |= new
                opened.append(address)
    for address in opened:
        admin.goto(live_server.url + address)
        for width in (1280, 390):
            admin.set_viewport_size({"width": width, "height": 900})
            axe(admin, "main")
            assert fits(admin), f"{address} at {width}"


@pytest.mark.parametrize("address", ["funding/schedule", "accounts/user", "dossiers/lateaccess"])
def test_axe_finds_nothing_on_a_form_sent_back_with_its_errors(
    admin: Page, live_server: LiveServer, axe: Callable[..., None], address: str
) -> None:
    admin.goto(f"{live_server.url}/admin/{address}/add/")
    admin.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(admin.locator(".errornote")).to_be_visible()
    axe(admin, "main")
