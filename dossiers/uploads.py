"""What a file must be to enter a slot: name, extension, real type, size (D7, Q24, Q26)."""

from __future__ import annotations

import hashlib
import re
import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath

import magic
from django.core.files.uploadedfile import UploadedFile

from dossiers.models import Question
from ecare import french

MEBIBYTE = 1024 * 1024
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
#: NUL and control characters, and the marks that make a name read backwards.
FORBIDDEN_IN_NAMES = re.compile(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


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
    suffix = path.suffix[:20]
    return f"{path.name.removesuffix(path.suffix)[: 200 - len(suffix)]}{suffix}" or "fichier sans nom"


def check(upload: UploadedFile, rules: Rules) -> Checked:
    """The facts of an acceptable file. Raises Invalid with the reason and the way out."""
    name = display_name(upload.name)
    shown = f"« {name} »"
    if FORBIDDEN_IN_NAMES.search(upload.name or ""):
        raise Invalid(
            f"Le nom du fichier {shown} contient des caractères interdits : renommez-le et déposez-le à nouveau."
        )
    extension = PurePosixPath(name).suffix.lower().lstrip(".")
    if extension not in rules.extensions:
        raise Invalid(f"Le fichier {shown} n'est pas accepté : déposez un document {rules.choice_text}.")
    size = upload.size or 0
    if size == 0:
        raise Invalid(f"Le fichier {shown} est vide : vérifiez-le et déposez-le à nouveau.")
    if size >= rules.max_bytes:
        raise Invalid(
            f"Le fichier {shown} pèse {french.size(size)} : il doit peser moins de {rules.max_megabytes} Mo. "
            "Réduisez-le, ou répartissez son contenu dans plusieurs fichiers."
        )
    upload.seek(0)
    mime = magic.from_buffer(upload.read(64 * 1024), mime=True)
    if mime not in MIME_TYPES[extension]:
        raise Invalid(
            f"Le contenu du fichier {shown} n'est pas celui d'un {extension} : "
            f"enregistrez-le au format {rules.choice_text} depuis son logiciel d'origine."
        )
    if extension in {"docx", "zip"}:
        check_container(upload, extension, shown)
    upload.seek(0)
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    return Checked(name=name, size=size, sha256=digest.hexdigest(), content_type=CONTENT_TYPES[extension])


def check_container(upload: UploadedFile, extension: str, shown: str) -> None:
    """Read the directory of a zip, never its contents. Raises Invalid when it is not what its extension says."""
    upload.seek(0)
    try:
        with zipfile.ZipFile(upload) as archive:
            names = set(archive.namelist())
            encrypted = any(info.flag_bits & 0x1 for info in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Invalid(f"Le fichier {shown} est illisible : enregistrez-le à nouveau et déposez-le.") from error
    if encrypted:
        raise Invalid(f"Le fichier {shown} est protégé par un mot de passe : déposez-le sans protection.")
    if extension == "docx" and not {"[Content_Types].xml", "word/document.xml"} <= names:
        raise Invalid(
            f"Le contenu du fichier {shown} n'est pas celui d'un docx : "
            "enregistrez-le depuis votre traitement de texte."
        )
    if extension == "docx" and any(name.lower().endswith("vbaproject.bin") for name in names):
        raise Invalid(f"Le fichier {shown} contient des macros : enregistrez-le sans macros et déposez-le à nouveau.")
