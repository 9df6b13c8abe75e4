"""Ways into a session for tests, with and without the pages that open them."""

import re
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.test import Client
from django_otp import DEVICE_ID_SESSION_KEY
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from accounts import confirmation
from accounts.models import EmailCode, User
from notifications.models import Email
from tests.accounts.factories import PASSWORD

SIGN_IN = "/connexion/"
CODE = "/connexion/code/"


def sign_in(client: Client, user: User) -> Client:
    """Put `client` in the state that password and code give, and return it. The terms are another matter."""
    device, _ = EmailCode.objects.get_or_create(user=user, defaults={"name": "E-mail"})
    client.force_login(user)
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    confirmation.mark(session)
    session.save()
    return client


def wear(page: Page, client: Client, live_server: LiveServer) -> None:
    """Put the session of `client` in a real browser."""
    host = urlsplit(live_server.url).hostname
    page.context.add_cookies(
        [{"name": name, "value": it.value, "domain": host, "path": "/"} for name, it in client.cookies.items()]
    )


def give_password(client: Client, user: User, *, next_url: str = "") -> str:
    """Fill in the sign-in page and return the code received."""
    response = client.post(SIGN_IN, {"username": user.email, "password": PASSWORD, "next": next_url})
    assert response.url == CODE
    return last_code(user)


def give_code(client: Client, code: str) -> HttpResponse:
    return client.post(CODE, {"code": code})


def last_code(user: User) -> str:
    """The six digits of the newest e-mail of `user`, as long as it has not left."""
    text = Email.objects.filter(kind="code", to=user.email).latest("pk").text
    return re.search(r"^Votre code de connexion\s*:\s*(\d{6})$", text, re.MULTILINE)[1]


def is_signed_in(client: Client) -> bool:
    """Whether a page behind the sign-in answers."""
    return client.get("/compte/").status_code == 200
