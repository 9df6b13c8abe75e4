"""A file read on the screen: its pages are drawn apart, for whoever may download it (I2, Q21, Q28)."""

from __future__ import annotations

import base64
import contextlib
import io
import re
import resource
import subprocess
import sys
import tempfile
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from dossiers import viewer
from dossiers.enums import Scan
from dossiers.models import Attachment, DossierStage
from dossiers.viewer import drawing
from ecare.gate import Gate
from ecare.models import AuditEntry, AuditKind
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, hostile_pdfs, samples

DEMO = factories.FIXTURES / "demo"


def drawn(content: bytes, *, page: int = 1, width: int = 1100) -> viewer.Drawn:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        return viewer.draw(file, page=page, width=width)


def why_not(content: bytes) -> str:
    with pytest.raises(viewer.CannotDraw) as refusal:
        drawn(content)
    return refusal.value.why


def image(page: viewer.Drawn) -> Image.Image:
    made = Image.open(io.BytesIO(page.image))
    assert (made.format, made.size) == ("JPEG", (page.width, page.height))
    return made


# Drawing


@pytest.mark.parametrize("name", sorted(path.name for path in DEMO.glob("*.pdf")))
def test_a_real_document_is_drawn_with_its_text(name: str) -> None:
    page = drawn((DEMO / name).read_bytes())
    assert (page.page, page.pages, page.width) == (1, 3 if name.startswith("plan") else 1, 1100)
    assert 1550 < page.height < 1560  # A4
    assert "Structure de démonstration" in page.text.split("\n")
    darkest, lightest = image(page).convert("L").getextrema()
    assert darkest < 60  # letters
    assert lightest > 250  # paper


def test_each_page_is_drawn_and_beyond_the_last_the_last() -> None:
    content = hostile_pdfs.of_pages(3)
    assert [drawn(content, page=number).text for number in (0, 1, 2, 3, 9)] == [
        "Feuille 1",
        "Feuille 1",
        "Feuille 2",
        "Feuille 3",
        "Feuille 3",
    ]


def test_the_larger_size_is_twice_as_wide() -> None:
    small, large = (drawn(hostile_pdfs.of_pages(1), width=width) for width in viewer.WIDTHS.values())
    assert (small.width, large.width) == (1100, 2200)
    assert abs(large.height - 2 * small.height) <= 2


@pytest.mark.parametrize(
    ("size", "pixels"),
    [((20_000, 20_000), (1100, 1100)), ((100, 20_000), (11, 2200)), ((20_000, 1), (1100, 1)), ((3, 3), (1100, 1100))],
)
def test_a_page_of_any_size_makes_an_image_of_bounded_size(size: tuple[int, int], pixels: tuple[int, int]) -> None:
    page = drawn(hostile_pdfs.of_pages(1, size=size))
    assert image(page).size == pixels


def test_the_last_of_ten_thousand_pages_is_drawn() -> None:
    page = drawn(hostile_pdfs.of_ten_thousand_pages(), page=10_000)
    assert (page.page, page.pages, page.text) == (10_000, 10_000, "")


def test_what_cannot_be_read_is_told_apart() -> None:
    assert why_not(samples.pdf(password="clé", owner="clé")) == "password"
    assert why_not(b"%PDF-1.7\n" + b"rien" * 100) == "broken"
    assert why_not(factories.docx_bytes()) == "broken"
    assert why_not(b"\0") == "broken"
    # What a reader opens without asking is drawn without asking.
    assert drawn(samples.pdf(owner="clé")).pages == 1
    assert drawn(b"\n" + factories.pdf_bytes() + b"\n\n").pages == 1


