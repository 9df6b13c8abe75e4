"""The cookies of production, on a real sign-in (Q15)."""

import pytest
from django.test import Client

from tests.accounts.factories import PASSWORD, UserFactory
from tests.accounts.sessions import last_code
from tests.ecare import production

pytestmark = pytest.mark.django_db


def test_every_cookie_is_secure_out_of_reach_and_bound_to_this_host(settings):
    production.apply(settings)
    user = UserFactory()
    client = Client(HTTP_X_FORWARDED_PROTO="https")
    client.get("/connexion/")
    client.post("/connexion/", {"username": user.username, "password": PASSWORD})
    assert client.post("/connexion/code/", {"code": last_code(user)}).url == "/tableau-de-bord/"
    assert set(client.cookies) == {"__Host-session", "__Host-csrf", "__Host-browser"}
    for name, cookie in client.cookies.items():
        assert cookie["secure"], name
        assert cookie["httponly"], name
        assert cookie["samesite"] == "Lax", name
        assert cookie["path"] == "/", name
        assert not cookie["domain"], name
    assert client.get("/compte/").status_code == 200
