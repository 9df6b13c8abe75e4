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
