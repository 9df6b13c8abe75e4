"""What went wrong is written where the operator reads it."""

import datetime as dt
import os
import subprocess
import sys

import pytest
from django.conf import settings

PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "ecare.settings.prod",
    "SECRET_KEY": "of-this-test-only-0123456789abcdefghijklm",
    "ENCRYPTION_KEYS": "b2YtdGhpcy1jaGVjay1vbmx5LTAxMjM0NTY3ODlhYmM=",
    "FINGERPRINT_KEY": "of-this-check-only-0123456789abcdefghijklm",
    "ALLOWED_HOSTS": "portail.test",
    "PUBLIC_URL": "https://portail.test",
    "EMAIL_URL": "smtp://127.0.0.1:25",
    "DATABASE_URL": "postgres://127.0.0.1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "CLAMAV_ADDRESS": "127.0.0.1:1",
}
# Production draws its pages once static files are collected; the lines of the log are the same everywhere.
DRAWN = {"DJANGO_SETTINGS_MODULE": "ecare.settings.test"}
SEAL = """
import logging
import django
django.setup()
logging.getLogger("ecare.tasks").info("audit log sealed up to %s", "12:9f86")
"""
FAIL = """
import logging
import django
django.setup()
try:
    raise ZeroDivisionError("what a developer needs to read")
except ZeroDivisionError:
    logging.getLogger("django.request").exception("Internal Server Error: /dossiers/")
"""
REFUSE = """
import django
django.setup()
from django.conf import settings
from django.test import Client
portal = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
portal.cookies[settings.CSRF_COOKIE_NAME] = "a" * 32
said = [
    portal.get("/connexion/", headers={"Host": "ailleurs.test"}),
    portal.post("/connexion/", {f"field-{n}": "x" for n in range(20_001)}),
    portal.post("/connexion/", "x=" + "x" * 3_000_000, content_type="application/x-www-form-urlencoded"),
]
print([response.status_code for response in said])
"""
NAME = """
import django
django.setup()
from django.core.exceptions import SuspiciousFileOperation
from django.core.handlers.exception import response_for_exception
from django.test import RequestFactory
try:
    raise SuspiciousFileOperation("a name that our code made")
except SuspiciousFileOperation as error:
    response_for_exception(RequestFactory().get("/dossiers/"), error)
"""


def written(program: str, environment: dict[str, str]) -> str:
    """The standard error of a program that ends well."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **environment},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stderr


@pytest.mark.parametrize("environment", [PRODUCTION, {"DJANGO_SETTINGS_MODULE": "ecare.settings.dev"}])
def test_the_head_of_the_audit_log_is_written_out_of_the_database(environment: dict[str, str]) -> None:
    assert written(SEAL, environment).count("INFO ecare.tasks: audit log sealed up to 12:9f86") == 1


def test_an_error_in_production_is_written_with_its_traceback() -> None:
    said = written(FAIL, PRODUCTION)
    assert "/dossiers/" in said
    assert "ZeroDivisionError: what a developer needs to read" in said
    line = next(line for line in said.splitlines() if "/dossiers/" in line)
    assert dt.datetime.fromisoformat(line.split()[0]).tzinfo is not None


def test_what_a_request_is_refused_for_wakes_nobody() -> None:
    """Another host, too many fields, too large a body: a warning each, in one line. Anyone may send a thousand."""
    lines = [line.split(" ", 2)[1:] for line in written(REFUSE, DRAWN).splitlines()]
    assert [level for level, _ in lines] == ["WARNING"] * 3, lines
    assert [said.partition(":")[0] for _, said in lines] == [
        "django.security.DisallowedHost",
        "django.security.TooManyFieldsSent",
        "django.security.RequestDataTooBig",
    ]


def test_a_name_of_a_file_that_our_code_made_wrong_is_an_error_with_its_traceback() -> None:
    said = written(NAME, DRAWN)
    assert "ERROR django.security.SuspiciousFileOperation: a name that our code made" in said
    assert "Traceback" in said
