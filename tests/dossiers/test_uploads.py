"""What enters a slot (D7, Q24 to Q26)."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from dossiers import kinds, uploads, workflow
from dossiers.enums import EventKind
from dossiers.models import Attachment, DossierStage, Event, Question
from dossiers.uploads.rules import KINDS
from tests.dossiers import factories
from tests.dossiers.samples import archive, docx, docx_with, ole, pdf, streamed_archive

RULES = uploads.Rules(("doc", "docx", "pdf", "zip"), 50 * uploads.MEBIBYTE, 10)


def encrypted_zip() -> bytes:
    """An archive whose entries say that they are encrypted."""
    content = bytearray(factories.zip_bytes())
    content[6] |= 1  # local header
    content[content.rindex(b"PK\x01\x02") + 8] |= 1  # central directory
    return bytes(content)


def truncated(content: bytes) -> bytes:
    return content[: len(content) // 2]


def check(content: bytes, name: str) -> uploads.Checked:
    return uploads.check(factories.upload(content, name), RULES)


# Genuine files

GENUINE: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "pdf": (factories.pdf_bytes, "lettre.pdf", "application/pdf"),
    "pdf with blanks after its end": (lambda: factories.pdf_bytes() + b"\r\n\0\0\n", "scan.PDF", "application/pdf"),
    "docx of Word": (
        factories.docx_bytes,
        "Cadre de réponse.docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "docx whose parts come in another order": (
        lambda: archive(("word/document.xml", b"<w/>"), ("_rels/.rels", b"<r/>"), ("[Content_Types].xml", b"<Types/>")),
        "google.docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "doc": (
        lambda: ole("WordDocument", "1Table", "Data", "\x05SummaryInformation"),
        "ancien.doc",
        "application/msword",
    ),
    "doc with images": (lambda: ole("WordDocument", "ObjectPool/_1/Contents"), "ancien.doc", "application/msword"),
    "docx of LibreOffice": (
        lambda: docx(first="_rels/.rels"),
        "rapport.docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "docx of Word on the web": (
        lambda: docx(main="word/document2.xml"),
        "partagé.docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "scan": (pdf, "SCAN_0001.pdf", "application/pdf"),
    "pdf that may be read but not changed": (lambda: pdf(owner="secret"), "devis.pdf", "application/pdf"),
    "pdf whose table of contents is broken": (
        lambda: pdf().replace(b"startxref", b"startxxxx"),
        "fax.pdf",
        "application/pdf",
    ),
    "zip": (factories.zip_bytes, "Pièces.ZIP", "application/zip"),
    "zip of a Mac": (
        lambda: streamed_archive(("Pièces/lettre.pdf", pdf()), ("__MACOSX/Pièces/._lettre.pdf", b"\0\5\x16\7")),
        "Archive.zip",
        "application/zip",
    ),
    "zip of documents, which are archives inside": (
        lambda: archive(("cadre.docx", factories.docx_bytes()), ("tableau.xlsx", docx()), ("note.odt", docx())),
        "pieces.zip",
        "application/zip",
    ),
    "zip with a folder called like a site": (
        lambda: archive(("exemple.com/", b""), ("exemple.com/lettre.pdf", factories.pdf_bytes())),
        "site.zip",
        "application/zip",
    ),
}


@pytest.mark.parametrize("name", GENUINE)
def test_a_genuine_file_is_accepted(name: str) -> None:
    make, file_name, content_type = GENUINE[name]
    content = make()
    checked = check(content, file_name)
    assert checked == uploads.Checked(file_name, len(content), hashlib.sha256(content).hexdigest(), content_type)


# What is not what it says

DISGUISED: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "extension of its own": (lambda: b"bonjour", "notes.txt", "n'est pas accepté"),
    "no extension": (factories.pdf_bytes, "lettre", "n'est pas accepté"),
    "extension before the last": (factories.pdf_bytes, "lettre.pdf.exe", "n'est pas accepté"),
    "hidden file": (factories.pdf_bytes, ".pdf", "n'est pas accepté"),
    "empty": (lambda: b"", "lettre.pdf", "est vide"),
    "program of Windows": (lambda: b"MZ\x90\0" + bytes(60) + b"PE\0\0" + bytes(200), "lettre.pdf", "celui d'un PDF"),
    "program of Linux": (lambda: Path("/bin/true").read_bytes(), "lettre.pdf", "celui d'un PDF"),
    "page": (lambda: b"<html><script>alert(1)</script></html>", "lettre.pdf", "celui d'un PDF"),
    "page before a pdf": (lambda: b"<html>" + factories.pdf_bytes(), "lettre.pdf", "celui d'un PDF"),
    "page after a pdf": (lambda: factories.pdf_bytes() + b"<HTML><script>", "lettre.pdf", "celui d'un PDF"),
    "archive after a pdf": (lambda: factories.pdf_bytes() + factories.zip_bytes(), "lettre.pdf", "celui d'un PDF"),
    "pdf named docx": (factories.pdf_bytes, "cadre.docx", "celui d'un document Word (docx)"),
    "docx named pdf": (factories.docx_bytes, "cadre.pdf", "celui d'un PDF"),
    "zip named docx": (factories.zip_bytes, "cadre.docx", "celui d'un document Word (docx)"),
    "spreadsheet named docx": (
        lambda: archive(("[Content_Types].xml", b"<T/>"), ("_rels/.rels", b""), ("xl/workbook.xml", b"<x/>")),
        "cadre.docx",
        "celui d'un document Word (docx)",
    ),
    "macros in a docx": (lambda: docx_with("word/vbaProject.bin", b"x" * 99), "cadre.docx", "contient des macros"),
    "document with macros in a docx": (lambda: docx_with("word/embeddings/x.xlsm", b"x"), "cadre.docx", "des macros"),
    "docx without its list of parts": (
        lambda: archive(("word/document.xml", b"<w/>")),
        "cadre.docx",
        "celui d'un document Word (docx)",
    ),
    "docm whose macros have another name": (
        lambda: archive(
            (
                "[Content_Types].xml",
                b'<Override ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/>',
            ),
            ("word/document.xml", b"<w/>"),
        ),
        "cadre.docx",
        "contient des macros",
    ),
    "spreadsheet named doc": (lambda: ole("Workbook"), "ancien.doc", "celui d'un document Word (doc)"),
    "macros in a doc": (
        lambda: ole("WordDocument", "Macros/PROJECT", "Macros/VBA/_VBA_PROJECT"),
        "ancien.doc",
        "contient des macros",
    ),
    "macros of a spreadsheet in a doc": (
        lambda: ole("WordDocument", "ObjectPool/_1/_VBA_PROJECT_CUR/VBA/dir"),
        "ancien.doc",
        "contient des macros",
    ),
    "doc with a password": (lambda: ole("WordDocument", header=0x0100), "ancien.doc", "protégé par un mot de passe"),
    "docx with a password": (
        lambda: ole("EncryptedPackage", "EncryptionInfo", "\x06DataSpaces/Version"),
        "cadre.docx",
        "protégé par un mot de passe",
    ),
    "broken doc": (lambda: truncated(ole("WordDocument")), "ancien.doc", "illisible"),
    "doc that names a table larger than itself": (
        lambda: ole("WordDocument")[:44] + b"\xff\xff\xff\0" + ole("WordDocument")[48:],
        "ancien.doc",
        "illisible",
    ),
    "pdf with a password": (lambda: pdf(password="secret"), "bilan.pdf", "protégé par un mot de passe"),
    "pdf that starts a program": (lambda: pdf(action="Launch"), "bilan.pdf", "lance une action à l'ouverture"),
    "pdf that runs a script": (lambda: pdf(action="JavaScript"), "bilan.pdf", "lance une action à l'ouverture"),
    "something before a pdf": (lambda: b"GIF89a" + factories.pdf_bytes(), "lettre.pdf", "celui d'un PDF"),
    "text named doc": (lambda: b"bonjour", "ancien.doc", "celui d'un document Word (doc)"),
    "encrypted zip": (encrypted_zip, "pieces.zip", "protégé par un mot de passe"),
    "encrypted docx": (lambda: encrypted_zip(), "cadre.docx", "protégé par un mot de passe"),
    "broken zip": (lambda: truncated(factories.zip_bytes()), "pieces.zip", "illisible"),
    "broken docx": (lambda: truncated(factories.docx_bytes()), "cadre.docx", "illisible"),
    "program in a zip": (lambda: archive(("dossier/Facture.EXE", b"MZ")), "pieces.zip", "contient un programme"),
    "script in a zip": (lambda: archive(("ok.pdf", b"%PDF-1.7"), ("lire.js", b"x")), "pieces.zip", "programme"),
    "program in a zip, under another name": (
        lambda: archive(("facture.pdf", b"MZ\x90\0" + bytes(60) + b"PE\0\0")),
        "pieces.zip",
        "contient un programme, « facture.pdf »",
    ),
    "program of Linux in a zip": (lambda: archive(("lire", b"\x7fELF" + bytes(60))), "pieces.zip", "un programme"),
    "antivirus test file": (
        lambda: b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*",
        "lettre.pdf",
        "celui d'un PDF",
    ),
}


@pytest.mark.parametrize("name", DISGUISED)
def test_a_file_that_is_not_what_it_says_is_refused_with_the_way_out(name: str) -> None:
    make, file_name, sentence = DISGUISED[name]
    with pytest.raises(uploads.Invalid) as refusal:
        check(make(), file_name)
    assert sentence in str(refusal.value)
    assert f"« {file_name} »" in str(refusal.value)
    assert ":" in str(refusal.value), "what happened, then what to do"


@settings(max_examples=150)
@given(
    position=st.floats(0, 1, exclude_max=True),
    garbage=st.binary(min_size=1, max_size=8),
    source=st.sampled_from(["zip", "docx"]),
)
def test_a_damaged_archive_is_refused_or_accepted_but_never_breaks(
    position: float, garbage: bytes, source: str
) -> None:
    content = bytearray({"zip": factories.zip_bytes, "docx": factories.docx_bytes}[source]())
    # Where readers look: the end of the file, then anywhere.
    start = int(len(content) * (0.9 + position / 10))
    content[start : start + len(garbage)] = garbage
    with contextlib.suppress(uploads.Invalid):
        assert check(bytes(content), f"abime.{source}").size == len(content)


# Size


def sparse(path: Path, size: int) -> UploadedFile:
    """A PDF of that size that costs no disk and no memory."""
    with path.open("wb") as handle:
        handle.write(factories.pdf_bytes())
        handle.truncate(size)
    upload = UploadedFile(path.open("rb"), "lettre.pdf", size=size)
    assert upload.size == size
    return upload


def test_a_byte_under_the_limit_is_accepted_and_the_limit_is_refused(tmp_path: Path) -> None:
    """Q24."""
    limit = 50 * 1024 * 1024
    tracemalloc.start()
    with sparse(tmp_path / "below", limit - 1) as below:
        assert uploads.check(below, RULES).size == limit - 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * 1024 * 1024
    with sparse(tmp_path / "at", limit) as at, pytest.raises(uploads.Invalid) as refusal:
        uploads.check(at, RULES)
    assert "il doit peser moins de 50 Mo" in str(refusal.value)


def test_each_format_has_a_name() -> None:
    assert KINDS.keys() == uploads.MIME_TYPES.keys()


def test_a_slot_has_the_rules_that_its_question_gives() -> None:
    question = Question(options={"files": {"extensions": ["pdf"], "max_megabytes": 1, "max_files": 1}})
    rules = uploads.rules(question)
    assert (rules.extensions, rules.max_bytes, rules.max_files) == (("pdf",), 1024 * 1024, 1)
    assert (rules.max_files_text, rules.choice_text, rules.accept) == ("1 fichier", "un PDF", ".pdf")
    default = uploads.rules(Question())
    assert default == RULES
    assert (default.max_files_text, default.choice_text) == ("10 fichiers", "un document doc, docx, pdf ou zip")


# Names


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Lettre d'engagement (signée).pdf", "Lettre d'engagement (signée).pdf"),
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Users\\Zoé\\lettre.pdf", "lettre.pdf"),
        ("/lettre.pdf", "lettre.pdf"),
        ("lettre.pdf ", "lettre.pdf"),
        ("re\u0301ponse.pdf", "réponse.pdf"),
        ("é" * 300 + ".pdf", "é" * 196 + ".pdf"),
        ("", "fichier sans nom"),
        ("..", "fichier sans nom"),
        (None, "fichier sans nom"),
        ("a\x00\u202eb.pdf", "ab.pdf"),
        ("\x00\x01", "fichier sans nom"),
    ],
)
def test_the_name_shown_is_the_last_part_without_what_deceives(name: str | None, shown: str) -> None:
    assert uploads.display_name(name) == shown


@pytest.mark.parametrize(
    "trap",
    ["\x00", "\n", "\r", "\t", "\x1b", "\x7f", "\u202e", "\u202a", "\u2066", "\u200b", "\u200f", "\u061c", "\ufeff"],
)
def test_a_name_with_a_trap_is_refused(trap: str) -> None:
    """NUL, line breaks, marks that make « fdp.exe » read « exe.pdf » (Q26)."""
    with pytest.raises(uploads.Invalid, match="caractères interdits"):
        check(factories.pdf_bytes(), f"lettre{trap}fdp.pdf")


# In a dossier


@pytest.fixture
def stage(db: None) -> DossierStage:
    return factories.draft()


def post(stage: DossierStage, **files: object) -> HttpResponse:
    client = factories.signed_in(stage.dossier.referent)
    return client.post(reverse("dossiers:form", args=[stage.dossier.reference]), {"draft": "1", **files})


def stored_files(folder: Path) -> list[Path]:
    return [path for path in (folder / "pieces").rglob("*") if path.is_file()]


def test_a_file_is_stored_whole_under_a_name_that_says_nothing(stage: DossierStage, media: Path) -> None:
    attachment = factories.deposit(stage, factories.pdf("../Zoé & Cie.pdf"))
    assert (attachment.name, attachment.size) == ("Zoé & Cie.pdf", len(factories.pdf_bytes()))
    assert attachment.sha256 == hashlib.sha256(factories.pdf_bytes()).hexdigest()
    [path] = stored_files(media)
    assert path.read_bytes() == factories.pdf_bytes()
    assert path.name.isalnum()
    assert path.suffix == ""
    event = Event.objects.latest("pk")
    assert (event.kind, event.message) == (
        EventKind.FILE_ADDED,
        "Cadre de réponse et pièces complémentaires : Zoé & Cie.pdf",
    )


def test_a_refused_file_leaves_neither_row_nor_file(stage: DossierStage, media: Path) -> None:
    for make, name, _ in DISGUISED.values():
        with pytest.raises(workflow.FileRefused):
            factories.deposit(stage, factories.upload(make(), name))
    assert Attachment.objects.count() == Event.objects.filter(kind=EventKind.FILE_ADDED).count() == 0
    assert not (media / "pieces").exists()


def test_an_eleventh_file_is_refused_until_one_is_archived(stage: DossierStage) -> None:
    first, *_ = [factories.deposit(stage, factories.pdf(f"{number}.pdf")) for number in range(10)]
    with pytest.raises(workflow.FileRefused, match="10 fichiers"):
        factories.deposit(stage, factories.pdf("onze.pdf"))
    factories.deposit(stage, factories.pdf(), code="prerequisite_1_files")  # each slot counts its own
    workflow.archive_file(first, by=stage.dossier.referent, at=timezone.now())
    factories.deposit(stage, factories.pdf("onze.pdf"))


def test_the_rib_slot_takes_one_file(stage: DossierStage) -> None:
    factories.deposit(stage, factories.pdf("RIB.pdf"), code="bank")
    with pytest.raises(workflow.FileRefused, match="1 fichier"):
        factories.deposit(stage, factories.pdf("RIB bis.pdf"), code="bank")


@pytest.mark.parametrize("code", ["comment", "track", "perimeter", "nowhere", "", "base"])
def test_a_question_without_slot_takes_no_file(stage: DossierStage, code: str) -> None:
    with pytest.raises(workflow.NotAllowed):
        factories.deposit(stage, factories.pdf(), code=code)


# Through the pages


def test_files_are_deposited_with_the_form_several_at_once(stage: DossierStage) -> None:
    response = post(
        stage,
        **{
            "prerequisite_1_files-files": [factories.pdf("a.pdf"), factories.docx("b.docx")],
            "bank-files": factories.pdf("RIB.pdf"),
        },
    )
    assert response.status_code == 302
    assert sorted(stage.attachments.values_list("code", "name")) == [
        ("bank", "RIB.pdf"),
        ("prerequisite_1_files", "a.pdf"),
        ("prerequisite_1_files", "b.docx"),
    ]


def test_a_refused_file_is_told_at_its_slot_and_what_was_typed_is_saved(stage: DossierStage) -> None:
    response = post(
        stage,
        **{
            "framework_files-files": [factories.upload(b"MZ", "virus.exe"), factories.pdf("bon.pdf")],
            "comment-base": kinds.digest({}),
            "comment-value": "Un long commentaire",
        },
    )
    page = response.content.decode()
    assert "virus.exe" in page
    assert "n&#x27;est pas accepté" in page
    assert "Erreur –" in page
    assert "Un long commentaire" in page
    assert [each.name for each in stage.attachments.all()] == ["bon.pdf"]


def test_a_file_posted_to_a_slot_that_does_not_exist_is_left_aside(stage: DossierStage) -> None:
    """Q20."""
    files = {"nowhere-files": factories.pdf(), "comment-files": factories.pdf(), "framework_files": factories.pdf()}
    assert post(stage, **files).status_code == 302
    assert Attachment.objects.count() == 0


def test_a_name_sent_by_a_browser_cannot_deceive(stage: DossierStage) -> None:
    """Whatever the parser of uploads lets through is clean."""
    boundary = "limite"
    for sent in ("a\u202efdp.pdf", "a\x00b.pdf", "..\\..\\x.pdf", "../../y.pdf", "&#8238;z.pdf"):
        body = (
            (
                f'--{boundary}\r\nContent-Disposition: form-data; name="framework_files-files"; filename="{sent}"\r\n'
                "Content-Type: application/pdf\r\n\r\n"
            ).encode()
            + factories.pdf_bytes()
            + f"\r\n--{boundary}--\r\n".encode()
        )
        factories.signed_in(stage.dossier.referent).post(
            reverse("dossiers:form", args=[stage.dossier.reference]),
            data=body,
            content_type=f"multipart/form-data; boundary={boundary}",
        )
    names = list(stage.attachments.values_list("name", flat=True))
    assert names
    assert all(uploads.display_name(name) == name for name in names)


def test_archiving_a_file_from_the_page(stage: DossierStage) -> None:
    attachment = factories.deposit(stage, factories.pdf())
    response = post(stage, archive=str(attachment.public_id))
    assert response.status_code == 302
    attachment.refresh_from_db()
    assert attachment.archived_at is not None
    assert Event.objects.latest("pk").kind == EventKind.FILE_ARCHIVED
    assert attachment.file.storage.exists(attachment.file.name)


@pytest.mark.parametrize("public_id", ["x", "00000000-0000-0000-0000-000000000000", "\x00"])
def test_archiving_what_does_not_exist_is_not_found(stage: DossierStage, public_id: str) -> None:
    assert post(stage, archive=public_id).status_code == 404


def test_archiving_the_file_of_another_dossier_is_not_found(stage: DossierStage) -> None:
    other = factories.deposit(factories.draft(), factories.pdf())
    assert post(stage, archive=str(other.public_id)).status_code == 404
    other.refresh_from_db()
    assert other.archived_at is None


def test_a_big_upload_goes_through_the_disk_and_leaves_no_temporary_file(stage: DossierStage, media: Path) -> None:
    big = factories.pdf_bytes() + bytes(2 * uploads.MEBIBYTE)
    post(stage, **{"framework_files-files": factories.upload(big, "gros.pdf")})
    [path] = stored_files(media)
    assert path.stat().st_size == len(big)
    assert stage.attachments.get().sha256 == hashlib.sha256(big).hexdigest()
    assert os.access(path, os.R_OK)
