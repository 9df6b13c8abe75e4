"""What has been kept long enough goes, whatever its number, once, and the audit log says so (S3, Q59)."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings as project
from django.core.management import call_command
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ecare import french, retention, tasks
from ecare.models import AuditEntry, AuditKind, Limit
from notifications.models import Email
from tests.ecare.purging import purged
from tests.notifications.factories import EmailFactory

NOW = timezone.now()


def over(number: int) -> None:
    Limit.objects.bulk_create(
        Limit(key=f"{each:05}", moments=[NOW], expires_at=NOW - dt.timedelta(seconds=each)) for each in range(number)
    )


@pytest.mark.django_db
def test_a_batch_is_all_that_is_held_or_locked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 10)
    over(25)
    Limit.objects.create(key="kept", moments=[NOW], expires_at=NOW + dt.timedelta(seconds=1))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert purged("limits", now=NOW) == 25
    deleted = [each["sql"] for each in queries if each["sql"].startswith("DELETE")]
    assert [statement.count("'") // 2 for statement in deleted] == [10, 10, 5]
    assert [each.key for each in Limit.objects.all()] == ["kept"]
    assert purged("limits", now=NOW) == 0


@pytest.mark.django_db(transaction=True)
def test_two_at_once_share_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 5)
    over(100)

    def one(_: int) -> int:
        try:
            return purged("limits", now=NOW)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(one, range(2))) == 100
    assert not Limit.objects.exists()


@pytest.mark.django_db
def test_the_report_says_what_how_many_and_since_when_and_a_dry_run_changes_nothing(capsys: Any) -> None:
    old = NOW - dt.timedelta(days=366)
    EmailFactory(sent=True, created_at=old, text="Bonjour Zoé", html="<p>Zoé")
    call_command("purge", "--dry-run")
    said = capsys.readouterr().out.replace("\u00a0", " ").replace("\u202f", " ")
    assert said.startswith("Rien n'est supprimé")
    line = f"Textes d'e-mails, effacés (365 jours) : 1, le plus ancien du {french.day(old)}\n"
    assert line in said
    assert "Sessions terminées : 0\n" in said
    assert said.count("\n") == len(retention.rules()) + 1
    assert Email.objects.get().text == "Bonjour Zoé"
    assert not AuditEntry.objects.exists()

    tasks.purge()
    entry = AuditEntry.objects.get()
    assert (entry.kind, entry.actor_id) == (AuditKind.PURGED, None)
    assert entry.detail == {"gone": {"emails": {"count": 1, "oldest": old.date().isoformat()}}}
    call_command("purge", "--only", "emails")
    assert capsys.readouterr().out.replace("\u00a0", " ") == "Textes d'e-mails, effacés (365 jours) : 0\n"
    assert AuditEntry.objects.count() == 1


@pytest.mark.django_db
def test_an_email_keeps_its_line_and_its_dossier_but_no_text(settings: Any) -> None:
    settings.EMAILS_KEPT = dt.timedelta(days=10)
    old = NOW - dt.timedelta(days=11)
    about = EmailFactory(sent=True, created_at=old, to="zoe@exemple.fr")
    code = EmailFactory(sent=True, created_at=old, about="", text="", html="", to="zoe@exemple.fr")
    waiting = EmailFactory(created_at=old, text="Bonjour")
    recent = EmailFactory(sent=True, created_at=NOW, text="Bonjour")
    assert purged("emails", now=NOW) == 2
    assert purged("emails", now=NOW) == 0
    for email in (about, code, waiting, recent):
        email.refresh_from_db()
    assert (about.text, about.to, code.to) == ("", "zoe@exemple.fr", "adresse supprimée")
    assert waiting.text == recent.text == "Bonjour"


def test_every_rule_is_named_once_runs_every_night_and_has_a_setting_that_exists() -> None:
    names = [rule.name for rule in retention.rules()]
    assert len(names) == len(set(names)) > 8
    assert all(rule.period is None or rule.period > dt.timedelta() for rule in retention.rules())
    nightly = project.CELERY_BEAT_SCHEDULE["purge"]
    assert nightly["task"] == tasks.purge.name
    assert "args" not in nightly
    assert project.CELERY_BEAT_SCHEDULE["purge-limits"]["args"] == ["limits"]
