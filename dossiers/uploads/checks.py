"""The check of a file: by its name, its size, its real type, then its structure (Q24, Q26)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import PurePosixPath

import magic
from django.core.files.uploadedfile import UploadedFile

from dossiers.uploads import archives, documents, names
from dossiers.uploads.rules import Checked, Invalid, Rules, not_a
from ecare import french

#: Real types that libmagic gives to a genuine file of each extension.
MIME_TYPES: dict[str, frozenset[str]] = {
    "csv": frozenset({"text/plain", "text/csv", "application/csv"}),
    "doc": frozenset({"application/msword", "application/CDFV2", "application/x-ole-storage"}),
    # A docx whose first entry is not [Content_Types].xml is a zip for libmagic: its structure is read below.
    "docx": frozenset({"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "application/zip"}),
    "ods": frozenset({"application/vnd.oasis.opendocument.spreadsheet", "application/zip"}),
    "pdf": frozenset({"application/pdf"}),
    "xlsx": frozenset({"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/zip"}),
    "zip": frozenset({"application/zip"}),
}
CONTENT_TYPES = {
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}
#: The structure that each extension promises; a CSV has none.
STRUCTURES: dict[str, Callable[[UploadedFile, str], None]] = {
    "doc": documents.check_doc,
    "docx": documents.check_docx,
    "ods": documents.check_ods,
    "pdf": documents.check_pdf,
    "xlsx": documents.check_xlsx,
    "zip": archives.check_zip,
}


def check(upload: UploadedFile, rules: Rules) -> Checked:
    """The facts of an acceptable file. Raises Invalid with the reason and the way out."""
    name = names.display_name(upload.name)
    shown = f"« {name} »"
    if names.FORBIDDEN.search(upload.name or ""):
        raise Invalid(
            f"Le nom du fichier {shown} contient des caractères interdits : renommez-le et déposez-le à nouveau.",
            why="name",
        )
    extension = PurePosixPath(name).suffix.lower().lstrip(".")
    if extension not in rules.extensions:
        raise Invalid(f"Le fichier {shown} n'est pas accepté : déposez {rules.choice_text}.", why="type")
    size = upload.size or 0
    if size == 0:
        raise Invalid(f"Le fichier {shown} est vide : vérifiez-le et déposez-le à nouveau.", why="empty")
    if size >= rules.max_bytes:
        raise Invalid(
            f"Le fichier {shown} pèse {french.size(size)} : il doit peser moins de {rules.max_megabytes} Mo. "
            "Réduisez-le, ou répartissez son contenu dans plusieurs fichiers.",
            why="size",
        )
    upload.seek(0)
    head = upload.read(64 * 1024)
    if head.startswith(documents.OLE) and extension in {"doc", "docx", "xlsx"}:
        documents.refuse_encrypted(upload, shown)
    if magic.from_buffer(head, mime=True) not in MIME_TYPES[extension]:
        raise not_a(extension, shown)
    if extension in STRUCTURES:
        STRUCTURES[extension](upload, shown)
    upload.seek(0)
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    return Checked(name=name, size=size, sha256=digest.hexdigest(), content_type=CONTENT_TYPES[extension])
