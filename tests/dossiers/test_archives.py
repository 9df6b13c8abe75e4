"""Archives made to harm: whoever receives them, or the server that reads their directory (Q27)."""

from __future__ import annotations

import functools
import stat
import struct
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from dossiers import uploads
from tests.dossiers import factories
from tests.dossiers.samples import archive, docx_with

RULES = uploads.Rules(("doc", "docx", "pdf", "zip"), 50 * uploads.MEBIBYTE, 10)


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


def bzipped() -> bytes:
    info = zipfile.ZipInfo("a.txt")
    info.compress_type = zipfile.ZIP_BZIP2
    return archive((info, b"0" * 1000))


def link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("lettre.pdf")
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return info


def lying(content: bytes, size: int) -> bytes:
    """The same archive, whose directory promises that size for its first entry."""
    changed = bytearray(content)
    place = changed.index(b"PK\x01\x02") + 24
    changed[place : place + 4] = struct.pack("<L", size)
    return bytes(changed)


@functools.cache
def bomb() -> bytes:
    """A mebibyte that becomes a gibibyte."""
    pack = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = pack.compress(bytes(16 * uploads.MEBIBYTE)) + pack.flush(zlib.Z_FULL_FLUSH)
    packed = block * 64 + pack.flush()
    size, name = 1024 * uploads.MEBIBYTE, b"a.txt"
    sizes = struct.pack("<3L", 0, len(packed), size)
    local = b"PK\x03\x04" + struct.pack("<5H", 20, 0, 8, 0, 0) + sizes + struct.pack("<2H", len(name), 0) + name
    entry = b"PK\x01\x02" + struct.pack("<6H", 20, 20, 0, 8, 0, 0) + sizes
    entry += struct.pack("<5H2L", len(name), 0, 0, 0, 0, 0, 0) + name
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(entry), len(local) + len(packed), 0)
    return local + packed + entry + end


def overlapping() -> bytes:
    """A directory that names the same content many times, each time whole."""
    content = archive(("a.txt", b"0" * 1000))
    start, end = content.index(b"PK\x01\x02"), content.index(b"PK\x05\x06")
    names = [content[start:end].replace(b"a.txt", b"%d.txt" % number) for number in range(10)]
    directory = b"".join(names)
    return content[:start] + directory + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 10, 10, len(directory), start, 0)


HARMFUL: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "a crowd": (lambda: crowd(100_000, zip64=False), "pieces.zip", "trop de fichiers"),
    "a crowd, in the large format": (lambda: crowd(100_000, zip64=True), "pieces.zip", "trop de fichiers"),
    "a crowd after a pdf": (
        lambda: factories.pdf_bytes() + crowd(100_000, zip64=False),
        "lettre.pdf",
        "celui d'un PDF",
    ),
    "a path that climbs": (lambda: archive(("../../etc/cron.d/x", b"x")), "pieces.zip", "hors de l'archive"),
    "a path that climbs, written as on Windows": (lambda: archive(("a\\..\\..\\x", b"x")), "pieces.zip", "hors de"),
    "a path from the root": (lambda: archive(("/etc/passwd", b"x")), "pieces.zip", "hors de l'archive"),
    "a link": (lambda: archive((link(), b"/etc/passwd")), "pieces.zip", "hors de l'archive"),
    "a bomb": (bomb, "pieces.zip", "trop gros une fois décompressé"),
    "a bomb that says it is small": (lambda: lying(bomb(), 2_000_000), "pieces.zip", "trop gros une fois décompressé"),
    "a bomb that says it is just small enough": (
        lambda: lying(bomb(), uploads.LARGEST_CONTENT - 1),
        "pieces.zip",
        "trop gros une fois décompressé",
    ),
    "a bomb in a docx": (lambda: lying(docx_with("word/a", b""), uploads.LARGEST_CONTENT), "a.docx", "trop gros"),
    "entries that overlap": (overlapping, "pieces.zip", "illisible"),
    "an archive in the archive": (
        lambda: archive(("a/b.zip", factories.zip_bytes())),
        "pieces.zip",
        "une autre archive",
    ),
    "an archive of another kind": (
        lambda: archive(("b.7z", b"7z\xbc\xaf'\x1c")),
        "pieces.zip",
        "autre archive, « b.7z »",
    ),
    "an archive under another name": (lambda: archive(("b.pdf", factories.zip_bytes())), "pieces.zip", "autre archive"),
    "a compression that few can open": (bzipped, "pieces.zip", "illisible"),
}


@pytest.mark.parametrize("name", HARMFUL)
def test_a_harmful_archive_is_refused_at_little_cost(name: str) -> None:
    make, file_name, reason = HARMFUL[name]
    upload = SimpleUploadedFile(file_name, make())
    tracemalloc.start()
    started = time.process_time()
    try:
        with pytest.raises(uploads.Invalid, match=reason):
            uploads.check(upload, RULES)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 * uploads.MEBIBYTE
    assert time.process_time() - started < 2


def test_an_archive_of_thousands_of_files_is_accepted() -> None:
    content = archive(*((f"site {number}/Plan de continuité d'activité.pdf", b"") for number in range(5_000)))
    assert uploads.check(SimpleUploadedFile("pieces.zip", content), RULES).size == len(content)
