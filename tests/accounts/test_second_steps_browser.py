"""Passkeys in a real browser, which holds a virtual authenticator. The other screens stand in `test_every_screen`."""

import json
import re
from functools import partial

import pytest
from django.test import Client
from django_otp_webauthn.models import WebAuthnCredential
from playwright.sync_api import Page, expect

from accounts.models import Session
from ecare.models import AuditEntry, Limit
from tests.accounts.factories import PASSWORD, UserFactory
from tests.accounts.second_steps import SECOND_STEP, authenticator
from tests.accounts.sessions import sign_in, wear
from tests.accounts.test_confirmation import stale
from tests.accounts.test_races import at_once, same_browser, signed_in_sessions

pytestmark = pytest.mark.django_db(transaction=True)
RECOVERY = "/compte/securite/secours/"


@pytest.fixture
def own_site(settings, live_server):
    settings.PUBLIC_URL = live_server.url
    settings.OTP_WEBAUTHN_RP_ID = "localhost"
    settings.OTP_WEBAUTHN_ALLOWED_ORIGINS = [live_server.url]
    return live_server


@pytest.fixture
def virtual_key(page: Page):
    """A key that this browser holds, which says yes when it is asked."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    key = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def answers(yes: bool) -> None:
        devtools.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": yes})

    return answers


def give_password(page: Page, url: str, user) -> None:
    page.goto(f"{url}/connexion/")
    page.get_by_label("Nom d'utilisateur ou adresse email").fill(user.username)
    page.locator("#id_password").fill(PASSWORD)
    page.locator("#id_password").press("Enter")


def test_a_passkey_from_its_making_to_its_removal(page: Page, own_site, virtual_key, axe):
    user = UserFactory(verifier=True, username="paul")
    wear(page, sign_in(Client(), user), own_site)
    page.goto(f"{own_site.url}/compte/securite/")
    page.get_by_role("link", name="Ajouter une clé d'accès").click()
    page.get_by_label("Nom de la clé").fill("Ordinateur du bureau")
    page.get_by_role("button", name="Ajouter la clé").click()
    expect(page.get_by_text("La clé d'accès « Ordinateur du bureau » est ajoutée.")).to_be_visible()
    passkey = WebAuthnCredential.objects.get(user=user)
    assert passkey.name == "Ordinateur du bureau"
    # The same key is not added twice.
    page.goto(f"{own_site.url}/compte/securite/cles/ajouter/")
    page.get_by_label("Nom de la clé").fill("Encore elle")
    page.get_by_role("button", name="Ajouter la clé").click()
    expect(page.get_by_text("Le navigateur n'a pas créé la clé.")).to_be_visible()
    axe(page)

    page.context.clear_cookies()
    give_password(page, own_site.url, user)
    expect(page.get_by_role("button", name="Utiliser une clé d'accès")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Utiliser une clé d'accès").click()
    page.wait_for_url("**/accueil/")
    passkey.refresh_from_db()
    assert passkey.sign_count > 0

    # Later, the key confirms an act by itself; a copy of it, which counts behind, confirms nothing.
    for session in Session.objects.all():
        session.session_data = Session.objects.encode({**session.get_decoded(), "confirmed_at": 0})
        session.save()
    WebAuthnCredential.objects.update(sign_count=10_000)
    page.goto(f"{own_site.url}/compte/securite/secours/")
    page.get_by_role("button", name="Utiliser une clé d'accès").click()
    expect(page.get_by_text("La clé d'accès n'a pas été reconnue.")).to_be_visible()
    expect(page).to_have_title(re.compile("^Erreur – Confirmez que c'est bien vous"))
    axe(page)
    assert AuditEntry.objects.filter(kind="code_failed", actor_id=user.pk, subject="clé d'accès").exists()
    WebAuthnCredential.objects.update(sign_count=passkey.sign_count)
    page.get_by_role("button", name="Utiliser une clé d'accès").click()
    expect(page.get_by_role("heading", name="Codes de secours", level=1)).to_be_visible()

    page.goto(f"{own_site.url}/compte/securite/")
    page.get_by_role("link", name="Ordinateur du bureau").click()
    page.get_by_label("Nom de la clé").fill("Portable")
    page.get_by_role("button", name="Renommer").click()
    page.get_by_role("link", name="Portable").click()
    axe(page)
    page.get_by_role("button", name="Retirer la clé").click()
    expect(page.get_by_text("« Portable » ne sert plus à vous connecter.")).to_be_visible()
    assert not WebAuthnCredential.objects.exists()
    page.goto(f"{own_site.url}/compte/securite/")
    expect(page.get_by_role("heading", name="Clés d'accès")).to_be_visible()


def test_the_answer_of_a_passkey_opens_one_session_and_only_its_owner_s(page: Page, own_site, virtual_key):
    """Q1: the same answer eight times at once, then replayed, then in somebody else's sign-in."""
    user, other = UserFactory(), UserFactory()
    wear(page, sign_in(Client(), user), own_site)
    page.goto(f"{own_site.url}/compte/securite/cles/ajouter/")
    page.get_by_label("Nom de la clé").fill("Clé")
    page.get_by_role("button", name="Ajouter la clé").click()
    page.wait_for_url("**/secours/")
    page.context.clear_cookies()
    give_password(page, own_site.url, user)
    # The answer is kept instead of being sent.
    page.evaluate(
        "() => { HTMLFormElement.prototype.submit = function () {"
        " document.body.dataset.kept = this.querySelector('[data-passkey-answer]').value; } }"
    )
    page.get_by_role("button", name="Utiliser une clé d'accès").click()
    page.locator("body[data-kept]").wait_for()
    answer = page.locator("body").get_attribute("data-kept")
    key = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "sessionid")
    client = Client()
    client.cookies["sessionid"] = key
    state = client.session["passkey_sign_in"]

    intruder = Client()
    intruder.post("/connexion/", {"username": other.username, "password": PASSWORD})
    authenticator(other)
    session = intruder.session
    session["passkey_sign_in"] = state
    session.save()
    assert intruder.post(SECOND_STEP, {"answer": answer}).status_code == 200

    before = signed_in_sessions()
    altered = json.dumps({**json.loads(answer), "id": "inconnue", "rawId": "inconnue"})
    for wrong in (altered, "{}", "[]", "null", "pas du JSON", '{"id": 1}'):
        session = client.session
        session["passkey_sign_in"] = state
        session.save()
        assert same_browser(client).post(SECOND_STEP, {"answer": wrong}).status_code == 200, wrong
    session = client.session
    session["passkey_sign_in"] = state
    session.save()
    answers = at_once([partial(same_browser(client).post, SECOND_STEP, {"answer": answer}) for _ in range(8)])
    assert [it.url for it in answers if it.status_code == 302].count("/tableau-de-bord/") == 1
    assert signed_in_sessions() == before + 1
    again = Client()
    again.post("/connexion/", {"username": user.username, "password": PASSWORD})
    session = again.session
    session["passkey_sign_in"] = state
    session.save()
    assert again.post(SECOND_STEP, {"answer": answer}).status_code == 200

    # The same to confirm an act, each time with a state that the session holds; too late, a first answer is refused.
    ask = {"confirm-resume": "get", "confirm-answer": answer}
    stale(client, user)
    for at in (state["at"], state["at"] - 700):
        session = client.session
        session["passkey_confirmation"] = {**state, "at": at}
        session.save()
        answers = at_once([partial(same_browser(client).post, RECOVERY, ask) for _ in range(4)])
        assert all(it.status_code == 200 for it in answers), "spent at sign-in"
        WebAuthnCredential.objects.update(sign_count=0)
        Limit.objects.all().delete()
    session["passkey_confirmation"] = state
    session.save()
    answers = at_once([partial(same_browser(client).post, RECOVERY, ask) for _ in range(8)])
    assert [it.url for it in answers if it.status_code == 302].count(RECOVERY) == 1
