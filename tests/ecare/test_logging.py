"""What went wrong is written where the operator reads it."""

import os
import subprocess
import sys

from django.conf import settings

PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "ecare.settings.prod",
    "SECRET_KEY": "of-this-test-only",
    "ALLOWED_HOSTS": "portail.test",
    "PUBLIC_URL": "https://portail.test",
    "EMAIL_URL": "smtp://127.0.0.1:25",
    "DATABASE_URL": "postgres://127.0.0.1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}
FAIL = """
import logging
import django
django.setup()
try:
    raise ZeroDivisionError("what a developer needs to read")
except ZeroDivisionError:
    logging.getLogger("django.request").exception("Internal Server Error: /dossiers/")
"""


def test_an_error_in_production_is_written_with_its_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAIL],
        env={**os.environ, **PRODUCTION},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "/dossiers/" in done.stderr
    assert "ZeroDivisionError: what a developer needs to read" in done.stderr
