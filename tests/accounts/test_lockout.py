"""The pause after ten wrong passwords (Q7): for the account, known or not, and never for good."""

from datetime import timedelta

import pytest
import time_machine
from axes.models import AccessAttempt
from django.test import Client

from tests.accounts.factories import PASSWORD, UserFactory
from tests.accounts.sessions import CODE, SIGN_IN, give_code, last_code

pytestmark = pytest.mark.django_db


def attempt(identifier: str, password: str = "une erreur de frappe", address: str = "192.0.2.1"):
    return Client(REMOTE_ADDR=address).post(SIGN_IN, {"username": identifier, "password": password})


def test_ten_wrong_passwords_pause_the_account_whatever_the_address_and_the_identifier():
    user = UserFactory()
    for n in range(9):
        assert attempt((user.username, user.email)[n % 2], address=f"192.0.2.{n}").status_code == 200
    assert attempt(user.username).status_code == 429
    refused = attempt(user.email.upper(), PASSWORD, "198.51.100.7")
    assert refused.status_code == 429
    assert refused["Retry-After"] == "900"
    assert "Connexion en pause" in refused.content.decode()


def test_an_account_that_does_not_exist_is_paused_just_the_same():
    user = UserFactory()
    known = [attempt(user.username) for _ in range(12)]
    unknown = [attempt("personne@exemple.fr") for _ in range(12)]
    assert [it.status_code for it in known] == [it.status_code for it in unknown]
    assert known[-1].content == unknown[-1].content


def test_the_pause_concerns_one_account_and_not_an_address():
    """A whole establishment may stand behind one address."""
    user, neighbour = UserFactory(), UserFactory()
    for _ in range(12):
        attempt(user.username)
    assert attempt(neighbour.username, PASSWORD).url == CODE


def test_the_pause_ends_by_itself_and_insisting_does_not_lengthen_it():
    user = UserFactory()
    with time_machine.travel("2026-06-04T08:00:00+00:00", tick=False) as clock:
        for _ in range(10):
            attempt(user.username)
        clock.shift(timedelta(minutes=14, seconds=59))
        assert attempt(user.username, PASSWORD).status_code == 429
        clock.shift(timedelta(seconds=2))
        assert attempt(user.username, PASSWORD).url == CODE


def test_a_sign_in_forgets_the_wrong_passwords(client):
    user = UserFactory()
    for _ in range(9):
        attempt(user.username)
    client.post(SIGN_IN, {"username": user.username, "password": PASSWORD})
    assert AccessAttempt.objects.exists()
    give_code(client, last_code(user))
    assert not AccessAttempt.objects.exists()


def test_nothing_that_was_typed_is_written_down():
    """Neither passwords, nor the address of a stranger."""
    UserFactory(username="marie")
    attempt("marie", "un secret bien gardé")
    attempt("inconnue@exemple.fr", "un autre secret")
    for row in AccessAttempt.objects.values():
        assert "secret" not in str(row)
        assert "inconnue" not in str(row)
        assert "csrfmiddlewaretoken=" not in str(row).replace("csrfmiddlewaretoken=*", "")
