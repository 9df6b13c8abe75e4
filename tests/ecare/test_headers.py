"""Headers of what is not a page of the table in tests/access_matrix, which checks them for every address and
every role: errors, files, redirections, probes (Q58)."""

import datetime as dt

import pytest
import time_machine
from django.conf import settings as project
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import links
from ecare import french, limits
from tests.ecare import headers, production, test_errors


@pytest.fixture
def client(settings: Settings) -> Client:
    settings.ROOT_URLCONF = test_errors.__name__
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/nulle-part/", 404),
        ("/base/", 503),
        ("/bug/", 500),
        ("/disque/", 507),
        ("/gros/", 413),
        ("/tableau-de-bord", 301),
        ("/tableau-de-bord/", 302),
        ("/healthz", 200),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_errors_and_redirections_are_as_closed_as_pages(client: Client, address: str, status: int) -> None:
    response = client.get(address)
    assert response.status_code == status
    headers.check(response)


def test_a_refused_host_and_a_refused_method_too(client: Client) -> None:
    refused = client.get("/cookies/", headers={"Host": "ailleurs.example"})
    assert refused.status_code == 400
    headers.check(refused)
    refused = client.post("/cookies/")
    assert refused.status_code == 405
    headers.check(refused)


def test_a_form_without_its_token_too(settings: Settings) -> None:
    response = Client(enforce_csrf_checks=True).post("/connexion/", {})
    assert response.status_code == 403
    headers.check(response)


@pytest.mark.django_db  # closing the answer looks after connections
def test_a_static_file_too(settings: Settings) -> None:
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = True
    response = Client().get("/static/css/dossiers.css")
    assert b"".join(response)
    headers.check(response)
    response.close()


def test_production_speaks_https_alone_for_a_year(settings: Settings) -> None:
    production.apply(settings)
    answered = Client().get("/cookies/", headers={"X-Forwarded-Proto": "https"})
    assert answered["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    probe = Client().get("/healthz")
    assert probe.status_code == 200  # asked by the machine itself
    redirected = Client().get("/cookies/")
    assert (redirected.status_code, redirected["Location"]) == (301, "https://testserver/cookies/")
    assert not project.DEBUG


@pytest.mark.django_db
def test_who_asks_too_often_gets_a_page_with_the_time_and_as_closed_as_any() -> None:
    for _ in range(links.REQUESTS.hits):
        limits.hit(links.REQUESTS, "127.0.0.1")
    response = Client().post("/inscription/activation/", {"email": "zoe@exemple.fr"})
    assert response.status_code == 429
    assert 3500 < int(response["Retry-After"]) <= 3600
    headers.check(response)
    again = french.clock(timezone.now() + dt.timedelta(seconds=int(response["Retry-After"]) + 59))
    assert again in response.content.decode()


@pytest.mark.django_db
def test_no_other_method_does_anything(client: Client) -> None:
    """Refused before anybody is known, with or without a body; the page of a role is that of all (4.1.4)."""
    for address in ("/", "/connexion/", "/admin/", "/base/", "/healthz", "/nulle-part/"):
        for method in ("put", "patch", "delete", "options", "trace"):
            response = getattr(client, method)(address)
            assert (response.status_code, response["Allow"]) == (405, "GET, HEAD, POST"), f"{method} {address}"
            headers.check(response)


def test_whoever_finds_a_weakness_knows_whom_to_tell(settings: Settings) -> None:
    settings.SECURITY_EMAIL, settings.PUBLIC_URL = "securite@exemple.fr", "https://ecare.example"
    with time_machine.travel(timezone.now() + dt.timedelta(days=1000)):
        response = Client().get("/.well-known/security.txt")
        now = timezone.now()
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    lines = dict(line.split(": ", 1) for line in response.content.decode().splitlines())
    assert lines["Contact"] == "mailto:securite@exemple.fr"
    assert lines["Canonical"] == "https://ecare.example/.well-known/security.txt"
    left = dt.datetime.fromisoformat(lines["Expires"]) - now
    assert dt.timedelta(days=150) < left < dt.timedelta(days=366)
