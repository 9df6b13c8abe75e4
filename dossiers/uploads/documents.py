"""Documents: what their structure promises, and what must not come with them (Q26)."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO, cast

import olefile
import pikepdf
from django.core.files.uploadedfile import UploadedFile

from dossiers.uploads.archives import entries, is_archive, measured
from dossiers.uploads.rules import MEBIBYTE, Invalid, not_a, unreadable, with_macros, with_password

OLE = bytes.fromhex("d0cf11e0a1b11ae1")
#: Storages and streams of an OLE file where macros live, and nothing else.
MACRO_PARTS = frozenset({"MACROS", "VBA", "_VBA_PROJECT", "_VBA_PROJECT_CUR"})
#: Sectors of an OLE file that one sector of its table describes, at least.
DESCRIBED = 128
#: The bit of a Word document's header that says it is encrypted ([MS-DOC] FibBase).
FIB_ENCRYPTED = 0x0100
MAIN_PART = b"wordprocessingml.document.main+xml"
MAIN_WORKBOOK = b"spreadsheetml.sheet.main+xml"
ODS = b"application/vnd.oasis.opendocument.spreadsheet"
#: Documents with macros, by themselves or inside another.
MACRO_NAME = re.compile(r"(?:vbaproject\.bin|\.(?:docm|dotm|pptm|ppsm|xlam|xlsm|xltm))$", re.IGNORECASE)
WEB_PAGE = re.compile(rb"<\s*(?:!doctype|html|head|body|script|svg|iframe)", re.IGNORECASE)
#: A table of contents that is broken is looked for in the whole file: a twentieth of a second a mebibyte.
REPAIRABLE = 5 * MEBIBYTE


# Office 2007 and later: a zip archive of parts


def check_docx(upload: UploadedFile, shown: str) -> None:
    """A docx has a main part that is a document; its list of parts says whether macros come with it."""
    check_office(upload, shown, "docx", main="word/document.xml", kind=MAIN_PART)


def check_xlsx(upload: UploadedFile, shown: str) -> None:
    """An xlsx has a main part that is a workbook; its list of parts says whether macros come with it."""
    check_office(upload, shown, "xlsx", main="xl/workbook.xml", kind=MAIN_WORKBOOK)


def check_office(upload: UploadedFile, shown: str, extension: str, *, main: str, kind: bytes) -> None:
    with entries(upload, shown) as archive:
        names = set(archive.namelist())
        if "[Content_Types].xml" not in names:
            raise not_a(extension, shown)
        for _ in measured(archive, upload, shown):
            continue
        with archive.open("[Content_Types].xml") as parts:
            types = parts.read(MEBIBYTE).lower()
        if any(MACRO_NAME.search(name) for name in names) or b"macroenabled" in types:
            raise with_macros(shown)
        if main not in names and kind not in types:
            raise not_a(extension, shown)


# OpenDocument: a zip archive whose first entry says what it is


def check_ods(upload: UploadedFile, shown: str) -> None:
    """An ods says so in an entry of its own; its manifest says whether a password closes it."""
    with entries(upload, shown) as archive:
        names = set(archive.namelist())
        if not {"mimetype", "META-INF/manifest.xml"} <= names:
            raise not_a("ods", shown)
        for _ in measured(archive, upload, shown):
            continue
        with archive.open("mimetype") as kind, archive.open("META-INF/manifest.xml") as manifest:
            if kind.read(100).strip() not in {ODS, ODS + b"-template"}:
                raise not_a("ods", shown)
            if b"encryption-data" in manifest.read(MEBIBYTE):
                raise with_password(shown)
        if any(name.startswith(("Basic/", "Scripts/")) for name in names):
            raise with_macros(shown)


# Word 97 to 2003, and whatever Word encrypts: an OLE file of streams


@contextmanager
def streams(upload: UploadedFile, shown: str) -> Iterator[olefile.OleFileIO]:
    """An OLE file, its directory read. Raises Invalid when it cannot be."""
    upload.seek(44)
    (table,) = struct.unpack("<L", upload.read(4).ljust(4, b"\xff"))
    # A table that describes much more than the file would be read whole all the same.
    if table * DESCRIBED > (upload.size or 0) // 512 + 2 * DESCRIBED:
        raise unreadable(shown)
    upload.seek(0)
    try:
        with olefile.OleFileIO(cast(IO[bytes], upload.file)) as ole:
            yield ole
    except (OSError, ValueError, IndexError, TypeError, struct.error, RecursionError) as error:
        raise unreadable(shown) from error


def refuse_encrypted(upload: UploadedFile, shown: str) -> None:
    """A document with a password is, whatever its name, an OLE file around what is encrypted."""
    with streams(upload, shown) as ole:
        if ole.exists("EncryptedPackage"):
            raise with_password(shown)


def check_doc(upload: UploadedFile, shown: str) -> None:
    """An OLE file says what it is by its streams: a Word document has one of that name, macros have others."""
    with streams(upload, shown) as ole:
        if ole.get_type("WordDocument") != olefile.STGTY_STREAM:
            raise not_a("doc", shown)
        with ole.openstream("WordDocument") as document:
            header = document.read(12)
        if len(header) == 12 and struct.unpack("<H", header[10:])[0] & FIB_ENCRYPTED:
            raise with_password(shown)
        if any(part.upper() in MACRO_PARTS for path in ole.listdir(storages=True) for part in path):
            raise with_macros(shown)


# PDF


def check_pdf(upload: UploadedFile, shown: str) -> None:
    """A PDF that is also an archive or a web page is something else for the one who opens it."""
    upload.seek(0)
    before, _, _ = upload.read(1024).partition(b"%PDF-")
    upload.seek(max((upload.size or 0) - 64 * 1024, 0))
    after = upload.read().rpartition(b"%%EOF")[2]
    if before.strip(b"\xef\xbb\xbf\r\n\t \0") or WEB_PAGE.search(after) or is_archive(upload):
        raise not_a("pdf", shown)
    upload.seek(0)
    try:
        with pikepdf.open(
            cast(BinaryIO, upload.file),
            access_mode=pikepdf.AccessMode.stream,
            attempt_recovery=(upload.size or 0) < REPAIRABLE,
            suppress_warnings=True,
        ) as pdf:
            refuse_actions(pdf, shown)
    except pikepdf.PasswordError as error:
        raise with_password(shown) from error
    except (pikepdf.PdfError, ValueError, TypeError, RuntimeError):
        return  # readers open what is a little broken, and scanners make such files


def refuse_actions(pdf: pikepdf.Pdf, shown: str) -> None:
    """Raises Invalid when opening the document would start something: a program, or a script. Scripts of the fields of
    a form, which format dates and amounts, are not of those."""
    root = pdf.Root
    actions = [root.get("/OpenAction"), *dict(root.get("/AA", {})).values()]
    if any(isinstance(each, pikepdf.Dictionary) and each.get("/S") in ("/Launch", "/JavaScript") for each in actions):
        raise Invalid(
            f"Le fichier {shown} lance une action à l'ouverture : "
            "imprimez-le au format PDF et déposez le fichier obtenu.",
            why="action",
        )
