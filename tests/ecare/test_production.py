"""Production refuses to start with a secret that is missing, short or everybody's (Q58)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tests.ecare.test_logging import PRODUCTION

#: Where everything is checked, long before applications are loaded.
SETTINGS = "import ecare.settings.prod"


def started(program: str = "import django; django.setup()", **changes: str | None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **PRODUCTION, **{name: value for name, value in changes.items() if value is not None}}
    for name, value in changes.items():
        if value is None:
            del environment[name]
    command = [sys.executable, "-c", program]
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
        ("CLAMAV_ADDRESS", None),
        ("LEAKED_PASSWORDS", "/nulle/part"),
    ],
)
def test_production_refuses_to_start_and_names_the_setting(name: str, value: str | None) -> None:
    done = started(SETTINGS, **{name: value})
    assert done.returncode != 0
    assert name in done.stderr.splitlines()[-1]


def test_doing_without_an_antivirus_is_said_in_so_many_words() -> None:
    assert started(SETTINGS, CLAMAV_ADDRESS=None, DOWNLOAD_UNSCANNED="true").returncode == 0


def test_secrets_may_come_from_files_that_a_vault_mounts(tmp_path: Path) -> None:
    for name in ("SECRET_KEY", "FINGERPRINT_KEY", "ENCRYPTION_KEYS", "DATABASE_URL"):
        (tmp_path / name).write_text(PRODUCTION[name] + "\n")
    files = {f"{name}_FILE": str(tmp_path / name) for name in os.listdir(tmp_path)}
    nothing = dict.fromkeys(os.listdir(tmp_path))
    said = "from ecare.settings import prod as p; print([p.SECRET_KEY, p.FINGERPRINT_KEY, *p.ENCRYPTION_KEYS])"
    done = started(said, **files, **nothing)
    assert done.stdout.strip() == str(
        [PRODUCTION[name] for name in ("SECRET_KEY", "FINGERPRINT_KEY", "ENCRYPTION_KEYS")]
    )
    (tmp_path / "SECRET_KEY").write_text("short")
    assert "SECRET_KEY" in started(SETTINGS, **files, **nothing).stderr.splitlines()[-1]
