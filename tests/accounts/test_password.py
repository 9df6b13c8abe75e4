"""« Mot de passe oublié ? » and « Modifier le mot de passe » (A6, Q8, Q9, Q10)."""

import re
from datetime import timedelta

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.auth.tokens import default_token_generator
from django.test import Client

from accounts import workflow
from accounts.models import Session
from notifications.models import Email
from tests.accounts.factories import PASSWORD, UserFactory
from tests.accounts.sessions import CODE, SIGN_IN, give_password, is_signed_in, sign_in

pytestmark = pytest.mark.django_db
FORGOTTEN = "/mot-de-passe/oublie/"
SENT = "/mot-de-passe/oublie/envoye/"
CHANGE = "/compte/mot-de-passe/"
NEW = "quatre mots sans rapport"
TWICE = {"new_password1": NEW, "new_password2": NEW}


def ask(client, user) -> str:
    """Ask for a link and return its path."""
    client.post(FORGOTTEN, {"email": user.email})
    text = Email.objects.filter(kind="password_reset").latest("pk").text
    return re.search(r"http://127\.0\.0\.1:8000(/mot-de-passe/nouveau/\S+)", text)[1]


# Forgotten


def test_the_link_lets_choose_a_password_which_then_signs_in(client):
    user = UserFactory()
    address = ask(client, user)
    assert "Choisir un mot de passe" in client.get(address).content.decode()
    assert client.post(address, TWICE).url == SIGN_IN
    assert "Votre mot de passe est enregistré" in client.get(SIGN_IN).content.decode()
    assert client.post(SIGN_IN, {"username": user.email, "password": PASSWORD}).status_code == 200
    assert client.post(SIGN_IN, {"username": user.email, "password": NEW}).url == CODE


def test_a_code_is_still_asked_for_after_a_reset(client):
    """Q10."""
    client.post(ask(client, UserFactory()), TWICE)
    assert not is_signed_in(client)


def test_a_reset_ends_every_session_and_sends_a_notice(client):
    """Q10."""
    user = UserFactory()
    elsewhere = sign_in(Client(), user)
    assert is_signed_in(elsewhere)
    client.post(ask(client, user), TWICE)
    assert not is_signed_in(elsewhere)
    notice = Email.objects.get(kind="password_changed")
    assert notice.to == user.email
    assert NEW not in notice.text


def test_a_reset_voids_the_code_on_its_way(client):
    user, attacker = UserFactory(), Client()
    code = give_password(attacker, user)
    client.post(ask(client, user), TWICE)
    assert attacker.post(CODE, {"code": code}).url == SIGN_IN


def test_opening_the_link_consumes_nothing(client):
    """Q9."""
    address = ask(client, UserFactory())
    for _ in range(3):
        assert client.get(address).status_code == 200
        assert client.head(address).status_code == 200
    assert not Session.objects.exists()
    assert client.post(address, TWICE).url == SIGN_IN


def test_the_link_works_once(client):
    """Q9."""
    user = UserFactory()
    address = ask(client, user)
    client.post(address, TWICE)
    other = "encore une autre phrase"
    assert client.post(address, {"new_password1": other, "new_password2": other}).status_code == 410
    assert client.get(address).status_code == 410
    user.refresh_from_db()
    assert user.check_password(NEW)


def test_a_refused_password_does_not_use_the_link_up(client):
    address = ask(client, UserFactory())
    page = client.post(address, {"new_password1": "court", "new_password2": "court"}).content.decode()
    assert "<title>Erreur" in page
    assert client.post(address, TWICE).url == SIGN_IN


@pytest.mark.parametrize(("age", "valid"), [(3600, True), (3601, False)])
def test_the_link_is_valid_for_an_hour(client, age, valid):
    with time_machine.travel("2026-06-04T08:00:00+00:00", tick=False) as clock:
        address = ask(client, UserFactory())
        clock.shift(age)
        assert client.get(address).status_code == (200 if valid else 410)
        assert client.post(address, TWICE).status_code == (302 if valid else 410)


def test_a_link_is_void_after_a_sign_in(client):
    """Who remembered the password no longer needs it."""
    user = UserFactory()
    address = ask(client, user)
    client.post(CODE, {"code": give_password(client, user)})
    assert Client().get(address).status_code == 410


def test_a_link_of_somebody_else_is_refused(client):
    user, other = UserFactory(), UserFactory()
    token = default_token_generator.make_token(user)
    assert client.post(f"/mot-de-passe/nouveau/{other.public_id}/{token}/", TWICE).status_code == 410
    unknown = "00000000-0000-4000-8000-000000000000"
    assert client.post(f"/mot-de-passe/nouveau/{unknown}/{token}/", TWICE).status_code == 410


