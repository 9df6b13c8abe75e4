"""What a file must be to enter a slot: name, extension, real type, size (D7, Q24, Q26)."""

from __future__ import annotations

import hashlib
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Any, cast

import magic
from django.core.files.uploadedfile import UploadedFile

from dossiers.models import Question
from ecare import french

MEBIBYTE = 1024 * 1024
#: About ten thousand entries: the directory of an archive is read whole, and each entry costs time and memory (Q27).
LONGEST_DIRECTORY = MEBIBYTE
#: What an archive may hold once opened, according to its directory.
LARGEST_CONTENT = 1024 * MEBIBYTE
#: Real types that libmagic gives to a genuine file of each extension.
MIME_TYPES: dict[str, frozenset[str]] = {
    "doc": frozenset({"application/msword", "application/CDFV2", "application/x-ole-storage"}),
    # A docx whose first entry is not [Content_Types].xml is a zip for libmagic: its structure is read below.
    "docx": frozenset({"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "application/zip"}),
    "pdf": frozenset({"application/pdf"}),
    "zip": frozenset({"application/zip"}),
}
CONTENT_TYPES = {
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
    "zip": "application/zip",
}
#: NUL and control characters, what is not seen, and the marks that make a name read backwards.
FORBIDDEN_IN_NAMES = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
OLE = bytes.fromhex("d0cf11e0a1b11ae1")
WORD_STREAM = "WordDocument".encode("utf-16-le")
MACRO_STREAM = "_VBA_PROJECT".encode("utf-16-le")
WEB_PAGE = re.compile(rb"<\s*(?:!doctype|html|head|body|script|svg|iframe)", re.IGNORECASE)
#: What a double click runs, on Windows first.
PROGRAM = re.compile(
    r"\.(?:app|apk|bat|cmd|com|cpl|dll|exe|hta|jar|jse?|lnk|ms[ip]|pif|ps1|reg|scr|sh|vb[es]?|ws[fh])$", re.IGNORECASE
)
#: What a broken archive makes Python say.
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    KeyError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)


class Invalid(Exception):
    """Why a file is not accepted, in French, with what to do."""


@dataclass(frozen=True)
class Rules:
    """The rule of a slot. `max_bytes` is the first size refused."""

    extensions: tuple[str, ...]
    max_bytes: int
    max_files: int

    @property
    def extensions_text(self) -> str:
        return ", ".join(self.extensions)

    @property
    def choice_text(self) -> str:
        """« doc, docx, pdf ou zip »."""
        *first, last = self.extensions
        return f"{', '.join(first)} ou {last}" if first else last

    @property
    def accept(self) -> str:
        return ",".join(f".{extension}" for extension in self.extensions)

    @property
    def max_files_text(self) -> str:
        return "1 fichier" if self.max_files == 1 else f"{self.max_files} fichiers"

    @property
    def max_megabytes(self) -> int:
        return self.max_bytes // MEBIBYTE


@dataclass(frozen=True)
class Checked:
    name: str
    size: int
    sha256: str
    content_type: str


def rules(question: Question) -> Rules:
    """The rule of a question's slot: doc, docx, pdf, zip, under 50 Mo, 10 files, unless its options say otherwise."""
    options = question.options.get("files", {})
    return Rules(
        extensions=tuple(options.get("extensions", ("doc", "docx", "pdf", "zip"))),
        max_bytes=options.get("max_megabytes", 50) * MEBIBYTE,
        max_files=options.get("max_files", 10),
    )


def display_name(name: str | None) -> str:
    """The last part of a file name, without what could deceive a reader; a long one keeps its extension."""
    base = PurePosixPath(unicodedata.normalize("NFC", name or "").replace("\\", "/")).name
    path = PurePosixPath(FORBIDDEN_IN_NAMES.sub("", base).strip())
    if not path.name.strip("."):
        return "fichier sans nom"
    suffix = path.suffix[:20]
    return path.name.removesuffix(path.suffix)[: 200 - len(suffix)] + suffix


def check(upload: UploadedFile, rules: Rules) -> Checked:
    """The facts of an acceptable file. Raises Invalid with the reason and the way out."""
    name = display_name(upload.name)
    shown = f"« {name} »"
    if FORBIDDEN_IN_NAMES.search(upload.name or ""):
        raise Invalid(
            f"Le nom du fichier {shown} contient des caractères interdits : renommez-le et déposez-le à nouveau."
        )
    extension = PurePosixPath(name).suffix.lower().lstrip(".")
    if extension not in rules.extensions:
        raise Invalid(f"Le fichier {shown} n'est pas accepté : déposez un document {rules.choice_text}.")
    size = upload.size or 0
    if size == 0:
        raise Invalid(f"Le fichier {shown} est vide : vérifiez-le et déposez-le à nouveau.")
    if size >= rules.max_bytes:
        raise Invalid(
            f"Le fichier {shown} pèse {french.size(size)} : il doit peser moins de {rules.max_megabytes} Mo. "
            "Réduisez-le, ou répartissez son contenu dans plusieurs fichiers."
        )
    upload.seek(0)
    mime = magic.from_buffer(upload.read(64 * 1024), mime=True)
    if mime not in MIME_TYPES[extension]:
        raise not_a(extension, shown)
    CHECKS[extension](upload, shown)
    upload.seek(0)
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    return Checked(name=name, size=size, sha256=digest.hexdigest(), content_type=CONTENT_TYPES[extension])


def check_zip(upload: UploadedFile, shown: str) -> None:
    """Read the directory of an archive, never its contents. Raises Invalid when it is protected, holds a program, or
    would surprise whoever opens it: files elsewhere than in its folder, links, a thousand times its size."""
    with entries(upload, shown) as archive:
        if sum(info.file_size for info in archive.infolist()) >= LARGEST_CONTENT:
            raise Invalid(
                f"Le contenu du fichier {shown} est trop gros une fois décompressé : "
                "répartissez-le dans plusieurs archives."
            )
        if any(leaves(info) for info in archive.infolist()):
            raise Invalid(
                f"Le fichier {shown} contient un lien ou un chemin qui mène hors de l'archive : "
                "refaites-la à partir d'un dossier et déposez-la à nouveau."
            )
        for name in archive.namelist():
            if PROGRAM.search(name):  # the name of a folder ends with a slash
                raise Invalid(
                    f"Le fichier {shown} contient un programme, « {display_name(name)} » : "
                    "retirez-le de l'archive et déposez-la à nouveau."
                )


def leaves(info: zipfile.ZipInfo) -> bool:
    """Whether opening this entry may write, or lead, elsewhere than in the folder of its archive."""
    path = PurePosixPath(info.filename.replace("\\", "/"))
    is_link = stat.S_ISLNK(info.external_attr >> 16)
    return is_link or path.is_absolute() or ".." in path.parts


def check_docx(upload: UploadedFile, shown: str) -> None:
    """A docx has a main part that is a document; its list of parts says whether macros come with it."""
    with entries(upload, shown) as archive:
        names = set(archive.namelist())
        if not {"[Content_Types].xml", "word/document.xml"} <= names:
            raise not_a("docx", shown)
        with archive.open("[Content_Types].xml") as parts:
            types = parts.read(MEBIBYTE).lower()
        if any(name.lower().endswith("vbaproject.bin") for name in names) or b"macroenabled" in types:
            raise with_macros(shown)


def check_doc(upload: UploadedFile, shown: str) -> None:
    """An OLE file says what it is by the names of its streams, written in UTF-16: a Word document has one, and macros
    have another."""
    found = set()
    before = b""
    for number, chunk in enumerate(upload.chunks()):
        if number == 0 and not chunk.startswith(OLE):
            raise not_a("doc", shown)
        found |= {name for name in (WORD_STREAM, MACRO_STREAM) if name in before + chunk}
        before = chunk[-len(WORD_STREAM) :]
    if WORD_STREAM not in found:
        raise not_a("doc", shown)
    if MACRO_STREAM in found:
        raise with_macros(shown)


def check_pdf(upload: UploadedFile, shown: str) -> None:
    """A PDF that is also an archive or a web page is something else for the one who opens it."""
    upload.seek(max((upload.size or 0) - 64 * 1024, 0))
    after = upload.read().rpartition(b"%%EOF")[2]
    if WEB_PAGE.search(after) or is_archive(upload):
        raise not_a("pdf", shown)


class Crowded(Exception):
    """The directory of an archive is too long to be read."""


class Piecemeal:
    """A file that is not read by large pieces. `ZipFile` asks for the directory of an archive in one."""

    def __init__(self, upload: UploadedFile) -> None:
        self.upload = upload

    def read(self, size: int = -1) -> bytes:
        if size > LONGEST_DIRECTORY:
            raise Crowded
        content: bytes = self.upload.read(size)
        return content

    def __getattr__(self, name: str) -> Any:
        return getattr(self.upload, name)


def opened(upload: UploadedFile) -> zipfile.ZipFile:
    """The archive, its directory read. Raises Crowded, or what `UNREADABLE` lists."""
    return zipfile.ZipFile(cast(IO[bytes], Piecemeal(upload)))


def is_archive(upload: UploadedFile) -> bool:
    try:
        with opened(upload) as archive:
            return bool(archive.namelist())
    except Crowded:
        return True
    except UNREADABLE:
        return False


@contextmanager
def entries(upload: UploadedFile, shown: str) -> Iterator[zipfile.ZipFile]:
    """The directory of an archive. Raises Invalid when it cannot be read, is too long, or needs a password."""
    try:
        with opened(upload) as archive:
            if any(info.flag_bits & 0x1 for info in archive.infolist()):
                raise Invalid(f"Le fichier {shown} est protégé par un mot de passe : déposez-le sans protection.")
            yield archive
    except Crowded as error:
        raise Invalid(
            f"Le fichier {shown} contient trop de fichiers : répartissez-les dans plusieurs archives."
        ) from error
    except UNREADABLE as error:
        raise Invalid(f"Le fichier {shown} est illisible : enregistrez-le à nouveau et déposez-le.") from error


def not_a(extension: str, shown: str) -> Invalid:
    return Invalid(
        f"Le contenu du fichier {shown} n'est pas celui d'un {extension} : "
        "enregistrez-le à nouveau depuis son logiciel d'origine."
    )


def with_macros(shown: str) -> Invalid:
    return Invalid(f"Le fichier {shown} contient des macros : enregistrez-le sans macros et déposez-le à nouveau.")


#: The structure that each extension promises (Q26).
CHECKS: dict[str, Callable[[UploadedFile, str], None]] = {
    "doc": check_doc,
    "docx": check_docx,
    "pdf": check_pdf,
    "zip": check_zip,
}
