"""The antivirus reads what is deposited, behind, and nobody waits for it (Q28)."""

from __future__ import annotations

import datetime as dt
import errno
import os
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from dossiers import antivirus, queries, tasks, workflow
from dossiers.enums import EventKind, Scan
from dossiers.models import Attachment, DossierStage
from dossiers.workflow import scans
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.dossiers import clamd, factories, pages, samples
from tests.dossiers.buckets import NOBODY, kept_in_bucket


@pytest.fixture
def stage(db: None) -> DossierStage:
    return factories.draft()


@pytest.fixture
def server(settings: Settings) -> Iterator[clamd.Obedient]:
    """An antivirus that finds nothing, unless told otherwise."""
    with clamd.obedient() as running:
        settings.CLAMAV_ADDRESS, settings.DOWNLOAD_UNSCANNED = running.address, False
        yield running


@pytest.fixture(scope="module")
def real_clamd() -> Iterator[str]:
    program = clamd.installed()
    if program is None:
        pytest.skip("clamd is not installed: « apt-get install clamav-daemon » as root, which make test does")
    with clamd.real(program) as address:
        yield address


# The conversation


def test_the_real_clamd_finds_a_virus_wherever_it_is(settings: Settings, real_clamd: str) -> None:
    settings.CLAMAV_ADDRESS = real_clamd
    infected = {
        "alone": clamd.EICAR,
        "in a zip": samples.archive(("dossier/lettre.txt", clamd.EICAR)),
        "in a docx": samples.docx_with("word/media/image1.png", clamd.EICAR),
    }
    for place, content in infected.items():
        assert antivirus.scan([content[:10], content[10:]]).startswith("Eicar-Test-Signature"), place
    for content in (factories.pdf_bytes(), factories.docx_bytes(), factories.zip_bytes(), samples.pdf()):
        assert antivirus.scan([content]) == ""
    with pytest.raises(antivirus.Unscannable, match="size limit exceeded"):
        antivirus.scan(bytes([number % 256]) * 65536 for number in range(100))


def test_the_content_is_sent_whole_and_the_answer_understood(server: clamd.Obedient) -> None:
    content = [bytes([number]) * 70_000 for number in range(5)]
    assert antivirus.scan(content) == ""
    assert server.received == [b"".join(content)]
    server.answer = b"stream: Win.Test.EICAR_HDB-1 FOUND\0"
    assert antivirus.scan(content) == "Win.Test.EICAR_HDB-1"
    server.answer, server.limit = b"INSTREAM size limit exceeded. ERROR\0", 1000
    with pytest.raises(antivirus.Unscannable):
        antivirus.scan([bytes(70_000)] * 50)
    for nonsense in (b"", b"hello\0", b"x" * 10_000):
        server.answer, server.limit = nonsense, 10**9
        with pytest.raises(antivirus.Unavailable):
            antivirus.scan(content)


