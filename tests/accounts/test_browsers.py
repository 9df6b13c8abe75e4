"""A sign-in from a browser never seen before is told to the person; the first of all is not."""

import pytest
import time_machine
from django.test import Client

from accounts import browsers
from accounts.models import KnownBrowser
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.accounts.sessions import give_code, give_password

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def enter(client: Client, user) -> Client:
    assert give_code(client, give_password(client, user)).status_code == 302
    return client


def notices() -> list[Email]:
    return list(Email.objects.filter(kind="new_browser").order_by("pk"))


def test_a_new_browser_is_told_with_its_name_and_the_time_and_only_once():
    user, known = UserFactory(), Client()
    enter(known, user)
    assert not notices(), "the first sign-in of all"
    known.post("/deconnexion/")
    enter(known, user)
    assert not notices()
    other = Client(HTTP_USER_AGENT=FIREFOX)
    with time_machine.travel("2026-06-04T12:32:00+00:00", tick=False):
        enter(other, user)
    notice = notices()[0]
    assert notice.to == user.email
    assert "depuis Firefox sous Windows" in notice.text
    assert "jeudi 4 juin 2026 à 14\u00a0h\u00a032" in notice.text
    assert "choisissez tout de suite un nouveau mot de passe" in notice.text
    other.post("/deconnexion/")
    enter(other, user)
    assert len(notices()) == 1


def test_a_browser_known_to_one_person_is_new_to_another():
    browser, first, second = Client(), UserFactory(), UserFactory()
    enter(browser, first)
    enter(Client(), second)
    browser.post("/deconnexion/")
    enter(browser, second)
    assert [notice.to for notice in notices()] == [second.email]


def test_the_cookie_is_signed_hashed_in_the_database_and_out_of_reach_of_scripts():
    user, browser = UserFactory(), Client()
    enter(browser, user)
    cookie = browser.cookies["browser"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 400 * 24 * 3600
    assert cookie.value.partition(":")[0] not in str(list(KnownBrowser.objects.values()))
    for forged in ("inventé", "inventé:", cookie.value[:-1], f"{'a' * 32}:{cookie.value.partition(':')[2]}"):
        stranger = Client()
        stranger.cookies["browser"] = forged
        enter(stranger, user)
    assert len(notices()) == 4


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX, "Firefox sous Windows"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.5 Safari/605.1.15",
            "Safari sur un Mac",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/138.0 Safari/537.36 Edg/138.0", "Edge sous Windows"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/138.0 Mobile Safari/537.36", "Chrome sous Android"),
        (
            "Mozilla/5.0 (iPhone; like Mac OS X) CriOS/138.0 Mobile Safari/604.1",
            "Chrome sur un iPhone",
        ),
        ("curl/8.5.0", "un navigateur inconnu"),
        ("", "un navigateur inconnu"),
    ],
)
def test_a_browser_is_named_in_plain_words(user_agent, words):
    assert browsers.described(user_agent) == words