def test_an_image_bomb_takes_no_more_memory_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """2.7 GB of pixels: the page is drawn without them, or given up."""
    monkeypatch.setattr(drawing, "LIMITS", replace(drawing.Limits(), processor=1))
    bomb = hostile_pdfs.with_an_image_of(30_000)
    assert len(bomb) < 5 * drawing.MEBIBYTE
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    with contextlib.suppress(viewer.CannotDraw):
        assert image(drawn(bomb)).size == (1100, 1556)
    after = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert after <= max(before, drawing.LIMITS.memory // 1024)


def test_a_page_that_takes_too_long_too_much_memory_or_room_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = hostile_pdfs.without_end()
    for limits in ({"processor": 1}, {"time": 0.5}):
        monkeypatch.setattr(drawing, "LIMITS", replace(drawing.Limits(), **limits))
        assert why_not(endless) == "heavy", limits
    for limits in ({"memory": 16 * drawing.MEBIBYTE}, {"output": 1000}):
        monkeypatch.setattr(drawing, "LIMITS", replace(drawing.Limits(), **limits))
        assert why_not(factories.pdf_bytes()) in {"heavy", "closed"}, limits
    monkeypatch.setattr(drawing, "LIMITS", drawing.Limits())
    assert drawn(factories.pdf_bytes()).pages == 1


ATTEMPTS = """
import os, runpy, socket, sys
give_up = runpy.run_path(sys.argv[1])["give_up"]
if sys.argv[2] == "locked":
    give_up(512 << 20, 5, 1 << 20)
for name, attempt in {
    "file": lambda: open("/etc/hostname"),
    "environment of the parent": lambda: open(f"/proc/{os.getppid()}/environ"),
    "folder": lambda: os.listdir("/"),
    "new file": lambda: os.open(sys.argv[3], os.O_CREAT | os.O_WRONLY),
    "network": lambda: socket.socket(),
    "process": lambda: os.fork() or os._exit(0),
    "signal": lambda: os.kill(os.getppid(), 0),
    "more memory": lambda: bytearray(1 << 30),
}.items():
    try:
        attempt()
        print(name)
    except (OSError, MemoryError):
        pass
"""


def test_the_program_that_draws_has_given_up_everything_before_it_reads(tmp_path: Path) -> None:
    def possible(state: str) -> list[str]:
        command = [sys.executable, "-I", "-c", ATTEMPTS, str(drawing.PROGRAM), state, str(tmp_path / state)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env={})
        return done.stdout.split("\n")[:-1]

    assert len(possible("free")) == 8  # each of them would succeed
    assert possible("locked") == []


@pytest.mark.parametrize(
    "lie",
    [
        {"width": 100_000, "height": 100_000, "stride": 300_000},
        {"width": -1},
        {"width": 0},
        {"height": 2},
        {"stride": 1},
        {"stride": None},
        {"pages": "dix"},
    ],
)
def test_a_program_that_a_document_turned_is_not_believed(lie: dict[str, object]) -> None:
    said = {"page": 1, "pages": 1, "width": 10, "height": 1, "stride": 30, "text": ""}
    assert drawing.encoded(said, bytes(30)).pages == 1
    with pytest.raises((TypeError, ValueError)):
        drawing.encoded(said | lie, bytes(30))


def test_what_is_not_seen_leaves_the_text() -> None:
    said = {"page": 1, "pages": 1, "width": 1, "height": 1, "stride": 3, "text": "a\u202eb\0\r\nc\u200b"}
    assert drawing.encoded(said, bytes(3)).text == "ab\nc"


# Pages


@pytest.fixture
def stage(db: None) -> DossierStage:
    return factories.draft()


def address(attachment: Attachment, name: str = "view-file", query: str = "") -> str:
    reference = attachment.dossier_stage.dossier.reference
    return reverse(f"dossiers:{name}", args=[reference, attachment.public_id]) + query


def text_of(response: HttpResponse) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


def test_the_page_shows_the_image_the_text_and_what_the_file_is(stage: DossierStage) -> None:
    attachment = factories.deposit(stage, factories.upload(hostile_pdfs.of_pages(3), "Devis <b> & été.pdf"))
    client = factories.signed_in(stage.dossier.referent)
    response = client.get(address(attachment, query="?page=2"))
    page, text = response.content.decode(), text_of(response)
    [encoded] = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', page)
    assert Image.open(io.BytesIO(base64.b64decode(encoded))).size == (1100, 1556)
    for said in ("Devis <b> & été.pdf", "Page 2 sur 3", attachment.sha256, "Texte de la page", "Feuille 2"):
        assert said in text
    assert "<b> &" not in page
    assert 'rel="prev" href="?page=1"' in page
    assert 'rel="next" href="?page=3"' in page
    assert f'href="{address(attachment, "file")}" download' in page
    last = client.get(address(attachment, query="?page=3&taille=grande")).content.decode()
    assert 'rel="next"' not in last
    assert 'width="2200"' in last
    for odd in ("?page=", "?page=-1", "?page=x", "?page=0", "?page=²", "?taille=x", "?page=1" + "0" * 30):
        assert "Page 1 sur 3" in text_of(client.get(address(attachment, query=odd)))


def test_no_cache_keeps_a_page_and_no_browser_guesses_what_it_is(stage: DossierStage) -> None:
    attachment = factories.deposit(stage, factories.pdf())
    response = factories.signed_in(stage.dossier.referent).get(address(attachment))
    assert response["Cache-Control"] == "private, no-store"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    policy = response["Content-Security-Policy"]
    for directive in ("default-src 'none'", "script-src 'self'", "object-src 'none'", "img-src 'self' data:"):
        assert directive in policy
    assert "frame-src" not in policy


def test_who_read_which_page_is_in_the_log(stage: DossierStage) -> None:
    attachment = factories.deposit(stage, factories.pdf())
    zipped = factories.deposit(stage, factories.archive())
    client = factories.signed_in(stage.dossier.referent)
    client.get(address(attachment, query="?page=7"))
    client.get(address(zipped))  # nothing was shown
    line = AuditEntry.objects.get(kind=AuditKind.VIEWED)
    assert (line.actor_id, line.subject) == (stage.dossier.referent.pk, stage.dossier.reference)
    assert line.detail == {"file": str(attachment.public_id), "page": 1}


def test_what_cannot_be_shown_can_be_downloaded(stage: DossierStage) -> None:
    client = factories.signed_in(stage.dossier.referent)
    files = {
        "Ce genre de fichier": factories.docx(),
        "Ce genre": factories.archive(),
        "Ce PDF est abîmé": factories.upload(b"%PDF-1.7\n" + b"rien" * 100, "abîmé.pdf"),
    }
    for said, upload in files.items():
        attachment = factories.deposit(stage, upload)
        response = client.get(address(attachment))
        assert response.status_code == 200
        assert said in text_of(response)
        assert f'href="{address(attachment, "file")}" download' in response.content.decode()
        assert "data:image" not in response.content.decode()


def test_when_too_many_draw_the_next_is_told_to_come_back(stage: DossierStage, monkeypatch: pytest.MonkeyPatch) -> None:
    attachment = factories.deposit(stage, factories.pdf())
    client = factories.signed_in(stage.dossier.referent)
    monkeypatch.setattr(drawing, "GATE", Gate(at_once=1, waiting=0, patience=0))
    with drawing.GATE:
        response = client.get(address(attachment))
        assert (response.status_code, response["Retry-After"]) == (503, "5")
        assert "Rechargez cette page dans quelques secondes" in text_of(response)
    assert client.get(address(attachment)).status_code == 200


def test_a_file_is_read_by_whoever_may_download_it_and_nobody_else(db: None) -> None:
    stage = factories.modification_requested()
    transmitted = stage.attachments.filter(code="bank").get()
    correction = factories.deposit(stage, factories.pdf("correction.pdf"))
    people = {
        "referent": stage.dossier.referent,
        "colleague": factories.referent(stage.dossier.legal_entity),
        "verifier": UserFactory(verifier=True),
        "admin": UserFactory(admin=True),
    }
    doors = {"view-file": "file", "view-instructed-file": "instructed-file"}
    statuses: dict[tuple[str, str], int] = {}
    for person, user in people.items():
        client = factories.signed_in(user)
        for attachment in (transmitted, correction):
            for name, same in doors.items():
                status = client.get(address(attachment, name)).status_code
                downloaded = client.get(address(attachment, same))
                assert b"".join(downloaded)
                assert status == downloaded.status_code, (person, name, attachment)
                statuses[person, attachment.name] = min(status, statuses.get((person, attachment.name), 999))
    allowed = {who for who, status in statuses.items() if status == 200}
    assert allowed == {
        ("referent", transmitted.name),
        ("referent", "correction.pdf"),
        ("verifier", transmitted.name),
    }


def test_the_antivirus_comes_first(db: None, settings: Settings) -> None:
    settings.DOWNLOAD_UNSCANNED = False
    stage = factories.transmitted()
    attachment = stage.attachments.filter(code="bank").get()
    owner, verifier = factories.signed_in(stage.dossier.referent), factories.signed_in(UserFactory(verifier=True))

    def statuses() -> tuple[int, int]:
        return (
            owner.get(address(attachment)).status_code,
            verifier.get(address(attachment, "view-instructed-file")).status_code,
        )

    assert statuses() == (200, 409)
    Attachment.objects.filter(pk=attachment.pk).update(scan=Scan.CLEAN, scanned_at=timezone.now())
    assert statuses() == (200, 200)
    Attachment.objects.filter(pk=attachment.pk).update(scan=Scan.INFECTED, threat="Essai")
    assert statuses() == (403, 403)
    assert "ne peut être ni affiché, ni téléchargé" in text_of(owner.get(address(attachment)))
