"""An authenticator app and recovery codes, from enrolment to sign-in (Q12), and what is asked of staff."""

import re
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.test import Client

from accounts import protection, queries, workflow
from accounts.enums import Role
from accounts.models import Authenticator, EmailCode, RecoveryCodes
from ecare.models import AuditEntry
from notifications.models import Email
from tests.accounts.factories import PASSWORD, UserFactory
from tests.accounts.second_steps import SECOND_STEP, authenticator, code_of, recovery_codes
from tests.accounts.sessions import CODE, SIGN_IN, give_code, is_signed_in, last_code, sign_in
from tests.accounts.test_confirmation import stale
from tests.accounts.test_races import at_once, same_browser, signed_in_sessions

pytestmark = pytest.mark.django_db
APP = "/compte/securite/applications/ajouter/"
RECOVERY = "/compte/securite/secours/"


def password(client: Client, user) -> str:
    return client.post(SIGN_IN, {"username": user.username, "password": PASSWORD}).url


def told(user) -> list[str]:
    """The lines of the audit log about the second steps of `user`, who acted."""
    lines = AuditEntry.objects.filter(kind="factor_changed", actor_id=user.pk, subject=f"compte {user.pk}")
    return [line.detail["event"] for line in lines.order_by("pk")]


def test_an_app_is_added_named_as_such_and_asked_at_the_next_sign_in(client):
    user = UserFactory(verifier=True)
    sign_in(client, user)
    assert client.post(APP, {"start": "1"}).url == APP
    device = Authenticator.objects.get(user=user)
    page = client.get(APP).content.decode()
    assert "data:image/svg+xml" in page
    assert device.secret in page
    assert not queries.own_factors(user)
    typed = {"name": "Application du téléphone"}
    assert 'value="Application du téléphone"' in page
    assert "Ce code est incorrect" in client.post(APP, {**typed, "code": "000000"}).content.decode()
    assert "Donnez un nom" in client.post(APP, {"code": code_of(device)}).content.decode()
    assert client.post(APP, {**typed, "code": code_of(device)}).url == RECOVERY
    assert is_signed_in(client)
    assert "«\u00a0Application du téléphone\u00a0» est ajoutée" in Email.objects.get(kind="factor_changed").text
    page = client.post(RECOVERY).content.decode()
    codes = re.findall(r"<code>(.+?)</code>", page)
    assert len(set(codes)) == 10
    assert not any(code in str(RecoveryCodes.objects.values()) for code in codes)
    assert told(user) == ["application ajoutée", "codes de secours renouvelés"]

    newcomer = Client()
    assert password(newcomer, user) == SECOND_STEP
    assert not Email.objects.filter(kind="code").exists()
    assert not is_signed_in(newcomer)
    # The code of the enrolment does not serve twice.
    assert "a déjà servi" in newcomer.post(SECOND_STEP, {"code": code_of(device)}).content.decode()
    with time_machine.travel(timedelta(seconds=61)):
        assert newcomer.post(SECOND_STEP, {"code": code_of(device)}).url == "/accueil/"
        assert is_signed_in(newcomer)
    opened, refused = AuditEntry.objects.filter(actor_id=user.pk).order_by("-pk")[:2]
    assert (refused.kind, refused.subject) == ("code_failed", "application")
    assert (opened.kind, opened.detail) == ("signed_in", {"factor": "application"})


def test_a_code_of_the_app_is_accepted_half_a_minute_early_or_late_and_never_again(client):
    user = UserFactory(referent=True)
    device = authenticator(user)
    with time_machine.travel("2026-06-04T08:00:10+00:00", tick=False) as clock:
        for steps in (-2, 2):
            password(client, user)
            assert client.post(SECOND_STEP, {"code": code_of(device, steps=steps)}).status_code == 200
        code = code_of(device)
        clock.shift(30)
        assert client.post(SECOND_STEP, {"code": code}).url == "/tableau-de-bord/"
        client.post("/deconnexion/")
        password(client, user)
        assert client.post(SECOND_STEP, {"code": code}).status_code == 200
        assert not is_signed_in(client)


