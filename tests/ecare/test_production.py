"""Production refuses to start with a secret that is missing, short or everybody's (Q58)."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

from tests.ecare.test_logging import PRODUCTION


def started(**changes: str | None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **PRODUCTION, **{name: value for name, value in changes.items() if value is not None}}
    for name, value in changes.items():
        if value is None:
            del environment[name]
    command = [sys.executable, "-c", "import django; django.setup()"]
    return subprocess.run(
        command, env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=60, check=False
    )


def test_production_starts_with_its_own_secrets() -> None:
    assert started().returncode == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", None),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "a" * 60),
        ("SECRET_KEY", "development-only-never-used-in-production-0123456789"),
        ("FINGERPRINT_KEY", None),
        ("FINGERPRINT_KEY", "development-only-fingerprints"),
        ("ENCRYPTION_KEYS", None),
        ("ENCRYPTION_KEYS", "no-key"),
        ("ENCRYPTION_KEYS", settings.ENCRYPTION_KEYS[0]),
        ("ALLOWED_HOSTS", "*"),
        ("DEBUG", "1"),
    ],
)
def test_production_refuses_to_start_and_names_the_setting(name: str, value: str | None) -> None:
    done = started(**{name: value})
    assert done.returncode != 0
    assert name in done.stderr.splitlines()[-1]
