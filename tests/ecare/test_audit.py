"""The audit log: what is in it, that it only grows, and that tampering is named (S2, Q57)."""

from __future__ import annotations

import datetime as dt
import io
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import time_machine
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import workflow as accounts_workflow
from dossiers import workflow
from ecare import audit, embedded, limits, tasks
from ecare.models import AuditEntry, AuditKind, AuditSeal
from tests.accounts.factories import UserFactory
from tests.dossiers import factories
from tests.ecare.purging import purged

pytestmark = pytest.mark.django_db


def verified(**options: Any) -> list[str]:
    """What the command says, line by line."""
    said = io.StringIO()
    try:
        call_command("verify_audit", stdout=said, **options)
    except CommandError:
        return said.getvalue().splitlines()
    assert "intact" in said.getvalue()
    return []


def tamper(statement: str, *values: Any) -> None:
    """As the owner of the tables, triggers taken off."""
    with connection.cursor() as cursor:
        for table in ("ecare_auditentry", "ecare_auditseal"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement, values)
        for table in ("ecare_auditentry", "ecare_auditseal"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def entries(count: int = 6) -> list[int]:
    for number in range(count):
        audit.record(AuditKind.DOSSIER, subject=f"S{number}", number=number)
        if number % 2:
            audit.seal()
    audit.seal()
    return list(AuditEntry.objects.order_by("pk").values_list("pk", flat=True))


@pytest.mark.parametrize("table", ["ecare_auditentry", "ecare_auditseal"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_log_only_grows(table: str, statement: str) -> None:
    entries(2)
    column = "subject" if table == "ecare_auditentry" else "digest"
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")  # the suite takes off those against TRUNCATE
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            cursor.execute(statement.format(table, column, column))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("subject", "'autre'"),
        ("kind", "'refused'"),
        ("actor_id", "7"),
        ("at", "at - interval '1 second'"),
        ("detail", "'{\"number\": 9}'"),
        ("address", "'192.0.2.1'"),
    ],
)
def test_an_altered_line_is_named_whatever_changed(column: str, value: str) -> None:
    pks = entries()
    assert verified() == []
    tamper(f"UPDATE ecare_auditentry SET {column} = {value} WHERE id = %s", pks[2])  # noqa: S608
    [flaw] = verified()
    assert f"Ligne {pks[2]} modifiée" in flaw


def test_a_removed_line_is_named_even_with_its_seal() -> None:
    pks = entries()
    tamper("DELETE FROM ecare_auditentry WHERE id = %s", pks[1])
    assert verified() == [f"Ligne {pks[1]} supprimée (sceau 2)"]
    tamper("DELETE FROM ecare_auditseal WHERE position = 2")
    assert verified() == ["Sceaux 2 à 2 supprimés"]


def test_lines_put_in_another_order_are_named() -> None:
    first, second = entries()[2:4]
    tamper("UPDATE ecare_auditseal SET entry_id = -entry_id WHERE entry_id IN (%s, %s)", first, second)
    tamper("UPDATE ecare_auditseal SET entry_id = %s + entry_id WHERE entry_id < 0", first + second)
    assert verified() == [
        f"Ligne {second} modifiée, ou l'un des sceaux 2 et 3",
        f"Ligne {first} modifiée, ou l'un des sceaux 3 et 4",
    ]


def test_a_line_inserted_afterwards_is_named() -> None:
    entries()
    columns = "(at, kind, actor_role, subject, detail)"
    tamper(f"INSERT INTO ecare_auditentry {columns} VALUES (now() - interval '3 days', 'dossier', '', 'faux', '{{}}')")  # noqa: S608
    forged = AuditEntry.objects.latest("pk")
    assert verified() == [f"Ligne {forged.pk} insérée après coup, ou jamais scellée"]
    tamper(
        "INSERT INTO ecare_auditseal (position, entry_id, digest, sealed_at) VALUES (7, %s, %s, now())",
        forged.pk,
        "0" * 64,
    )
    [flaw] = verified()
    assert f"Ligne {forged.pk} modifiée" in flaw


def test_a_line_removed_and_passed_off_as_purged_is_named_by_the_next() -> None:
    pks = entries()
    tamper("DELETE FROM ecare_auditentry WHERE id = %s", pks[1])
    tamper("UPDATE ecare_auditseal SET sealed_at = sealed_at - interval '2 years' WHERE position = 2")
    assert verified() == [f"Ligne {pks[2]} modifiée, ou l'un des sceaux 2 et 3"]


def test_seals_of_the_first_version_still_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(audit, "link", lambda before: before.digest if before else audit.FIRST)
        pks = entries(4)
    entries(2)
    assert verified() == []
    tamper("UPDATE ecare_auditentry SET subject = 'autre' WHERE id = %s", pks[1])
    assert verified() == [f"Ligne {pks[1]} modifiée, ou l'un des sceaux 1 et 2"]


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Path]:
    """Where the operator collects what the task writes (tests/ecare/test_logging.py shows it on the error output)."""
    path = tmp_path / "worker.log"
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("worker | %(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("ecare.tasks")
    logger.addHandler(handler)
    yield path
    logger.removeHandler(handler)
    handler.close()


@pytest.mark.parametrize("kept", [5, 3, 0])
def test_the_end_of_the_log_cannot_be_cut_under_the_seals_written_elsewhere(written: Path, kept: int) -> None:
    """Whether the portal goes on writing afterwards or not."""
    for number in range(6):
        audit.record(AuditKind.DOSSIER, subject=f"S{number}")
        if number % 2:
            tasks.seal_audit()
    tasks.seal_audit()  # nothing new: no line
    assert written.read_text().count("sealed up to") == 3
    assert verified(log=[str(written)]) == []
    head = str(AuditSeal.objects.latest("position"))
    tamper("DELETE FROM ecare_auditentry WHERE id IN (SELECT entry_id FROM ecare_auditseal WHERE position > %s)", kept)
    tamper("DELETE FROM ecare_auditseal WHERE position > %s", kept)
    assert verified() == []
    lost = [f"Le sceau {position} n'est plus celui qui avait été relevé" for position in (2, 4, 6) if position > kept]
    assert verified(log=[str(written)]) == lost
    entries(6)
    assert verified(log=[str(written)], head=[head]) == lost


def test_a_log_that_holds_no_seal_proves_nothing(tmp_path: Path) -> None:
    empty = tmp_path / "autre.log"
    empty.write_text("web | 200\n")
    for options in ({"log": [str(empty)]}, {"log": [str(tmp_path / "absent")]}, {"head": ["6"]}):
        with pytest.raises(CommandError, match=r"sceau|absent|empreinte"):
            call_command("verify_audit", **options)


@pytest.fixture
def granted() -> None:
    """The role of the operating manual, which ours may take."""
    place = connection.settings_dict
    where = {"host": place["HOST"], "port": place["PORT"] or None, "dbname": place["NAME"], "user": embedded.OWNER}
    with psycopg.connect(**where, autocommit=True) as owner:
        if not owner.execute("SELECT 1 FROM pg_roles WHERE rolname = 'ecare_app'").fetchone():
            owner.execute("CREATE ROLE ecare_app")
        owner.execute(f'GRANT ecare_app TO "{place["USER"] or embedded.ROLE}"')


@pytest.mark.usefixtures("granted")
def test_a_role_that_owns_nothing_writes_the_log_and_cannot_rewrite_it() -> None:
    """Q57, with the grants of the operating manual."""
    entries(2)
    manual = Path(settings.BASE_DIR, "docs", "exploitation.md").read_text(encoding="utf-8")
    [grants] = [block for block in re.findall(r"```sql\n(.+?)```", manual, re.DOTALL) if "ecare_auditseal" in block]
    with connection.cursor() as cursor:
        cursor.execute(grants)
        for table in ("ecare_auditentry", "ecare_auditseal"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("SET LOCAL ROLE ecare_app")
        audit.record(AuditKind.DOSSIER, subject="écrite")
        assert audit.seal() == 1
        for refused in (
            "UPDATE ecare_auditentry SET subject = ''",
            "UPDATE ecare_auditseal SET digest = ''",
            "DELETE FROM ecare_auditentry",
            "DELETE FROM ecare_auditseal",
            "TRUNCATE ecare_auditentry CASCADE",
            "TRUNCATE ecare_auditseal",
            "ALTER TABLE ecare_auditentry DISABLE TRIGGER USER",
            "DROP TRIGGER audit_entry_is_kept ON ecare_auditentry",
            "DROP TABLE ecare_auditseal",
            "CREATE OR REPLACE FUNCTION ecare_audit_is_kept() RETURNS trigger LANGUAGE sql AS ''",
            "SET session_replication_role = replica",
        ):
            with pytest.raises((IntegrityError, ProgrammingError)), transaction.atomic():
                cursor.execute(refused)
        cursor.execute("RESET ROLE")
    assert AuditEntry.objects.filter(subject="écrite").count() == 1


def test_a_forger_without_the_key_cannot_chain_again(settings: Any) -> None:
    entries(2)
    settings.FINGERPRINT_KEY = "another" * 6
    assert len(verified()) == 2


def test_purging_lets_old_lines_go_and_leaves_the_chain_whole() -> None:
    pks = entries(2)
    tamper("UPDATE ecare_auditentry SET at = at - interval '400 days' WHERE id = %s", pks[0])
    tamper("DELETE FROM ecare_auditseal")
    audit.seal()
    tamper("UPDATE ecare_auditseal SET sealed_at = sealed_at")
    assert purged("audit") == 1
    assert list(AuditEntry.objects.exclude(kind=AuditKind.PURGED).values_list("pk", flat=True)) == [pks[1]]
    audit.seal()
    later = timezone.now() + dt.timedelta(days=366)
    assert list(audit.flaws(now=later)) == []


def test_what_people_do_is_in_the_log(client: Client) -> None:
    """Who, what, on what, from where; a password typed as a user name is not."""
    stage = factories.transmitted()
    referent = stage.dossier.referent
    browser = factories.signed_in(referent)
    client.post(reverse("accounts:sign-in"), {"username": "tulipe-tracteur", "password": "x"})
    client.post(reverse("accounts:sign-in"), {"username": referent.username, "password": "x"})
    accounts_workflow.verify_code(referent, sign_in="autre", code="000000")
    file = stage.attachments.first()
    assert file is not None
    response = browser.get(reverse("dossiers:file", args=[stage.dossier.reference, file.public_id]))
    assert b"".join(response.streaming_content)
    browser.get(reverse("dossiers:form", args=["ABCDEFGH23"]))
    assert browser.get(reverse("dossiers:receipt", args=[stage.dossier.reference, 1])).status_code == 200
    workflow.validate(stage, by=UserFactory(verifier=True))
    accounts_workflow.change_password(referent, new_password="charrue-lavande-orage", by=referent)
    factories.signed_in(referent).post(reverse("accounts:sign-out"))
    kinds = set(AuditEntry.objects.values_list("kind", flat=True))
    told_elsewhere = {
        "closing_moved",
        "administered",
        "account_deleted",
        "email_changed",
        "factor_changed",
        "late_access",
        "file_refused",
        "exported",
        "viewed",
    }
    assert kinds >= set(AuditKind.values) - told_elsewhere - {"limit_reached", "purged"}
    receipt, taken = AuditEntry.objects.filter(kind=AuditKind.DOWNLOADED)
    assert (receipt.actor_id, receipt.subject) == (referent.pk, stage.dossier.reference)
    assert receipt.detail == {"stage": "candidature", "receipt": 1}
    assert (taken.actor_id, taken.actor_role, taken.subject) == (referent.pk, "referent", stage.dossier.reference)
    assert (taken.address, taken.detail) == ("127.0.0.1", {"file": str(file.public_id)})
    refused = AuditEntry.objects.get(kind=AuditKind.REFUSED)
    assert (refused.subject, refused.actor_id) == ("ABCDEFGH23", referent.pk)
    assert not AuditEntry.objects.filter(subject__icontains="tulipe").exists()
    changes = AuditEntry.objects.filter(kind=AuditKind.DOSSIER, subject=stage.dossier.reference)
    assert {"created", "transmitted", "validated"} <= {entry.detail["change"] for entry in changes}


def test_files_refused_are_in_the_log_without_their_names() -> None:
    stage = factories.draft()
    reference, owner = stage.dossier.reference, stage.dossier.referent
    sent = SimpleUploadedFile("Bilan de Zoé Martin.exe", b"MZ")
    page = factories.signed_in(owner).post(
        reverse("dossiers:slot", args=[reference, "framework_files"]), {"framework_files-files": sent}
    )
    assert page.status_code == 422
    refused = AuditEntry.objects.get(kind=AuditKind.FILE_REFUSED)
    assert (refused.actor_id, refused.subject, refused.address) == (owner.pk, reference, "127.0.0.1")
    assert refused.detail == {"question": "framework_files", "why": "type"}
    file = factories.transmitted().attachments.first()
    assert file is not None
    for _ in range(2):
        workflow.scans.record_scan(file, threat="Eicar-Test", at=timezone.now())
    infected = AuditEntry.objects.filter(kind=AuditKind.FILE_REFUSED).latest("pk")
    assert AuditEntry.objects.filter(kind=AuditKind.FILE_REFUSED).count() == 2
    assert (infected.detail["why"], infected.detail["threat"]) == ("infected", "Eicar-Test")
    assert infected.detail["file"] == str(file.public_id)


def test_an_exception_granted_before_the_dossier_exists_is_in_the_log() -> None:
    admin, entity, stage = UserFactory(admin=True), factories.entity(), factories.poc()
    until = timezone.now() + dt.timedelta(days=2)
    late = workflow.grant_late_access(stage, entity, until, by=admin, reason="Panne de leur réseau.")
    workflow.revoke_late_access(late, by=admin)
    lines = AuditEntry.objects.filter(kind=AuditKind.LATE_ACCESS).order_by("pk")
    assert {(line.actor_id, line.subject) for line in lines} == {(admin.pk, entity.finess)}
    assert [line.detail["change"] for line in lines] == ["exception_granted", "exception_revoked"]
    assert lines[0].detail["stage"] == "poc-essms/candidature"


def test_a_limit_reached_is_one_line_a_period_however_often_it_is_tried() -> None:
    rate = limits.Rate("essais", 1, dt.timedelta(minutes=1))
    for _ in range(4):
        limits.hit(rate, "192.0.2.1")
    assert [line.subject for line in AuditEntry.objects.filter(kind=AuditKind.LIMIT_REACHED)] == ["essais"]
    with time_machine.travel(dt.timedelta(seconds=61)):
        for _ in range(4):
            limits.hit(rate, "192.0.2.1")
    assert AuditEntry.objects.filter(kind=AuditKind.LIMIT_REACHED).count() == 2


def test_a_change_undone_leaves_no_line() -> None:
    stage = factories.transmitted()
    before = AuditEntry.objects.count()
    verifier = UserFactory(verifier=True)
    with transaction.atomic():
        workflow.validate(stage, by=verifier)
        assert AuditEntry.objects.count() == before + 1
        transaction.set_rollback(True)
    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize("window", [{}, {"_popup": "1"}], ids=["page", "pop-up"])
def test_what_administrators_change_is_in_the_log_by_the_names_of_its_fields(window: dict[str, str]) -> None:
    admin, person = UserFactory(admin=True), UserFactory()
    browser = factories.signed_in(admin)
    url = reverse("admin:accounts_user_change", args=[person.pk])
    page = browser.get(url).content.decode()
    form = dict(re.findall(r'name="((?:representations|terms_acceptances)-[A-Z_]+)" value="(\d+)"', page))
    shown = {name: getattr(person, name) for name in ("username", "email", "civility", "first_name", "phone")}
    browser.post(url, {**form, **shown, "last_name": "Nouveau", "role": "verifier", "is_active": "on", **window})
    person.refresh_from_db()
    assert person.role == "verifier"
    line = AuditEntry.objects.get(kind=AuditKind.ADMINISTERED)
    assert (line.actor_id, line.subject) == (admin.pk, str(person.pk))
    assert line.detail["view"] == "admin:accounts_user_change"
    assert {"Nom", "Rôle"} <= set(line.detail["changed"][0]["changed"]["fields"])
    assert "Nouveau" not in str(line.detail)


def test_administrators_search_the_log_and_change_nothing() -> None:
    admin = UserFactory(admin=True)
    entries(3)
    audit.record(AuditKind.DOSSIER, by=admin, subject="TROUVÉ")
    browser = factories.signed_in(admin)
    url = reverse("admin:ecare_auditentry_changelist")
    for term in ("TROUVÉ", admin.email.upper(), admin.username):
        assert "TROUVÉ" in browser.get(url, {"q": term}).content.decode(), term
    assert "TROUVÉ" not in browser.get(url, {"q": "S1"}).content.decode()
    assert browser.get(url, {"q": "192.0.2.1"}).status_code == 200
    entry = AuditEntry.objects.latest("pk")
    detail = reverse("admin:ecare_auditentry_change", args=[entry.pk])
    assert browser.get(detail).status_code == 200
    assert browser.post(detail, {"subject": "x"}).status_code == 403
    assert browser.post(reverse("admin:ecare_auditentry_delete", args=[entry.pk]), {"post": "yes"}).status_code == 403
