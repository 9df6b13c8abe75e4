"""Before an act that could take an account away, who is there is asked again."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from accounts.confirmation import SESSION_KEY
from accounts.enums import Role
from accounts.models import Authenticator
from accounts.sessions import Session
from tests.accounts.factories import PASSWORD, UserFactory
from tests.accounts.second_steps import authenticator, code_of
from tests.accounts.sessions import give_code, give_password, is_signed_in, sign_in

pytestmark = pytest.mark.django_db
APP = "/compte/securite/applications/ajouter/"
ASKED = "Confirmez que c'est bien vous"


def asked(response) -> bool:
    return ASKED in response.content.decode()


def stale(client: Client, user) -> Client:
    sign_in(client, user)
    session = client.session
    del session[SESSION_KEY]
    session.save()
    return client


@pytest.mark.parametrize("address", [APP, "/compte/securite/cles/ajouter/", "/compte/securite/secours/"])
def test_an_old_session_is_asked_for_the_password_then_goes_on(client, address):
    stale(client, UserFactory())
    assert asked(client.get(address))
    wrong = client.post(address, {"confirm-resume": "get", "confirm-password": "une erreur"})
    assert asked(wrong)
    assert "Saisissez-le de nouveau" in wrong.content.decode()
    right = client.post(f"{address}?a=1", {"confirm-resume": "get", "confirm-password": PASSWORD})
    assert right.url == f"{address}?a=1"
    assert not asked(client.get(address))


def test_the_session_changes_its_key_once_who_is_there_is_known(client):
    """ASVS 7.2.4: a key that leaked before gives nothing of what the answer opens."""
    stale(client, UserFactory())
    former = client.session.session_key
    client.post(APP, {"confirm-resume": "get", "confirm-password": "une erreur"})
    assert client.session.session_key == former
    client.post(APP, {"confirm-resume": "get", "confirm-password": PASSWORD})
    assert client.session.session_key != former
    assert not Session.objects.filter(session_key=former).exists()
    assert is_signed_in(client)


def test_a_sign_in_counts_for_ten_minutes_exactly(client):
    with time_machine.travel("2026-06-04T08:00:00+00:00", tick=False) as clock:
        give_code(client, give_password(client, UserFactory()))
        clock.shift(timedelta(minutes=9, seconds=59))
        assert not asked(client.get(APP))
        clock.shift(1)
        assert asked(client.get(APP))


def test_a_code_of_the_app_will_do_once(client):
    user = UserFactory()
    device = authenticator(user)
    stale(client, user)
    code = code_of(device)
    assert client.post(APP, {"confirm-resume": "get", "confirm-code": code}).url == APP
    assert asked(client.post(APP, {"confirm-resume": "get", "confirm-code": code}))
    assert asked(client.post(APP, {"confirm-resume": "get"}))


def test_a_code_is_no_way_in_for_whoever_has_no_app(client):
    stale(client, UserFactory())
    assert asked(client.post(APP, {"confirm-resume": "get", "confirm-code": "000000"}))


def test_what_was_typed_goes_through_the_question(client):
    """The window closed while an administrator typed: a role is granted once the password is given, and not before."""
    admin, person = UserFactory(admin=True), UserFactory()
    stale(client, admin)
    address = f"/admin/accounts/user/{person.pk}/change/"
    typed = {
        "username": person.username,
        "email": person.email,
        "civility": person.civility,
        "last_name": "Nouveau & Fils",
        "first_name": person.first_name,
        "phone": "+33101010101",
        "role": Role.LEAD,
        "is_active": "on",
        **{
            f"{prefix}-{name}": "0"
            for prefix in ("representations", "terms_acceptances")
            for name in ("TOTAL_FORMS", "INITIAL_FORMS")
        },
    }
    question = client.post(address, typed)
    assert asked(question)
    person.refresh_from_db()
    assert person.role == Role.REFERENT
    kept = dict(question.context["kept"])
    assert kept == typed
    client.post(address, {**kept, "confirm-resume": "post", "confirm-password": "une erreur"})
    person.refresh_from_db()
    assert person.role == Role.REFERENT
    client.post(address, {**kept, "confirm-resume": "post", "confirm-password": PASSWORD})
    person.refresh_from_db()
    assert (person.role, person.last_name) == (Role.LEAD, "Nouveau & Fils")


def test_actions_of_the_list_of_accounts_ask_too(client):
    person = UserFactory()
    authenticator(person)
    stale(client, UserFactory(admin=True))
    action = {"action": "forget_factors", "_selected_action": [person.pk]}
    assert asked(client.post("/admin/accounts/user/", action))
    assert Authenticator.objects.exists()
    assert not asked(client.get("/admin/accounts/user/"))
    client.post("/admin/accounts/user/", {**action, "confirm-resume": "post", "confirm-password": PASSWORD})
    assert not Authenticator.objects.exists()


def test_guessing_there_pauses_the_account_as_at_sign_in(client):
    stale(client, UserFactory())
    answers = [
        client.post(APP, {"confirm-resume": "get", "confirm-password": f"essai {n}"}).status_code for n in range(7)
    ]
    assert answers == [200] * 4 + [429] * 3
