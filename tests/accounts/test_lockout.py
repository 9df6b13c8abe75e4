"""The pause after five wrong passwords (Q7, Q8): of an identifier, known or not, and never for good."""

import re
from datetime import timedelta

import pytest
import time_machine
from axes.models import AccessAttempt
from django.test import Client

from accounts.models import User
from ecare.models import Limit
from tests.accounts.factories import PASSWORD, UserFactory
from tests.accounts.registering import SCREEN_2, fill
from tests.accounts.sessions import CODE, SIGN_IN, give_code, last_code, sign_in

pytestmark = pytest.mark.django_db


VARYING = {"Content-Security-Policy", "Content-Length", "Expires"}  # by the nonce, what was typed, the hour


def attempt(identifier: str, password: str = "une erreur de frappe", address: str = "192.0.2.1"):
    return Client(REMOTE_ADDR=address).post(SIGN_IN, {"username": identifier, "password": password})


def test_five_wrong_passwords_pause_an_identifier_whatever_the_address_and_the_case():
    user = UserFactory()
    for n in range(4):
        assert attempt((user.email, user.email.upper())[n % 2], address=f"192.0.2.{n}").status_code == 200
    assert attempt(f" {user.email}").status_code == 429
    refused = attempt(user.email, PASSWORD, "198.51.100.7")
    assert refused.status_code == 429
    assert refused["Retry-After"] == "900"
    assert "Connexion en pause" in refused.content.decode()
    # Its owner still has the other way in, and whoever knows both learns nothing of one from the other.
    assert attempt(user.username, PASSWORD).url == CODE


def test_fifty_tries_tell_nothing_of_who_has_an_account():
    """Q8: page, status, headers and the moment of the pause are those of an identifier without account, for its
    user name, its address, a closed account, one never activated; a sign-in of the owner, from elsewhere, shows not."""
    user, closed, pending = UserFactory(), UserFactory(is_active=False), UserFactory(pending=True)

    def answers(identifier: str, tries: int, owner: User | None = None) -> list[tuple[int, str, dict[str, str]]]:
        found = []
        for n in range(tries):
            if owner and n == 3:
                browser = Client(REMOTE_ADDR="198.51.100.7")
                give_code(
                    browser, browser.post(SIGN_IN, {"username": owner.email, "password": PASSWORD}) and last_code(owner)
                )
            response = attempt(identifier, address=f"192.0.2.{n + 1}")
            page = re.sub(r'(csrfmiddlewaretoken" value=|nonce=|id="error-)"\w+"', "", response.content.decode())
            headers = {name: value for name, value in response.headers.items() if name not in VARYING}
            found.append((response.status_code, page.replace(identifier, "…"), headers))
        return found

    expected = answers("personne-de-ce-nom", 50)
    assert [status for status, *_ in expected] == [200] * 4 + [429] * 46
    for identifier in (user.username, user.email, "inconnue@exemple.org"):
        assert answers(identifier, 50) == expected, identifier
    present = UserFactory()
    assert answers(present.username, 7, owner=present) == expected[:7]
    for account in (closed, pending):
        assert answers(account.username, 7) == expected[:7]


def test_the_pause_concerns_one_identifier_and_not_an_address():
    """A whole establishment may stand behind one address."""
    user, neighbour = UserFactory(), UserFactory()
    for _ in range(6):
        attempt(user.username)
    assert attempt(neighbour.username, PASSWORD).url == CODE


def test_the_pause_ends_by_itself_and_insisting_does_not_lengthen_it():
    user = UserFactory()
    with time_machine.travel("2026-06-04T08:00:00+00:00", tick=False) as clock:
        for _ in range(5):
            attempt(user.username)
        clock.shift(timedelta(minutes=14, seconds=59))
        assert attempt(user.username, PASSWORD).status_code == 429
        clock.shift(timedelta(seconds=2))
        assert attempt(user.username, PASSWORD).url == CODE


def test_a_sign_in_forgets_the_wrong_passwords(client):
    user = UserFactory()
    for identifier in [user.username, user.email] * 4:
        attempt(identifier, address="127.0.0.1")
    client.post(SIGN_IN, {"username": user.username, "password": PASSWORD})
    assert AccessAttempt.objects.count() == 2
    give_code(client, last_code(user))
    assert not AccessAttempt.objects.exists()


