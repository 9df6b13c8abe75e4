"""Error pages: ours, in French, with the right status, and without the database."""

import errno

import pytest
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from pytest_django import Settings
from redis.exceptions import ConnectionError as RedisConnectionError

from ecare import errors
from ecare import urls as real_urls

# No `db` mark anywhere in this file: pytest-django fails a test that touches the database without one.


def fail_with_database(request: HttpRequest) -> HttpResponse:
    raise OperationalError("connection refused")


def fail_with_redis(request: HttpRequest) -> HttpResponse:
    raise RedisConnectionError("connection refused")


def fail(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a bug")


def fail_with_disk(request: HttpRequest) -> HttpResponse:
    raise OSError(errno.ENOSPC, "no space left")


def too_big(request: HttpRequest) -> HttpResponse:
    raise RequestDataTooBig("too big")


for _view in (fail_with_database, fail_with_redis, fail, fail_with_disk, too_big):
    _view.login_required = False  # type: ignore[attr-defined]

urlpatterns = [
    *real_urls.urlpatterns,
    path("base/", fail_with_database),
    path("redis/", fail_with_redis),
    path("bug/", fail),
    path("disque/", fail_with_disk),
    path("gros/", too_big),
]
handler400 = real_urls.handler400
handler403 = real_urls.handler403
handler404 = real_urls.handler404
handler500 = real_urls.handler500


@pytest.fixture
def client(settings: Settings) -> Client:
    settings.ROOT_URLCONF = __name__
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/nulle-part/", 404, "Page introuvable"),
        ("/disque/", 507, "L'espace de stockage du portail est plein"),
        ("/base/", 503, "momentanément indisponible"),
        ("/redis/", 503, "momentanément indisponible"),
        ("/bug/", 500, "a rencontré une difficulté"),
        ("/gros/", 413, "trop volumineux"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_failures_answer_with_our_pages(client: Client, address: str, status: int, words: str) -> None:
    response = client.get(address)
    assert response.status_code == status
    text = response.content.decode()
    assert words in text
    assert 'lang="fr"' in text
    assert "ans-support-convergence@esante.gouv.fr" in text
    assert "Traceback" not in text
    assert "unsafe" not in response["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("view", "status"),
    [
        (errors.bad_request, 400),
        (errors.forbidden, 403),
        (errors.csrf_failure, 403),
        (errors.not_found, 404),
        (errors.too_large, 413),
        (errors.too_many_requests, 429),
        (errors.server_error, 500),
        (errors.unavailable, 503),
    ],
)
def test_every_error_page_says_what_to_do_and_is_not_kept(view: object, status: int) -> None:
    response = view(RequestFactory().get("/"))  # type: ignore[operator]
    assert response.status_code == status
    assert response["Cache-Control"] == "no-store"
    text = response.content.decode()
    assert text.count("<h1>") == 1
    assert "Retourner à la page d'accueil" in text


def test_busy_and_unavailable_say_when_to_come_back() -> None:
    request = RequestFactory().get("/")
    assert errors.too_many_requests(request, retry_after=90)["Retry-After"] == "90"
    assert errors.unavailable(request)["Retry-After"] == "30"


def test_lockout_may_hand_over_its_own_arguments() -> None:
    request = RequestFactory().get("/")
    assert errors.too_many_requests(request, HttpResponse(), {"username": "x"}).status_code == 429


def test_form_without_its_token_is_answered_by_our_page(settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__
    response = Client(enforce_csrf_checks=True).post("/connexion/", {"username": "x"})
    assert response.status_code == 403
    assert "ouverte depuis trop longtemps" in response.content.decode()


def test_size_is_told_apart_from_other_bad_requests() -> None:
    request = RequestFactory().get("/")
    assert errors.bad_request(request, RequestDataTooBig("x")).status_code == 413
    assert errors.bad_request(request, SuspiciousOperation("x")).status_code == 400
