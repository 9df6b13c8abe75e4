"""Keys that are not those of what is stored are told at the start, before anybody meets them (Q60)."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from pytest_django import Settings

from accounts.factors import Authenticator
from ecare import health, keys
from ecare.management.commands.prepare import digest_of
from tests.accounts.factories import UserFactory
from tests.dossiers import factories


def tried() -> bool:
    with connection.cursor() as cursor:
        return keys.check(cursor)


def new() -> str:
    return Fernet.generate_key().decode()


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each probe checks, and no process is remembered."""
    monkeypatch.setattr(health, "_last", (float("-inf"), frozenset()))
    monkeypatch.setattr(health, "_tried", None)
    monkeypatch.setattr(health, "MEMORY", -1.0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("forgetful")
def test_a_machine_whose_keys_open_nothing_is_not_ready(
    client: Client, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says which; the answer, which anybody may ask for, only that keys are wrong."""
    factories.transmitted()
    good = {"ENCRYPTION_KEYS": settings.ENCRYPTION_KEYS, "FINGERPRINT_KEY": settings.FINGERPRINT_KEY}
    for name, value, said in (
        ("ENCRYPTION_KEYS", [new()], "keys (KeyMissing)"),
        ("FINGERPRINT_KEY", "another-fingerprint-key-0123456789", "keys (FingerprintKeyChanged)"),
    ):
        assert client.get("/readyz").status_code == 200
        setattr(settings, name, value)
        response = client.get("/readyz")
        assert (response.status_code, response.json()["keys"]) == (503, "unavailable")
        assert response.json()["database"] == response.json()["migrations"] == "ok"
        assert said in caplog.text
        setattr(settings, name, good[name])


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("forgetful")
def test_a_process_tries_its_keys_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    check = keys.check
    monkeypatch.setattr(keys, "check", lambda cursor: asked.append(1) or check(cursor))
    assert client.get("/readyz").status_code == client.get("/readyz").status_code == 200
    assert len(asked) == 2, "there was nothing to try them on"
    factories.transmitted()
    for _ in range(3):
        assert client.get("/readyz").status_code == 200
    assert len(asked) == 3


@pytest.mark.django_db
def test_prepare_stops_and_says_which_key_is_missing(settings: Settings, tmp_path: Path) -> None:
    factories.transmitted()
    settings.VAR_DIR = tmp_path  # where it finds the reference data loaded already
    (tmp_path / "reference.sha256").write_text(digest_of(settings.BASE_DIR / "fixtures"))
    kept, another = settings.ENCRYPTION_KEYS, new()
    settings.ENCRYPTION_KEYS = [another]
    with pytest.raises(CommandError, match="Aucune clé de ENCRYPTION_KEYS n'ouvre tout ce qui est enregistré"):
        call_command("prepare", stdout=StringIO())
    settings.ENCRYPTION_KEYS = [another, *kept]
    call_command("prepare", stdout=StringIO())
    settings.FINGERPRINT_KEY = "another-fingerprint-key-0123456789"
    with pytest.raises(CommandError, match="FINGERPRINT_KEY n'est pas celle de ce qui est enregistré"):
        call_command("prepare", stdout=StringIO())


@pytest.mark.django_db
def test_what_was_written_since_under_a_wrong_key_hides_nothing(settings: Settings) -> None:
    """Nor does the secret of an authenticator app alone go unseen."""
    assert not tried()
    Authenticator.objects.create(user=UserFactory(), name="Téléphone")
    assert tried()
    settings.ENCRYPTION_KEYS = [new()]
    with pytest.raises(keys.KeyMissing, match="applications d'authentification"):
        tried()
    for _ in range(60):
        Authenticator.objects.create(user=UserFactory(), name="Téléphone")
    with pytest.raises(keys.KeyMissing):
        tried()


@pytest.mark.django_db
def test_what_an_applicant_types_is_not_taken_for_a_secret() -> None:
    stage = factories.draft()
    typed = f"enc:{'0' * 32}:{'A' * 40}"
    factories.save(stage, comment={"value": typed}, bank={"holder": typed, "iban": typed, "bic": factories.BIC})
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM dossiers_answer WHERE raw::text LIKE %s", [f"%{typed}%"])
        assert cursor.fetchone()[0] == 2
    assert tried()
