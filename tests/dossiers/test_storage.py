"""Where files are kept: written before their row, in a folder or in a bucket, and swept (Q21, Q29, Q52)."""

from __future__ import annotations

import datetime as dt
import errno
import hashlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from dossiers import storage, tasks, workflow
from dossiers.models import Attachment, DossierStage, TemplateFile
from ecare.models import AuditEntry, AuditKind
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages
from tests.dossiers.buckets import NOBODY, kept_in_bucket

DAYS = dt.timedelta(days=2)


@pytest.fixture
def stage(db: None) -> DossierStage:
    return factories.draft()


class Full(FileSystemStorage):
    """A disk with no room left, found out in the middle of a file."""

    def _save(self, name: str, content: Any) -> str:
        super()._save(name, ContentFile(b"%PDF-"))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Keeping(FileSystemStorage):
    """A storage that lets some files go, and not others."""

    def delete(self, name: str) -> None:
        if name.endswith("garde"):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        super().delete(name)


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """A local S3 server with one empty bucket."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None
            time.sleep(0.1)
        client = boto3.client(
            "s3",
            endpoint_url=address,
            region_name="eu-west-3",
            aws_access_key_id="essai",
            aws_secret_access_key="essai",
        )
        client.create_bucket(Bucket="pieces", CreateBucketConfiguration={"LocationConstraint": "eu-west-3"})
        yield address
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def bucket(settings: Settings, s3: str) -> None:
    kept_in_bucket(settings, s3)


def orphan(name: str = "pieces/2026/01/perdu", *, age: dt.timedelta = DAYS) -> str:
    """A file that no row names."""
    default_storage.save(name, ContentFile(b"perdu"))
    if isinstance(default_storage._wrapped, FileSystemStorage):
        then = (timezone.now() - age).timestamp()
        os.utime(default_storage.path(name), (then, then))
    return name


def test_what_no_row_names_is_swept_after_a_day_and_nothing_else(
    stage: DossierStage, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = [factories.deposit(stage, factories.pdf(f"{number}.pdf")) for number in range(3)]
    workflow.archive_file(kept[0], by=stage.dossier.referent, at=timezone.now())
    names = [each.file.name for each in (*kept, *TemplateFile.objects.all())]
    for name in names:
        then = (timezone.now() - DAYS).timestamp()
        os.utime(default_storage.path(name), (then, then))
    lost = [orphan("modeles/ancien.docx"), orphan()]
    recent = orphan("pieces/2026/02/en-cours", age=dt.timedelta(hours=23))
    elsewhere = orphan("autre/chose")

    call_command("sweep_files", "--dry-run")
    said = capsys.readouterr().out
    assert sorted(said.split("\n")[:2]) == lost
    assert "2\u00a0fichiers à supprimer." in said
    assert all(default_storage.exists(name) for name in lost)

    tasks.sweep_files()
    assert not any(default_storage.exists(name) for name in lost)
    assert all(default_storage.exists(name) for name in [*names, recent, elsewhere])
    call_command("sweep_files")
    assert "0\u00a0fichier supprimé." in capsys.readouterr().out


def test_files_live_in_a_private_bucket_and_leave_by_the_view(stage: DossierStage, bucket: None) -> None:
    content = factories.pdf_bytes() + bytes(9 * 1024 * 1024)  # more than a piece
    attachment = factories.deposit(stage, factories.upload(content, "Lettre signée.pdf"))
    attachment = Attachment.objects.get(pk=attachment.pk)
    assert attachment.file.size == len(content)
    response = pages.owner(stage).get(pages.url("file", stage, attachment.public_id))
    received = response.getvalue()
    assert hashlib.sha256(received).hexdigest() == attachment.sha256
    assert response["Content-Disposition"] == "attachment; filename*=utf-8''Lettre%20sign%C3%A9e.pdf"
    assert "no-store" in response["Cache-Control"]
    assert int(response["Content-Length"]) == len(content)
    with pytest.raises(PermissionDenied):
        assert attachment.file.url
    small = factories.deposit(stage, factories.pdf())
    shown = pages.owner(stage).get(pages.url("view-file", stage, small.public_id)).content.decode()
    assert "Page 1 sur 1" in shown
    assert 'src="data:image/jpeg;base64,' in shown
    model = TemplateFile.objects.get()
    model.file.save("cadre.docx", ContentFile(factories.docx_bytes()))
    assert pages.owner(stage).get(pages.url("template-file", stage, model.code)).getvalue() == factories.docx_bytes()

    lost = orphan()
    assert storage.sweep() == []
    assert storage.sweep(older_than=dt.timedelta(seconds=-5), dry_run=True) == [lost]
    assert storage.sweep(older_than=dt.timedelta(seconds=-5)) == [lost]
    assert not default_storage.exists(lost)
    assert default_storage.exists(attachment.file.name)


@pytest.mark.parametrize("where", ["disk", "bucket"])
def test_a_full_storage_is_told_and_leaves_no_row_no_file_and_the_rest_working(
    where: str, stage: DossierStage, settings: Settings, media: Path
) -> None:
    """Q52."""
    if where == "bucket":
        kept_in_bucket(settings, NOBODY)
    else:
        settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": f"{Full.__module__}.Full"}}
    client = pages.owner(stage)

    response = client.post(
        pages.url("form", stage),
        {"framework_files-files": factories.pdf("Lettre.pdf"), "comment-base": "", "comment-value": "Un mot"},
    )
    assert "« Lettre.pdf » n'a pas pu être enregistré : l'espace de stockage du portail est plein" in pages.text(
        response
    )
    assert client.post(pages.url("slot", stage, "bank"), {"bank-files": factories.pdf()}).status_code == 422
    assert not Attachment.objects.exists()
    assert not [path for path in media.rglob("pieces/**/*") if path.is_file()]
    assert client.get(pages.url("form", stage)).status_code == 200


@pytest.mark.parametrize("name", ["file", "view-file", "template-file"])
def test_a_bucket_out_of_reach_is_an_outage_that_ends_by_itself_and_a_file_it_lost_is_not(
    name: str, stage: DossierStage, settings: Settings, s3: str
) -> None:
    """Nothing of a page or of a file is sent before the whole file is there."""
    attachment = factories.deposit(stage, factories.pdf())
    address = pages.url(name, stage, TemplateFile.objects.get().code if "template" in name else attachment.public_id)
    client = pages.owner(stage)
    client.raise_request_exception = False
    for endpoint, status in ((NOBODY, 503), (s3, 500)):
        kept_in_bucket(settings, endpoint)
        response = client.get(address)
        assert (response.status_code, "Retry-After" in response) == (status, status == 503)


@pytest.mark.parametrize("name", ["file", "instructed-file", "pieces.zip"])
def test_a_file_that_could_not_leave_is_not_kept_as_taken(name: str, db: None, settings: Settings) -> None:
    """S2: the audit log tells what was taken."""
    stage = factories.transmitted()
    kept_in_bucket(settings, NOBODY)
    client = pages.owner(stage) if name == "file" else factories.signed_in(UserFactory(verifier=True))
    address = f"/instruction/{stage.dossier.reference}/pieces.zip"
    if name != "pieces.zip":
        address = pages.url(name, stage, stage.attachments.all()[0].public_id)
    client.raise_request_exception = False
    assert client.get(address).status_code == 503
    assert not AuditEntry.objects.filter(kind=AuditKind.DOWNLOADED).exists()


@pytest.mark.parametrize("where", ["nobody listens", "no such bucket"])
def test_a_sweep_of_a_bucket_out_of_reach_deletes_nothing_and_says_so(
    where: str, db: None, settings: Settings, s3: str, bucket: None
) -> None:
    """The command fails in a line, and the task is tried again."""
    lost = orphan()
    kept_in_bucket(settings, *((NOBODY,) if where == "nobody listens" else (s3, "ailleurs")))
    with pytest.raises(CommandError, match=r"Rien n'a été supprimé\u00a0: le stockage des fichiers ne répond pas"):
        call_command("sweep_files")
    outcome = tasks.sweep_files.apply(throw=False, retries=tasks.sweep_files.max_retries - 1)
    assert (outcome.state, type(outcome.result)) == ("FAILURE", storage.NotSwept), "tried again, then an error"
    kept_in_bucket(settings, s3)
    assert default_storage.exists(lost)
    default_storage.delete(lost)


def test_a_sweep_tells_what_the_storage_kept(db: None, settings: Settings) -> None:
    orphan()
    orphan("pieces/2026/01/garde")
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": f"{Keeping.__module__}.Keeping"}}
    with pytest.raises(CommandError, match=r"1\u00a0fichier supprimé, 1\u00a0fichier que le stockage a gardé"):
        call_command("sweep_files")


def test_a_refused_file_is_not_kept(stage: DossierStage, media: Path) -> None:
    """It was written before the lock: a full slot or the same file again lets it go."""
    for _ in range(2):
        factories.deposit(stage, factories.pdf("RIB.pdf"), code="bank")
    with pytest.raises(workflow.FileRefused):
        factories.deposit(stage, factories.docx("RIB bis.docx"), code="bank")
    assert [str(path.relative_to(media)) for path in media.rglob("pieces/**/*") if path.is_file()] == [
        Attachment.objects.get().file.name
    ]
