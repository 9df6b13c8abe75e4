"""Zip archives: their directory is read, their entries measured, nothing is written anywhere (Q27)."""

from __future__ import annotations

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, Any, cast

from django.core.files.uploadedfile import UploadedFile

from dossiers.uploads.names import display_name
from dossiers.uploads.rules import MEBIBYTE, Invalid, unreadable, with_password

#: About ten thousand entries: the directory of an archive is read whole, and each entry costs time and memory.
LONGEST_DIRECTORY = MEBIBYTE
#: What an archive may hold once opened: measured, this much takes a second.
LARGEST_CONTENT = 512 * MEBIBYTE
#: Read and inflated by pieces of this size.
PIECE = 64 * 1024
#: What a double click runs, on Windows first.
PROGRAM_NAME = re.compile(
    r"\.(?:app|apk|bat|cmd|com|cpl|dll|exe|hta|jar|jse?|lnk|ms[ip]|pif|ps1|reg|scr|sh|vb[es]?|ws[fh])$", re.IGNORECASE
)
#: The same under another name: Windows (its first bytes hold zeros, a text does not), Linux, macOS.
PROGRAM = re.compile(rb"MZ(?=[^\0]{0,62}\0)|\x7fELF|\xcf\xfa\xed\xfe|\xca\xfe\xba\xbe", re.DOTALL)
ARCHIVE_NAME = re.compile(r"\.(?:7z|ace|arj|bz2|cab|gz|img|iso|lzh|lzma|rar|tar|tgz|txz|vhdx?|xz|z|zip|zst)$", re.I)
ARCHIVE = re.compile(
    rb"PK\x03\x04|PK\x05\x06|Rar!\x1a|7z\xbc\xaf'\x1c|\x1f\x8b\x08|BZh\d1AY|\xfd7zXZ|MSCF\0|\x28\xb5\x2f\xfd"
)
#: Documents that are zip archives inside.
DOCUMENT_NAME = re.compile(r"\.(?:docx|dotx|xlsx|xlsm|xltx|pptx|ppsx|od[tspgf]|ott|vsdx|epub|key|numbers|pages)$", re.I)
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
    """The directory of an archive that may be opened without harm. Raises Invalid when it cannot be read, is too long,
    needs a password, or would surprise whoever opens it: files elsewhere than in its folder, links, too much content.
    """
    try:
        with opened(upload) as archive:
            infos = archive.infolist()
            if any(info.flag_bits & 0x1 for info in infos):
                raise with_password(shown)
            if sum(info.file_size for info in infos) >= LARGEST_CONTENT:
                raise too_big(shown)
            if any(leaves(info) for info in infos):
                raise Invalid(
                    f"Le fichier {shown} contient un lien ou un chemin qui mène hors de l'archive : "
                    "refaites-la à partir d'un dossier et déposez-la à nouveau.",
                    why="path",
                )
            yield archive
    except Crowded as error:
        raise Invalid(
            f"Le fichier {shown} contient trop de fichiers : répartissez-les dans plusieurs archives.",
            why="crowded",
        ) from error
    except UNREADABLE as error:
        raise unreadable(shown) from error


def check_zip(upload: UploadedFile, shown: str) -> None:
    """Raises Invalid when an archive cannot be opened without harm, or holds a program or another archive, whatever
    their names."""
    with entries(upload, shown) as archive:
        for name in archive.namelist():
            if PROGRAM_NAME.search(name):  # the name of a folder ends with a slash
                raise with_program(shown, name)
            if ARCHIVE_NAME.search(name):
                raise with_archive(shown, name)
        for info, head in measured(archive, upload, shown):
            if PROGRAM.match(head):
                raise with_program(shown, info.filename)
            if is_inner_archive(info.filename, head):
                raise with_archive(shown, info.filename)


def measured(archive: zipfile.ZipFile, upload: UploadedFile, shown: str) -> Iterator[tuple[zipfile.ZipInfo, bytes]]:
    """Each entry with its first bytes, once its real size is known to be the one that the directory says: a directory
    lies at little cost, and some readers believe the content. Raises Invalid, or what `UNREADABLE` lists."""
    free = 0
    for info in sorted(archive.infolist(), key=lambda each: each.header_offset):
        start = data_start(info, upload)
        if info.header_offset < free or start + info.compress_size > archive.start_dir:
            raise zipfile.BadZipFile("overlapping entries")  # the same bytes told many times
        free = start + info.compress_size
        upload.seek(start)
        size, head = 0, b""
        for piece in inflated(info, upload):
            head = head or piece[:512]
            size += len(piece)
            if size > info.file_size:
                raise too_big(shown)
        yield info, head


def data_start(info: zipfile.ZipInfo, upload: UploadedFile) -> int:
    """Where the content of an entry begins, after its own header: the directory does not say it."""
    upload.seek(info.header_offset)
    signature, name_length, extra_length = struct.unpack("<4s22x2H", upload.read(30))
    if signature != b"PK\x03\x04":
        raise zipfile.BadZipFile("no entry there")
    return int(info.header_offset + 30 + name_length + extra_length)


def inflated(info: zipfile.ZipInfo, upload: UploadedFile) -> Iterator[bytes]:
    """The content of an entry, by pieces. The compressions of ordinary tools only."""
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise NotImplementedError
    stream = zlib.decompressobj(-zlib.MAX_WBITS) if info.compress_type == zipfile.ZIP_DEFLATED else None
    left = info.compress_size
    while left and (data := upload.read(min(left, PIECE))):
        left -= len(data)
        if stream is None:
            yield data
            continue
        while data:
            yield stream.decompress(data, PIECE)
            data = stream.unconsumed_tail


def leaves(info: zipfile.ZipInfo) -> bool:
    """Whether opening this entry may write, or lead, elsewhere than in the folder of its archive."""
    path = PurePosixPath(info.filename.replace("\\", "/"))
    is_link = stat.S_ISLNK(info.external_attr >> 16)
    return is_link or path.is_absolute() or ".." in path.parts


def is_inner_archive(name: str, head: bytes) -> bool:
    return bool(ARCHIVE.match(head)) and not (head.startswith(b"PK") and DOCUMENT_NAME.search(name))


def too_big(shown: str) -> Invalid:
    return Invalid(
        f"Le contenu du fichier {shown} est trop gros une fois décompressé : répartissez-le dans plusieurs archives.",
        why="bomb",
    )


def with_program(shown: str, name: str) -> Invalid:
    return Invalid(
        f"Le fichier {shown} contient un programme, « {display_name(name)} » : "
        "retirez-le de l'archive et déposez-la à nouveau.",
        why="program",
    )


def with_archive(shown: str, name: str) -> Invalid:
    return Invalid(
        f"Le fichier {shown} contient une autre archive, « {display_name(name)} » : "
        "mettez-y directement les documents et déposez-la à nouveau.",
        why="archive",
    )
