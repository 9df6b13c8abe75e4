"""Headers of every kind of answer, compared whole, with the settings of production (Q58). Pages, for every address and
every role, are compared the same way by tests/access_matrix."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts import links
from ecare import french, limits
from tests.access_matrix.table import ADDRESSES
from tests.accounts.factories import UserFactory
from tests.accounts.sessions import sign_in
from tests.dossiers import factories
from tests.ecare import headers, production, test_errors
from tests.ecare.test_logging import PRODUCTION


@pytest.fixture
def visitor(settings: Settings) -> Callable[..., Client]:
    """A browser on production, behind its proxy."""
    production.apply(settings)
    settings.ROOT_URLCONF = test_errors.__name__

    def visitor(scheme: str = "https", **options: bool) -> Client:
        return Client(raise_request_exception=False, headers={"X-Forwarded-Proto": scheme}, **options)

    return visitor


@pytest.fixture
def client(visitor: Callable[..., Client]) -> Client:
    return visitor()


def check(response: HttpResponse, status: int) -> None:
    assert response.status_code == status
    if response.streaming:
        assert b"".join(response)
    headers.check(response, Strict_Transport_Security=headers.HSTS)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/cookies/", 200),
        ("/.well-known/security.txt", 200),
        ("/healthz", 200),
        ("/tableau-de-bord", 301),
        ("/tableau-de-bord/", 302),
        ("/nulle-part/", 404),
        ("/admin", 301),
        ("/admin/", 302),
        ("/gros/", 413),
        ("/bug/", 500),
        ("/base/", 503),
        ("/disque/", 507),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_errors_and_redirections_are_as_closed_as_pages(client: Client, address: str, status: int) -> None:
    check(client.get(address), status)


def test_a_refused_host_and_a_refused_method_too(client: Client) -> None:
    check(client.get("/cookies/", headers={"Host": "ailleurs.example"}), 400)
    check(client.post("/cookies/"), 405)
    check(client.put("/cookies/"), 405)


def test_a_form_without_its_token_too(visitor: Callable[..., Client]) -> None:
    check(visitor(enforce_csrf_checks=True).post("/connexion/", {}), 403)


@pytest.mark.django_db
def test_pages_files_and_refusals_of_somebody_signed_in_too(visitor: Callable[..., Client]) -> None:
    stage = factories.transmitted()
    reference, files = stage.dossier.reference, stage.attachments.all()
    referent, admin = sign_in(visitor(), stage.dossier.referent), sign_in(visitor(), UserFactory(admin=True))
    regional = sign_in(visitor(), UserFactory(regional=True, regions=[stage.dossier.legal_entity.region]))
    draft = factories.draft()
    for client, name, parameters, status in (
        (referent, "dossiers:dashboard", [], 200),
        (referent, "dossiers:file", [reference, files[0].public_id], 200),
        (referent, "dossiers:receipt", [reference, 1], 200),
        (referent, "accounts:own-data", [], 200),
        (referent, "admin:index", [], 404),
        (admin, "admin:index", [], 200),
        (admin, "admin:accounts_user_changelist", [], 200),
        (admin, "dossiers:form", [reference], 404),
    ):
        check(client.get(reverse(name, args=parameters)), status)
    slot = reverse("dossiers:slot", args=[draft.dossier.reference, "framework_files"])
    sent = {"framework_files-files": SimpleUploadedFile("notes.exe", b"MZ")}
    check(sign_in(visitor(), draft.dossier.referent).post(slot, sent), 422)
    check(regional.post(reverse("dossiers:validate", args=[reference]), {"read": 1}), 404)
    check(admin.post(reverse("admin:ecare_auditentry_add"), {}), 403)


@pytest.mark.django_db  # closing the answer looks after connections
def test_a_static_file_too(visitor: Callable[..., Client], settings: Settings) -> None:
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = True
    response = visitor().get("/static/css/dossiers.css")
    check(response, 200)
    response.close()
    check(visitor().get("/static/css/"), 404)


def test_production_speaks_https_alone_for_a_year(visitor: Callable[..., Client]) -> None:
    """Browsers believe HSTS over HTTPS alone. The redirection goes to our name, whatever name was asked for."""
    probe = visitor("http").get("/healthz")
    assert probe.status_code == 200  # asked by the machine itself
    headers.check(probe)
    for host in ("testserver", "ailleurs.example", "a b"):
        redirected = visitor("http").get("/cookies/?page=1", headers={"Host": host})
        assert (redirected.status_code, redirected["Location"]) == (301, PRODUCTION["PUBLIC_URL"] + "/cookies/?page=1")
        headers.check(redirected)


@pytest.mark.django_db
def test_who_asks_too_often_gets_a_page_with_the_time_and_as_closed_as_any(client: Client) -> None:
    for _ in range(links.REQUESTS.hits):
        limits.hit(links.REQUESTS, "127.0.0.1")
    response = client.post("/inscription/activation/", {"email": "zoe@exemple.fr"})
    assert 3500 < int(response["Retry-After"]) <= 3600
    check(response, 429)
    again = french.clock(timezone.now() + dt.timedelta(seconds=int(response["Retry-After"]) + 59))
    assert again in response.content.decode()


def test_no_other_method_does_anything(client: Client, settings: Settings) -> None:
    """Of any address, those of the administration included: refused before anybody is known (4.1.4)."""
    samples = {"int": "1", "uuid": "00000000-0000-0000-0000-000000000000"}
    addresses = {
        re.sub(r"<(?:(\w+):)?\w+>", lambda sample: samples.get(sample[1], "x"), address).strip("^$")
        for address in ADDRESSES.values()
    }
    assert len(addresses) > 150
    for address in sorted(addresses | {"base/", "nulle-part/"}):
        for method in ("put", "patch", "delete", "options", "trace"):
            response = getattr(client, method)(f"/{address}")
            assert (response.status_code, response["Allow"]) == (405, "GET, HEAD, POST"), f"{method} {address}"
    check(response, 405)


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
