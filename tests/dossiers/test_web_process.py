"""Uploads through a real web process: what it takes in memory, and what is left when it is killed (Q24, Q29)."""

from __future__ import annotations

import hashlib
import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from pytest_django import Settings

from dossiers import storage
from dossiers.enums import EventKind
from dossiers.models import Attachment, DossierStage
from tests.dossiers import factories, pages

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parent.parent.parent
MEBIBYTE = 1024 * 1024
KILLS = 20
PATIENCE = 5  # seconds
TOKEN = "a" * 32
EDGE = "limite"


class Web:
    """Gunicorn with one process, over the test database and the test's folder of files; a person signed in."""

    def __init__(self, stage: DossierStage, folder: Path, secret: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        database = urlsplit(os.environ["DATABASE_URL"])
        options = f"?{database.query}" if database.query else ""
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "ecare.settings.dev",
            "DATABASE_URL": f"{database.scheme}://{database.netloc}/{connection.settings_dict['NAME']}{options}",
            "SECRET_KEY": secret,
            "VAR_DIR": str(folder),
            "TMPDIR": str(folder),
        }
        command = ["gunicorn", "ecare.wsgi", "--preload", "--workers", "1", "--threads", "4", "--no-control-socket"]
        command += ["--log-level", "critical", "--bind", f"127.0.0.1:{self.port}"]
        # A worker asked to stop while it starts does not hear it, and is waited for as long as that.
        command += ["--graceful-timeout", str(PATIENCE)]
        self.master = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, env=environment)
        self.session = pages.owner(stage).cookies["sessionid"].value
        self.path = pages.url("slot", stage, "framework_files")

    def worker(self) -> int:
        """The process that answers, once there is one."""
        for _ in range(600):
            assert self.master.poll() is None
            pids = Path(f"/proc/{self.master.pid}/task/{self.master.pid}/children").read_text().split()
            if pids:
                return int(pids[0])
            time.sleep(0.05)
        raise AssertionError("no web process")

    def post(self, path: Path, name: str) -> tuple[int, str]:
        """Send a file to its slot; by pieces, so that this process takes no memory either."""
        head = (
            f'--{EDGE}\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{TOKEN}\r\n'
            f'--{EDGE}\r\nContent-Disposition: form-data; name="framework_files-files"; filename="{name}"\r\n\r\n'
        ).encode()
        tail = f"\r\n--{EDGE}--\r\n".encode()

        def body() -> Iterator[bytes]:
            yield head
            with path.open("rb") as content:
                while piece := content.read(64 * 1024):
                    yield piece
            yield tail

        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {
                "Content-Type": f"multipart/form-data; boundary={EDGE}",
                "Content-Length": str(len(head) + path.stat().st_size + len(tail)),
                "Cookie": f"sessionid={self.session}; csrftoken={TOKEN}",
            }
            line.request("POST", self.path, body=body(), headers=headers)
            response = line.getresponse()
            return response.status, response.read().decode()
        finally:
            line.close()

    def cut(self, path: str, body: bytes, *, kind: str, at: int) -> None:
        """Send a form whose connection ends after so many bytes, and wait until the server has had the rest."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
            f"Cookie: sessionid={self.session}; csrftoken={TOKEN}\r\nConnection: close\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", self.port), 60) as line:
            line.sendall(head.encode() + body[:at])
            line.shutdown(socket.SHUT_WR)
            while line.recv(64 * 1024):
                pass

    def ready(self) -> None:
        for _ in range(600):
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            time.sleep(0.05)


def memory(pid: int, name: str) -> int:
    """A figure of /proc, in bytes: VmRSS now, VmHWM at its highest."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


@pytest.fixture
def web(tmp_path: Path, settings: Settings) -> Iterator[Web]:
    running = Web(factories.draft(), tmp_path, settings.SECRET_KEY)
    try:
        running.ready()
        yield running
    finally:
        running.master.terminate()
        running.master.wait(PATIENCE + 25)


@pytest.mark.parametrize("kind", ["multipart", "urlencoded"])
def test_a_form_cut_on_its_way_changes_nothing(web: Web, kind: str) -> None:
    stage = DossierStage.objects.get()
    told = "Réunion du comité le 12 mars, puis deux sites de plus"
    page = pages.owner(stage).get(pages.url("form", stage))
    fields = {"csrfmiddlewaretoken": TOKEN, **pages.typed(page, comment={"value": told})}
    if kind == "urlencoded":
        kind, body = "application/x-www-form-urlencoded", urlencode(fields).encode()
    else:
        kind = f"multipart/form-data; boundary={EDGE}"
        parts = [f'--{EDGE}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()]
        body = "".join([*parts, f"--{EDGE}--\r\n"]).encode()
    web.cut(pages.url("form", stage), body, kind=kind, at=body.index(b"mars"))
    assert not stage.answers.filter(code="comment").exists()
    web.cut(pages.url("form", stage), body, kind=kind, at=len(body))
    assert stage.answers.get(code="comment").value == told


def test_large_uploads_cost_little_memory_and_a_killed_process_leaves_no_row_without_its_file(
    web: Web, tmp_path: Path
) -> None:
    small, large = tmp_path / "small.pdf", tmp_path / "large.pdf"
    small.write_bytes(factories.pdf_bytes())
    assert web.post(small, "premier.pdf")[0] == 200  # whatever has to be loaded, is
    limit = 50 * MEBIBYTE
    for size, status in ((limit - 1, 200), (limit, 422)):
        with large.open("wb") as content:
            content.write(factories.pdf_bytes())
            content.truncate(size)
        pid = web.worker()
        Path(f"/proc/{pid}/clear_refs").write_text("5")
        before = memory(pid, "VmRSS")
        found, page = web.post(large, f"{size}.pdf")
        assert found == status
        assert memory(pid, "VmHWM") - before < 20 * MEBIBYTE
    assert "il doit peser moins de 50 Mo" in page
    assert set(Attachment.objects.values_list("size", flat=True)) == {len(factories.pdf_bytes()), limit - 1}

    with large.open("wb") as content:
        content.write(factories.pdf_bytes())
        content.truncate(5 * MEBIBYTE)
    started = time.monotonic()
    web.post(large, "essai.pdf")
    usual = time.monotonic() - started
    Attachment.objects.exclude(name="essai.pdf").delete()
    for number in range(KILLS):
        pid = web.worker()

        def send(number: int = number) -> None:
            with suppress(OSError, http.client.HTTPException):
                web.post(large, f"{number}.pdf")

        Attachment.objects.filter(archived_at=None).update(archived_at="2026-01-01T00:00Z")  # the slot is never full
        sender = threading.Thread(target=send)
        sender.start()
        time.sleep(random.uniform(0.1, 1.8) * usual)
        os.kill(pid, signal.SIGKILL)
        sender.join(60)
        while web.worker() == pid:
            time.sleep(0.02)

    rows = list(Attachment.objects.all())
    for row in rows:
        with row.file.open("rb") as stored:
            assert hashlib.file_digest(stored, "sha256").hexdigest() == row.sha256
    told = "\n".join(rows[0].dossier_stage.events.filter(kind=EventKind.FILE_ADDED).values_list("message", flat=True))
    assert all(f" {row.name}" in told for row in rows)
    storage.sweep(older_than=timedelta(seconds=-60))
    assert set(storage.walk("pieces")) == {row.file.name for row in rows}
    assert default_storage.exists(rows[0].file.name)