def test_nothing_that_was_typed_is_written_down():
    """Neither passwords, nor the address of a stranger."""
    UserFactory(username="marie")
    attempt("marie", "un secret bien gardé")
    attempt("inconnue@exemple.fr", "un autre secret")
    assert AccessAttempt.objects.count() == 2
    for row in AccessAttempt.objects.values():
        assert "secret" not in str(row)
        assert "marie" not in str(row)
        assert "inconnue" not in str(row)
        assert "csrfmiddlewaretoken=" not in str(row).replace("csrfmiddlewaretoken=*", "")


# By address, beside the account


def test_one_address_tries_fifty_wrong_passwords_in_a_quarter_of_an_hour_whatever_the_accounts():
    user = UserFactory()
    with time_machine.travel("2026-06-04T08:00:00+00:00", tick=False) as clock:
        tried = [attempt(f"personne{n}@exemple.org").status_code for n in range(50)]
        assert set(tried) == {200}
        refused = attempt(user.username, PASSWORD)
        assert refused.status_code == 429
        assert refused["Retry-After"] == "900"
        assert "Trop de demandes en peu de temps" in refused.content.decode()
        assert "à partir de 10\u00a0h\u00a015" in refused.content.decode()
        assert attempt(user.username, PASSWORD, "192.0.2.2").url == CODE
        clock.shift(timedelta(minutes=15))
        assert attempt(user.username, PASSWORD).url == CODE


def test_right_passwords_are_not_counted_against_an_address():
    user = UserFactory()
    limits_used = Limit.objects.count()
    for _ in range(3):
        assert attempt(user.username, PASSWORD).url == CODE
    assert Limit.objects.count() == limits_used + 1
    assert Limit.objects.latest("expires_at").moments == []


def test_one_address_causes_sixty_messages_an_hour_at_most(client):
    with time_machine.travel("2026-06-04T08:00:00+00:00", tick=False):
        for n in range(30):
            assert client.post("/mot-de-passe/oublie/", {"email": f"personne{n}@exemple.fr"}).status_code == 302
            again = client.post("/inscription/activation/", {"email": f"personne{n}@exemple.fr"})
            assert again.status_code == 302
        for address in ("/mot-de-passe/oublie/", "/inscription/activation/", "/inscription/recapitulatif/"):
            refused = client.post(address, {"email": "personne@exemple.fr"})
            assert (refused.status_code, refused["Retry-After"]) == (429, "3600")
            assert client.get(address).status_code in {200, 302}


def test_the_picker_takes_sixty_searches_a_minute_from_one_address(client, legal_entity):
    """Q22: when registering and when adding an establishment, together."""
    fill(client, legal_entity, until=SCREEN_2)
    person = sign_in(Client(), UserFactory())
    person.post("/compte/etablissements/ajouter/", {"establishment_type": "essms", "region": "11"})
    adding = "/compte/etablissements/ajouter/choix/"
    with time_machine.travel("2026-06-04T08:00:00+00:00", tick=False) as clock:
        for n in range(30):
            assert client.get(SCREEN_2, {"q": f"mot {n}"}).status_code == 200
            assert person.get(adding, {"q": f"mot {n}"}).status_code == 200
        for browser, page in ((client, SCREEN_2), (person, adding)):
            refused = browser.get(page, {"q": "mot"})
            assert (refused.status_code, refused["Retry-After"]) == (429, "60")
            assert "HX-Redirect" not in refused
            typing = browser.get(page, {"q": "mot"}, headers={"HX-Request": "true"})
            assert (typing.status_code, typing["HX-Redirect"]) == (429, f"{page}?q=mot")
        assert client.get(SCREEN_2, {"q": "mot"}, REMOTE_ADDR="192.0.2.2").status_code == 200
        assert client.post(SCREEN_2, {"finess": legal_entity.finess}).status_code == 302
        clock.shift(60)
        assert client.get(SCREEN_2, {"q": "mot"}).status_code == 200