def test_wrong_codes_are_spaced_out_and_never_lock_for_good(client):
    user = UserFactory()
    device = authenticator(user)
    with time_machine.travel("2026-06-04T08:00:10+00:00", tick=False) as clock:
        password(client, user)
        for n in range(30):
            client.post(SECOND_STEP, {"code": f"{(int(code_of(device)) + 7 + n) % 1_000_000:06d}"})
        device.refresh_from_db()
        assert device.throttling_failure_count == 10
        assert "Trop de codes erronés" in client.post(SECOND_STEP, {"code": code_of(device)}).content.decode()
        Authenticator.objects.update(throttling_failure_count=60)
        clock.shift(timedelta(minutes=15))
        assert client.post(SECOND_STEP, {"code": code_of(device)}).status_code == 302


def test_a_recovery_code_opens_once_whatever_its_case_and_tells_its_owner(client):
    user = UserFactory()
    authenticator(user)
    codes = recovery_codes(user)
    password(client, user)
    assert "Utiliser un code de secours" in client.get(SECOND_STEP).content.decode()
    typed = codes[3].lower().replace("-", " ")
    assert client.post(f"{SECOND_STEP}?moyen=secours", {"code": typed}).url == "/tableau-de-bord/"
    assert "il en reste 9" in Email.objects.get(kind="factor_changed").text
    assert told(user) == ["code de secours utilisé"]
    other = Client()
    password(other, user)
    slip = codes[4][:-1] + ("3" if codes[4].endswith("2") else "2")
    for wrong in (codes[3], slip, "Z", "", "é", codes[5][:1]):
        page = other.post(f"{SECOND_STEP}?moyen=secours", {"code": wrong})
        assert page.status_code == 200, wrong
        RecoveryCodes.objects.update(throttling_failure_count=0)
    assert other.post(f"{SECOND_STEP}?moyen=secours", {"code": codes[4]}).status_code == 302


def test_new_recovery_codes_void_the_former_ones():
    user = UserFactory()
    authenticator(user)
    former = protection.draw_recovery_codes(user, by=user)
    newer = protection.draw_recovery_codes(user, by=user)
    assert protection.verify_recovery_code(user, code=former[0]) is None
    assert protection.verify_recovery_code(user, code=newer[0])
    with pytest.raises(workflow.Refused):
        protection.draw_recovery_codes(UserFactory(), by=user)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("means", ["app", "recovery"])
def test_one_code_posted_eight_times_at_once_opens_one_session(means):
    """Q1, for the other second steps; then, the sign-in being old, the next code confirms one act."""
    for _ in range(3):
        user, client = UserFactory(), Client()
        device, codes = authenticator(user), recovery_codes(user)
        password(client, user)
        address, code = (SECOND_STEP, code_of(device)) if means == "app" else (f"{SECOND_STEP}?moyen=secours", codes[0])
        before = signed_in_sessions()
        answers = at_once([partial(same_browser(client).post, address, {"code": code}) for _ in range(8)])
        assert [answer.url for answer in answers if answer.status_code == 302].count("/tableau-de-bord/") == 1
        assert signed_in_sessions() == before + 1
        stale(client, user)
        with time_machine.travel(timedelta(seconds=61)):
            typed = {"confirm-resume": "get", "confirm-code": code_of(device)}
            answers = at_once([partial(same_browser(client).post, RECOVERY, typed) for _ in range(8)])
        assert [answer.url for answer in answers if answer.status_code == 302].count(RECOVERY) == 1


def test_the_mailed_code_stays_possible_unless_the_role_requires_better(client, settings):
    user = UserFactory(lead=True)
    authenticator(user)
    password(client, user)
    assert client.post("/connexion/code/nouveau/", {"first": "1"}).url == CODE
    assert give_code(client, last_code(user)).url == "/accueil/"

    settings.STAFF_SECOND_FACTOR = "required"
    assert client.get("/instruction/").url == "/compte/securite/"
    client = Client()
    password(client, user)
    assert "Recevoir un code par e-mail" not in client.get(SECOND_STEP).content.decode()
    assert client.post("/connexion/code/nouveau/", {"first": "1"}).url == SECOND_STEP
    assert client.get(CODE).url == SECOND_STEP
    # A code sent before opens nothing either.
    code = EmailCode.objects.get(user=user).generate_code(sign_in=client.session["pending_sign_in"]["id"])
    assert client.post(CODE, {"code": code}).url == SECOND_STEP
    assert not is_signed_in(client)


