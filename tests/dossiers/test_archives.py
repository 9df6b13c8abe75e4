"""Archives made to harm: whoever receives them, or the server that reads their directory (Q27)."""

from __future__ import annotations

import io
import stat
import struct
import tracemalloc
import zipfile
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from dossiers import uploads
from tests.dossiers import factories

RULES = uploads.Rules(("doc", "docx", "pdf", "zip"), 50 * uploads.MEBIBYTE, 10)


def archive(*entries: tuple[zipfile.ZipInfo | str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for entry, content in entries:
            target.writestr(entry, content)
    return buffer.getvalue()


def crowd(count: int, *, zip64: bool) -> bytes:
    """An archive whose directory names one small file `count` times."""
    content = archive(("a", b""))
    start, end = content.index(b"PK\x01\x02"), content.index(b"PK\x05\x06")
    directory = content[start:end] * count
    size = len(directory)
    body = content[:start] + directory
    if zip64:
        body += struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, start)
        body += struct.pack("<4sLQL", b"PK\x06\x07", 0, len(content[:start]) + size, 1)
    return body + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count & 0xFFFF, count & 0xFFFF, size, start, 0)


def link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("lettre.pdf")
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return info


def bomb() -> bytes:
    """A directory that promises a gibibyte."""
    content = bytearray(archive(("a.txt", b"0")))
    place = content.index(b"PK\x01\x02") + 24
    content[place : place + 4] = struct.pack("<L", uploads.LARGEST_CONTENT)
    return bytes(content)


HARMFUL: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "a crowd": (lambda: crowd(100_000, zip64=False), "pieces.zip", "trop de fichiers"),
    "a crowd, in the large format": (lambda: crowd(100_000, zip64=True), "pieces.zip", "trop de fichiers"),
    "a crowd after a pdf": (
        lambda: factories.pdf_bytes() + crowd(100_000, zip64=False),
        "lettre.pdf",
        "celui d'un pdf",
    ),
    "a path that climbs": (lambda: archive(("../../etc/cron.d/x", b"x")), "pieces.zip", "hors de l'archive"),
    "a path that climbs, written as on Windows": (lambda: archive(("a\\..\\..\\x", b"x")), "pieces.zip", "hors de"),
    "a path from the root": (lambda: archive(("/etc/passwd", b"x")), "pieces.zip", "hors de l'archive"),
    "a link": (lambda: archive((link(), b"/etc/passwd")), "pieces.zip", "hors de l'archive"),
    "a bomb": (bomb, "pieces.zip", "trop gros une fois décompressé"),
}


@pytest.mark.parametrize("name", HARMFUL)
def test_a_harmful_archive_is_refused_at_little_cost(name: str) -> None:
    make, file_name, reason = HARMFUL[name]
    upload = SimpleUploadedFile(file_name, make())
    tracemalloc.start()
    try:
        with pytest.raises(uploads.Invalid, match=reason):
            uploads.check(upload, RULES)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 * uploads.MEBIBYTE


def test_an_archive_of_thousands_of_files_is_accepted() -> None:
    content = archive(*((f"site {number}/Plan de continuité d'activité.pdf", b"") for number in range(5_000)))
    assert uploads.check(SimpleUploadedFile("pieces.zip", content), RULES).size == len(content)