def test_the_answer_is_the_same_whatever_the_address(client):
    """Q8."""
    UserFactory(email="connu@exemple.fr")
    UserFactory(email="ferme@exemple.fr", is_active=False)
    answers = set()
    for address in ("connu@exemple.fr", "CONNU@exemple.fr", "ferme@exemple.fr", "inconnu@exemple.fr"):
        response = client.post(FORGOTTEN, {"email": address}, follow=True)
        answers.add((response.status_code, response.redirect_chain[-1], response.content))
    assert len(answers) == 1
    assert Email.objects.get().to == "connu@exemple.fr"


def test_asking_again_and_again_does_not_flood_the_mailbox(client):
    user = UserFactory()
    with time_machine.travel("2026-06-04T08:00:00+00:00", tick=False) as clock:
        for _ in range(10):
            ask(client, user)
        assert Email.objects.count() == 1
        clock.shift(timedelta(minutes=5))
        ask(client, user)
        assert Email.objects.count() == 2


def test_a_link_already_used_does_not_keep_the_next_one_back(client):
    user = UserFactory()
    client.post(ask(client, user), TWICE)
    address = ask(client, user)
    assert client.get(address).status_code == 200


def test_a_forged_host_never_enters_a_link(client, settings):
    """Q10."""
    settings.ALLOWED_HOSTS = ["*"]
    user = UserFactory()
    client.post(FORGOTTEN, {"email": user.email}, HTTP_HOST="pirate.example")
    client.post(ask(client, user), TWICE, HTTP_HOST="pirate.example")
    for message in Email.objects.all():
        assert "pirate" not in message.text + message.html


def test_receiving_the_link_proves_the_address_of_an_account_not_activated(client):
    user = UserFactory(pending=True)
    client.post(ask(client, user), TWICE)
    user.refresh_from_db()
    assert user.is_activated


def test_a_reset_ends_the_pause_after_wrong_passwords(client):
    user = UserFactory()
    for n in range(11):
        client.post(SIGN_IN, {"username": user.username, "password": f"essai {n}"})
    assert AccessAttempt.objects.exists()
    client.post(ask(client, user), TWICE)
    assert client.post(SIGN_IN, {"username": user.username, "password": NEW}).url == CODE


# Changed from the account page


def test_changing_the_password_keeps_this_session_and_ends_the_others(client):
    user = UserFactory()
    elsewhere = sign_in(Client(), user)
    sign_in(client, user)
    before = client.cookies["sessionid"].value
    assert client.post(CHANGE, {"old_password": PASSWORD, **TWICE}).url == "/compte/"
    assert is_signed_in(client)
    assert client.cookies["sessionid"].value != before
    assert not is_signed_in(elsewhere)
    assert Email.objects.get().kind == "password_changed"
    user.refresh_from_db()
    assert user.check_password(NEW)


def test_the_current_password_is_asked_for(client):
    user = UserFactory()
    sign_in(client, user)
    page = client.post(CHANGE, {"old_password": "autre chose", **TWICE}).content.decode()
    assert "Ce n&#x27;est pas votre mot de passe actuel" in page
    page = client.post(CHANGE, TWICE).content.decode()
    assert "Saisissez votre mot de passe actuel." in page
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert not Email.objects.exists()


def test_guessing_the_current_password_is_paused_and_never_written_down(client):
    """Q7: a session left open is no way round the pause; what was typed is not kept."""
    user = UserFactory()
    sign_in(client, user)
    codes = [client.post(CHANGE, {"old_password": f"essai {n}", **TWICE}).status_code for n in range(7)]
    assert codes == [200] * 4 + [429] * 3
    for attempt in AccessAttempt.objects.values():
        assert "essai" not in str(attempt)
        assert NEW not in str(attempt)


def test_a_password_made_from_own_data_is_refused_with_the_reason(client):
    user = UserFactory(first_name="Marguerite", last_name="Dupuytren")
    sign_in(client, user)
    weak = "Marguerite Dupuytren 75"
    page = client.post(CHANGE, {"old_password": PASSWORD, "new_password1": weak, "new_password2": weak})
    assert "formé à partir de vos informations" in page.content.decode()


def test_the_page_is_for_signed_in_people(client):
    assert client.get(CHANGE).url == f"/connexion/?next={CHANGE}"


def test_nobody_changes_or_asks_for_somebody_elses_password():
    user, other = UserFactory(), UserFactory()
    with pytest.raises(workflow.Refused):
        workflow.change_password(user, new_password=NEW, by=other)
    with pytest.raises(workflow.Refused):
        workflow.invite(user, by=other)
    assert not Email.objects.exists()
