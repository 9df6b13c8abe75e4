"""The rule of a slot, what is known of a file that follows it, and why another does not."""

from __future__ import annotations

from dataclasses import dataclass

from dossiers.models import Question
from ecare import french

MEBIBYTE = 1024 * 1024
#: How a file of each extension is called.
KINDS = {
    "csv": "un fichier CSV",
    "doc": "un document Word (doc)",
    "docx": "un document Word (docx)",
    "ods": "un classeur OpenDocument (ods)",
    "pdf": "un PDF",
    "xlsx": "un classeur Excel (xlsx)",
    "zip": "une archive zip",
}


class Invalid(Exception):
    """Why a file is not accepted, in French, with what to do; `why` says it in one word, for the audit log, without the
    name of the file."""

    def __init__(self, sentence: str, *, why: str) -> None:
        super().__init__(sentence)
        self.why = why


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
        """« un document doc, docx, pdf ou zip », « un PDF »."""
        if len(self.extensions) == 1:
            return KINDS[self.extensions[0]]
        return f"un document {french.either(self.extensions)}"

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


def not_a(extension: str, shown: str) -> Invalid:
    return Invalid(
        f"Le contenu du fichier {shown} n'est pas celui d'{KINDS[extension]} : "
        "enregistrez-le à nouveau depuis son logiciel d'origine.",
        why="content",
    )


def unreadable(shown: str) -> Invalid:
    return Invalid(f"Le fichier {shown} est illisible : enregistrez-le à nouveau et déposez-le.", why="unreadable")


def with_macros(shown: str) -> Invalid:
    return Invalid(
        f"Le fichier {shown} contient des macros : enregistrez-le sans macros et déposez-le à nouveau.", why="macros"
    )


def with_password(shown: str) -> Invalid:
    return Invalid(f"Le fichier {shown} est protégé par un mot de passe : déposez-le sans protection.", why="password")
