"""The activation link (A2, Q9, Q10)."""

import re
from datetime import timedelta

import pytest
import time_machine

from accounts import links, workflow
from accounts.models import Session
from notifications.models import Email
from tests.accounts.factories import PASSWORD, UserFactory
from tests.accounts.sessions import CODE

pytestmark = pytest.mark.django_db
AGAIN = "/inscription/activation/"
SENT = "/inscription/activation/envoyee/"


def path_of(user) -> str:
    return links.activation(user).removeprefix("http://127.0.0.1:8000")


def link_in(message: Email) -> str:
    return re.search(r"http://127\.0\.0\.1:8000(/inscription/activation/\S+)", message.text)[1]


def test_the_button_activates_the_account_which_may_then_sign_in(client):
    user = UserFactory(pending=True)
    address = path_of(user)
    assert "Activer mon compte" in client.get(address).content.decode()
    assert client.post(address).url == "/connexion/"
    user.refresh_from_db()
    assert user.is_activated
    assert "Votre compte est activé" in client.get("/connexion/").content.decode()
    assert client.post("/connexion/", {"username": user.email, "password": PASSWORD}).url == CODE


def test_opening_the_link_consumes_nothing(client):
    """Q9: mail scanners open links, several times, with GET and HEAD."""
    user = UserFactory(pending=True)
    address = path_of(user)
    for _ in range(3):
        assert client.get(address).status_code == 200
        assert client.head(address).status_code == 200
    user.refresh_from_db()
    assert not user.is_activated
    assert not Session.objects.exists()
    client.post(address)
    user.refresh_from_db()
    assert user.is_activated


def test_the_link_works_once(client):
    """Q9."""
    user = UserFactory(pending=True)
    address = path_of(user)
    client.post(address)
    user.refresh_from_db()
    first = user.activated_at
    assert "déjà activé" in client.post(address).content.decode()
    user.refresh_from_db()
    assert user.activated_at == first


@pytest.mark.parametrize(("age", "valid"), [(timedelta(hours=48), True), (timedelta(hours=48, seconds=1), False)])
def test_the_link_is_valid_for_48_hours(client, age, valid):
    user = UserFactory(pending=True)
    with time_machine.travel("2026-06-04T08:00:00+00:00", tick=False) as clock:
        address = path_of(user)
        clock.shift(age)
        client.post(address)
        user.refresh_from_db()
        assert user.is_activated is valid


def test_an_expired_link_offers_a_new_one_to_the_same_address(client):
    user = UserFactory(pending=True)
    with time_machine.travel("2026-06-04T08:00:00+00:00", tick=False) as clock:
        address = path_of(user)
        clock.shift(timedelta(hours=49))
        page = client.get(address)
        assert page.status_code == 410
        assert "Recevoir un nouveau lien" in page.content.decode()
        assert not Email.objects.exists()
        assert client.post(address).url == SENT
        message = Email.objects.get()
        assert message.to == user.email
        client.post(link_in(message))
        user.refresh_from_db()
        assert user.is_activated


@pytest.mark.parametrize("token", ["x", "WyJhIl0:1abc:zzz", "%00", "a" * 2000])
def test_a_forged_link_is_refused(client, token):
    assert client.get(f"/inscription/activation/{token}/").status_code == 410
    assert client.post(f"/inscription/activation/{token}/").status_code == 410


def test_a_link_signed_for_something_else_is_refused(client):
    user = UserFactory(pending=True)
    token = links.signing.dumps([user.public_id.hex, user.email], salt="something.else")
    assert client.post(f"/inscription/activation/{token}/").status_code == 410
    user.refresh_from_db()
    assert not user.is_activated


def test_a_link_sent_to_a_former_address_is_refused(client):
    user = UserFactory(pending=True)
    address = path_of(user)
    user.email = "autre@exemple.fr"
    user.save()
    assert client.post(address).status_code == 410


def test_a_disabled_account_cannot_be_activated(client):
    user = UserFactory(pending=True, is_active=False)
    client.post(path_of(user))
    user.refresh_from_db()
    assert not user.is_activated


def test_a_new_link_answers_the_same_whatever_the_address(client):
    """Q8."""
    UserFactory(email="attend@exemple.fr", pending=True)
    UserFactory(email="active@exemple.fr")
    UserFactory(email="ferme@exemple.fr", pending=True, is_active=False)
    for address in ("attend@exemple.fr", "active@exemple.fr", "ferme@exemple.fr", "inconnu@exemple.fr"):
        assert client.post(AGAIN, {"email": address}).url == SENT
    assert Email.objects.get().to == "attend@exemple.fr"


def test_asking_again_and_again_does_not_flood_the_mailbox(client):
    UserFactory(email="attend@exemple.fr", pending=True)
    with time_machine.travel("2026-06-04T08:00:00+00:00", tick=False) as clock:
        for _ in range(10):
            client.post(AGAIN, {"email": "ATTEND@exemple.fr"})
        assert Email.objects.count() == 1
        clock.shift(timedelta(minutes=5))
        client.post(AGAIN, {"email": "attend@exemple.fr"})
        assert Email.objects.count() == 2


def test_a_forged_host_never_enters_a_link(client, settings):
    """Q10."""
    settings.ALLOWED_HOSTS = ["*"]
    UserFactory(email="attend@exemple.fr", pending=True)
    client.post(
        AGAIN, {"email": "attend@exemple.fr"}, HTTP_HOST="pirate.example", HTTP_X_FORWARDED_HOST="pirate.example"
    )
    message = Email.objects.get()
    assert "pirate" not in message.text + message.html
    assert link_in(message)


def test_the_message_says_how_long_the_link_works():
    user = UserFactory(pending=True, first_name="Marie", last_name="Durand", username="marie")
    workflow.send_activation_again(user.email)
    message = Email.objects.get()
    for words in ("Marie Durand", "«\u00a0marie\u00a0»", "48\u00a0heures", "Activer mon compte", "30\u00a0jours"):
        assert words in message.text