def test_an_antivirus_that_is_away_or_frozen_is_unavailable(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(antivirus, "CONNECT_SECONDS", 0.2)
    monkeypatch.setattr(antivirus, "PATIENCE_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        for address in ("127.0.0.1:1", "/nowhere/clamd.socket", f"127.0.0.1:{frozen.getsockname()[1]}"):
            settings.CLAMAV_ADDRESS = address
            with pytest.raises(antivirus.Unavailable):
                antivirus.scan([bytes(10)])


# What follows


def scanned(
    stage: DossierStage, server: clamd.Obedient, *, answer: bytes = b"stream: OK\0", **where: str
) -> Attachment:
    """A file deposited, and read by the antivirus as its task does."""
    server.answer = answer
    attachment = factories.deposit(stage, factories.pdf("Lettre.pdf"), **where)
    tasks.scan(attachment.pk)
    attachment.refresh_from_db()
    return attachment


FOUND = b"stream: Eicar-Test FOUND\0"


@pytest.mark.django_db(transaction=True)
def test_a_deposit_is_scanned_by_a_worker(server: clamd.Obedient, worker: None) -> None:
    stage = factories.draft()
    attachment = factories.deposit(stage, factories.pdf())
    deadline = timezone.now() + dt.timedelta(seconds=20)
    while Attachment.objects.get().scan == Scan.PENDING and timezone.now() < deadline:
        time.sleep(0.05)
    assert Attachment.objects.get().scan == Scan.CLEAN
    assert server.received == [factories.pdf_bytes()]
    tasks.scan(attachment.pk)
    assert len(server.received) == 1, "what was read is not read again"


def test_without_antivirus_files_wait_and_nothing_is_said_of_it(stage: DossierStage) -> None:
    factories.deposit(stage, factories.pdf())
    Attachment.objects.update(uploaded_at=timezone.now() - dt.timedelta(minutes=2))
    tasks.sweep_scans()
    assert Attachment.objects.get().scan == Scan.PENDING
    assert "Analyse" not in pages.text(pages.owner(stage).get(pages.url("form", stage)))


def test_a_clean_file_is_shown_so(stage: DossierStage, server: clamd.Obedient) -> None:
    factories.deposit(stage, factories.pdf("Avant.pdf"), code="prerequisite_1_files")
    attachment = scanned(stage, server)
    assert (attachment.scan, attachment.threat) == (Scan.CLEAN, "")
    text = pages.text(pages.owner(stage).get(pages.url("form", stage)))
    assert text.count("Analyse en attente") == text.count("Aucun virus") == 1
    assert not Email.objects.filter(kind="dossier_file_infected").exists()


def test_an_infected_file_is_told_once_and_blocks_the_transmission(server: clamd.Obedient, db: None) -> None:
    stage = factories.fill(factories.draft())
    attachment = scanned(stage, server, answer=FOUND)
    for _ in range(2):
        workflow.record_scan(attachment, threat="Eicar-Test", at=timezone.now())
    assert (attachment.scan, attachment.threat) == (Scan.INFECTED, "Eicar-Test")
    event = stage.events.get(kind=EventKind.FILE_INFECTED)
    assert (event.author, event.message) == ("eCaRE", "Lettre.pdf (Eicar-Test)")
    email = Email.objects.get(kind="dossier_file_infected")
    assert email.to == stage.dossier.referent.email
    assert "Eicar-Test" in email.text

    sheet = queries.sheet(factories.fresh(stage))
    assert [entry.code for entry in sheet.missing] == ["framework_files"]
    assert not sheet.completion.is_complete
    with pytest.raises(workflow.Incomplete):
        factories.transmit(stage)
    client = pages.owner(stage)
    assert "Virus détecté (Eicar-Test)" in pages.text(client.get(pages.url("form", stage)))
    assert "Virus détecté" in pages.text(client.get(pages.url("recap", stage)))
    refused = client.get(reverse("dossiers:file", args=[stage.dossier.reference, attachment.public_id]))
    assert refused.status_code == 403
    assert "virus (Eicar-Test)" in pages.text(refused)

    workflow.archive_file(attachment, by=stage.dossier.referent, at=timezone.now())
    assert factories.transmit(stage).transmissions.count() == 1


def test_instruction_reads_a_file_once_it_is_scanned(server: clamd.Obedient, settings: Settings, db: None) -> None:
    stage = factories.transmitted()
    attachment = stage.attachments.get(code="bank")
    own = reverse("dossiers:file", args=[stage.dossier.reference, attachment.public_id])
    instructed = reverse("dossiers:instructed-file", args=[stage.dossier.reference, attachment.public_id])
    verifier = factories.signed_in(UserFactory(verifier=True))

    waiting = verifier.get(instructed)
    assert waiting.status_code == 409
    assert "en cours d'analyse" in pages.text(waiting)
    assert pages.owner(stage).get(own).getvalue() == factories.pdf_bytes()
    settings.DOWNLOAD_UNSCANNED = True
    assert verifier.get(instructed).getvalue() == factories.pdf_bytes()
    settings.DOWNLOAD_UNSCANNED = False
    tasks.scan(attachment.pk)
    assert verifier.get(instructed).getvalue() == factories.pdf_bytes()
    Attachment.objects.filter(pk=attachment.pk).update(scan=Scan.INFECTED, threat="Eicar-Test")
    assert verifier.get(instructed).status_code == pages.owner(stage).get(own).status_code == 403
    text = pages.text(verifier.get(reverse("dossiers:instruction-dossier", args=[stage.dossier.reference])))
    assert "Virus détecté" in text
    assert "Analyse en attente" in text


def test_what_waits_is_swept_and_one_file_that_cannot_be_read_stops_no_other(
    stage: DossierStage, server: clamd.Obedient, settings: Settings
) -> None:
    lost, one, other = (factories.deposit(stage, factories.pdf(f"{name}.pdf")) for name in ("Perdu", "Un", "Deux"))
    lost.file.storage.delete(lost.file.name)
    tasks.sweep_scans()
    assert server.received == [], "a file just deposited has its own task"
    Attachment.objects.update(uploaded_at=timezone.now() - dt.timedelta(minutes=2))
    settings.CLAMAV_ADDRESS = "127.0.0.1:1"
    tasks.sweep_scans()
    tasks.scan(one.pk)
    assert set(Attachment.objects.values_list("scan", flat=True)) == {Scan.PENDING}
    settings.CLAMAV_ADDRESS = server.address
    tasks.sweep_scans()
    assert dict(Attachment.objects.values_list("name", "scan")) == {
        "Perdu.pdf": Scan.PENDING,
        "Un.pdf": Scan.CLEAN,
        "Deux.pdf": Scan.CLEAN,
    }
    assert other.scan == Scan.PENDING, "the rows were read again"


class Worn(FileSystemStorage):
    """A disk that gives some files and not others."""

    def _open(self, name: str, mode: str = "rb") -> Any:
        if name in WORN:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return super()._open(name, mode)


#: What the disk above does not give.
WORN: set[str] = set()


def test_files_that_cannot_be_read_wait_and_hold_back_no_other(
    stage: DossierStage, server: clamd.Obedient, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    waiting = [factories.deposit(stage, factories.pdf(f"{number}.pdf")) for number in range(3)]
    Attachment.objects.update(uploaded_at=timezone.now() - dt.timedelta(minutes=2))
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": f"{Worn.__module__}.Worn"}}
    WORN.update(file.file.name or "" for file in waiting[:2])
    tasks.scan(waiting[0].pk)
    tasks.sweep_scans()
    assert [Attachment.objects.get(pk=file.pk).scan for file in waiting] == [Scan.PENDING, Scan.PENDING, Scan.CLEAN]
    assert {line.levelname for line in caplog.records if "cannot be read and waits" in line.message} == {"WARNING"}
    WORN.clear()
    tasks.sweep_scans()
    assert not Attachment.objects.filter(scan=Scan.PENDING).exists()


def test_a_bucket_out_of_reach_leaves_files_to_wait_without_asking_for_each(
    stage: DossierStage,
    server: clamd.Obedient,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(scans, "UNREADABLE_IN_A_ROW", 2)
    for number in range(4):
        factories.deposit(stage, factories.pdf(f"{number}.pdf"))
    Attachment.objects.update(uploaded_at=timezone.now() - dt.timedelta(minutes=2))
    kept_in_bucket(settings, NOBODY)
    tasks.sweep_scans()
    assert Attachment.objects.filter(scan=Scan.PENDING).count() == 4
    assert caplog.text.count("cannot be read and waits") == 2
