"""A portal as an applicant meets it: real reference data, a Celery worker, a browser with or without JavaScript."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.enums import Role
from accounts.models import User
from dossiers.models import Stage
from tests.accounts.factories import PASSWORD, UserFactory
from tests.browsing import fits


@pytest.fixture
def portal(live_server: LiveServer, worker: None, settings: Settings, capsys: pytest.CaptureFixture[str]) -> LiveServer:
    """The shipped data, the POC open for twelve more days, e-mails delivered by the worker."""
    settings.PUBLIC_URL = live_server.url
    for command in ("load_reference", "load_terms", "load_guichets", "load_schedules"):
        call_command(command)
    now = timezone.now()
    Stage.objects.filter(guichet__code="poc-essms", code="candidature").update(
        opens_at=now - dt.timedelta(days=30), closes_at=now + dt.timedelta(days=12)
    )
    UserFactory(
        role=Role.VERIFIER,
        username="ada.lenoir",
        email="ada.lenoir@exemple.fr",
        first_name="Ada",
        last_name="Lenoir",
        terms_accepted=True,
    )
    return live_server


def wait_for_mail(to: str, words: str, *, after: int = 0) -> EmailMessage:
    """The newest e-mail to `to` whose subject holds `words`, beyond the `after` first ones; the worker sends it."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for message in reversed(mail.outbox[after:]):
            if to in message.to and words.lower() in message.subject.lower():
                return message
        time.sleep(0.1)
    raise AssertionError(f"no e-mail to {to} about {words!r} among {[each.subject for each in mail.outbox]}")


def choose(field: Locator) -> None:
    """Tick a box by the keyboard: the page moves under a pointer while answers are saved."""
    field.focus()
    field.press("Space")
    expect(field).to_be_checked()


@dataclass
class Visitor:
    """Somebody in front of a browser, who reads his e-mails."""

    page: Page
    url: str
    email: str
    username: str
    scripted: bool
    check: Callable[[Page], None]

    def visit(self, path: str) -> None:
        self.page.goto(self.url + path)

    def press(self, name: str) -> None:
        self.arrive_by(self.page.get_by_role("button", name=name, exact=True))

    def follow(self, name: str) -> None:
        self.arrive_by(self.page.get_by_role("link", name=name, exact=True).first)

    def arrive_by(self, control: Locator) -> None:
        """Press and wait for the page it leads to, which a click does not: a form first waits for what is saved."""
        with self.page.expect_navigation():
            control.click()
        self.look()

    def look(self) -> None:
        """Every page reached is checked by axe, and nothing is cut sideways."""
        self.check(self.page)

    def register(self, *, finess: str, region: str, first_name: str, last_name: str, search: str) -> None:
        """Guide, pages 7 to 12."""
        page = self.page
        self.visit("/")
        self.look()
        column = page.locator(
            "section, div",
            has=page.get_by_role("heading", name=re.compile("établissement de santé ou un établissement ou service")),
        ).last
        self.arrive_by(column.get_by_role("link", name="Inscription"))
        expect(page.get_by_role("heading", name="Inscrivez-vous en tant qu'établissement")).to_be_visible()
        page.get_by_label("Nom d'utilisateur").fill(self.username)
        page.get_by_text("Madame", exact=True).click()
        page.get_by_label("Nom *", exact=True).or_(page.get_by_label("Nom", exact=True)).first.fill(last_name)
        page.get_by_label("Prénom").fill(first_name)
        page.get_by_label("Numéro de téléphone").fill("01 01 01 01 01")
        page.get_by_label("Adresse e-mail").fill(self.email)
        page.get_by_label("Mot de passe", exact=False).first.fill(PASSWORD)
        page.get_by_label("Confirmation du mot de passe").fill(PASSWORD)
        self.press("Suivant")
        page.get_by_label("Type d'établissement").select_option(label="ESSMS")
        page.get_by_label("Région").select_option(label=region)
        self.press("Suivant")
        page.get_by_label("Rechercher").fill(search)
        self.press("Rechercher")
        self.arrive_by(page.get_by_role("button", name=re.compile(rf"Sélectionner .*{finess}")))
        expect(page.get_by_text("liste des entités géographiques identifiées")).to_be_visible()
        self.press("Suivant")
        expect(page.get_by_role("heading", name="Récapitulatif").first).to_be_visible()
        expect(page.get_by_text(finess).first).to_be_visible()
        self.press("Créer le compte")
        expect(page.get_by_text("Nous avons bien pris en compte votre inscription")).to_be_visible()
        activation = wait_for_mail(self.email, "activ")
        page.goto(link_in(activation))
        self.look()
        self.press("Activer mon compte")

    def sign_in(self) -> None:
        """Guide, pages 15 to 18."""
        page = self.page
        self.visit("/connexion/")
        self.look()
        page.get_by_label("Nom d'utilisateur ou adresse email").fill(self.email)
        page.get_by_label("Mot de passe").first.fill(PASSWORD)
        seen = len(mail.outbox)
        self.press("Se connecter")
        expect(page.get_by_text("Code à usage unique transmis par e-mail")).to_be_visible()
        code = re.search(
            r"^Votre code de connexion\s*:\s*(\d{6})$", body(wait_for_mail(self.email, "code", after=seen)), re.M
        )
        assert code
        page.get_by_label("Code transmis").fill(code[1])
        self.press("Valider")

    def accept_terms(self) -> None:
        self.page.get_by_text("J'accepte les conditions générales d'utilisation").click()
        self.press("Continuer")

    def sign_out(self) -> None:
        self.page.get_by_text(re.compile("^Déconnexion$")).first.evaluate("button => button.closest('form').submit()")


def body(message: EmailMessage) -> str:
    return str(message.body)


def link_in(message: EmailMessage) -> str:
    """The address of the button, as the text alternative writes it."""
    found = re.search(r"https?://\S+", body(message))
    assert found
    return found[0]


def path_of(url: str) -> str:
    return urlsplit(url).path


@pytest.fixture(params=["javascript", "no-javascript"])
def scripted(request: pytest.FixtureRequest) -> bool:
    """Every test that asks runs twice: with JavaScript, and without (Q63)."""
    return bool(request.param == "javascript")


@pytest.fixture
def arrive(
    portal: LiveServer,
    browser: Browser,
    browser_context_args: dict[str, object],
    scripted: bool,
    axe: Callable[[Page], None],
) -> Callable[..., Visitor]:
    """`arrive("camille")`: somebody with a browser of his own."""

    def check(page: Page) -> None:
        if scripted:
            axe(page)
            for width in (320, 1280):
                page.set_viewport_size({"width": width, "height": 900})
                assert fits(page), f"{page.url} at {width}"

    def visitor(username: str) -> Visitor:
        context = browser.new_context(
            **{**browser_context_args, "java_script_enabled": scripted, "viewport": {"width": 1280, "height": 900}}
        )
        page = context.new_page()
        page.set_default_timeout(15_000)
        return Visitor(page, portal.url, f"{username}@exemple.fr", username, scripted, check)

    return visitor


@pytest.fixture
def documents() -> Path:
    return Path(__file__).parent.parent / "dossiers" / "files"


def user(email: str) -> User:
    return User.objects.get(email=email)