@pytest.mark.parametrize("role", [Role.VERIFIER, Role.REGIONAL, Role.LEAD, Role.ADMIN])
def test_staff_who_must_have_a_second_step_add_it_before_anything_else(client, settings, role):
    settings.STAFF_SECOND_FACTOR = "required"
    user = UserFactory(role=role)
    sign_in(client, user)
    for page in ("/compte/", "/instruction/", "/admin/"):
        assert client.get(page).url == "/compte/securite/", page
    assert "Ajoutez un second facteur pour continuer" in client.get("/compte/securite/").content.decode()
    client.post(APP, {"start": "1"})
    device = Authenticator.objects.get(user=user)
    client.post(APP, {"code": code_of(device), "name": "Téléphone"})
    assert is_signed_in(client)
    client.post(f"/compte/securite/applications/{device.pk}/", {"remove": "1"})
    assert queries.own_factors(user).authenticators, "the last one is kept"


def test_a_referent_is_never_asked_for_more_than_the_mailed_code(client, settings):
    settings.STAFF_SECOND_FACTOR = "required"
    sign_in(client, UserFactory())
    assert is_signed_in(client)


def test_staff_are_advised_at_sign_in(client, settings):
    for policy, advised in (("advised", True), ("email", False)):
        settings.STAFF_SECOND_FACTOR = policy
        browser, user = Client(), UserFactory(verifier=True)
        give_code(browser, browser.post(SIGN_IN, {"username": user.username, "password": PASSWORD}) and last_code(user))
        assert ("clé d&#x27;accès dans" in browser.get("/compte/").content.decode()) is advised


def test_removing_the_last_one_keeps_the_session_and_forgets_the_recovery_codes(client):
    user = UserFactory(verifier=True)
    device = authenticator(user)
    recovery_codes(user)
    password(client, user)
    client.post(SECOND_STEP, {"code": code_of(device)})
    other = Client()
    password(other, user)
    with time_machine.travel(timedelta(seconds=61)):
        other.post(SECOND_STEP, {"code": code_of(device)})
        assert is_signed_in(other)
        client.post(f"/compte/securite/applications/{device.pk}/", {"remove": "1"})
        assert is_signed_in(client)
        assert not is_signed_in(other), "what it opened elsewhere ends with it"
    assert not RecoveryCodes.objects.exists()
    assert told(user) == ["application retirée"]
    assert password(Client(), user) == CODE


def test_nobody_touches_somebody_else_s(client):
    owner, other, admin = UserFactory(), UserFactory(lead=True), UserFactory(admin=True)
    device = authenticator(owner)
    for attempt in (
        lambda: protection.start_authenticator(owner, by=other),
        lambda: protection.remove(device, by=other),
        lambda: protection.draw_recovery_codes(owner, by=admin),
        lambda: protection.forget_factors(owner, by=other),
    ):
        with pytest.raises(workflow.Refused):
            attempt()
    sign_in(client, admin)
    client.post("/admin/accounts/user/", {"action": "forget_factors", "_selected_action": [owner.pk]}, follow=True)
    assert not queries.own_factors(owner)
    line = AuditEntry.objects.get(kind="factor_changed")
    assert (line.actor_id, line.subject, line.detail) == (admin.pk, f"compte {owner.pk}", {"event": "tous retirés"})
    assert "Un administrateur a retiré" in Email.objects.get(to=owner.email, kind="factor_changed").text


def test_the_administration_shows_no_secret(client):
    device = authenticator(UserFactory())
    sign_in(client, UserFactory(admin=True))
    for address in ("accounts/authenticator/", f"accounts/authenticator/{device.pk}/change/", "django_otp_webauthn/"):
        assert client.get(f"/admin/{address}").status_code == 404
