"""Open an extract and recognise what it is by its contents: its name and extension say nothing."""

import codecs
import csv
import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from typing import IO, Any

from establishments.importing import bounds
from establishments.importing.bounds import Unrecognised

# To be raised when the same file would be read otherwise than before.
RULES = 1

_GZIP = b"\x1f\x8b"
BROKEN = (EOFError, zlib.error, gzip.BadGzipFile)
"""What reading an archive raises when it is incomplete or damaged."""
_CHUNK = 1 << 20
# Lines that quotation marks may hold together before they are read one by one.
_MOST_PENDING = 1000
_DATED = re.compile(r"(?<!\d)(20\d{2})-?(\d{2})-?(\d{2})(?!\d)")
_HEADER = re.compile(r"finess;etalab;[^;]*;(\d{4}-\d{2}-\d{2})\s*\Z")
_FLAT_SITES = {"nofinesset", "nofinessej", "rs", "categetab", "departement"}
_FLAT_ENTITIES = {"nofiness_ej", "rs_affichage"}


class Format(Enum):
    PLUS = "FINESS+ (JSON)"
    ENTITIES = "cs1100501 (entités juridiques)"
    SITES = "cs1100502 (entités géographiques)"
    FLAT_SITES = "entités géographiques à plat"
    FLAT_ENTITIES = "entités juridiques à plat"

    @property
    def is_full(self) -> bool:
        """An official extract holds every entity: what is not in it any more has closed. The flat files are
        somebody's selection (a région, the ESSMS): they add and update, and never close anything."""
        return self in {Format.PLUS, Format.ENTITIES, Format.SITES}

    @property
    def gives_entities(self) -> bool:
        return self in {Format.PLUS, Format.ENTITIES, Format.FLAT_ENTITIES}

    @property
    def gives_sites(self) -> bool:
        return self in {Format.PLUS, Format.SITES, Format.FLAT_SITES}


@dataclass(frozen=True)
class Extract:
    """A file, what it turned out to be, and the day it describes."""

    path: Path
    format: Format
    extracted_on: date | None
    encoding: str
    size: int
    sha256: str

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.path.name,
            "format": self.format.value,
            "extracted_on": self.extracted_on.isoformat() if self.extracted_on else None,
            "sha256": self.sha256,
            "rules": RULES,
        }


class Progress:
    """How far into the files the reading is, in bytes as they lie on the disk."""

    def advance(self, position: int) -> None:
        """Called now and then with the position in the current file."""

    def next_file(self) -> None:
        """Called when a file has been read to its end."""


def recognise(path: Path) -> Extract:
    """What a file is. Raises Unrecognised, also for an unreadable, empty or truncated file."""
    try:
        with _opened(path) as (_, content):
            start = content.read(4096)
    except BROKEN as error:
        raise Unrecognised(f"{path.name}\u00a0: archive gzip incomplète ou abîmée.") from error
    except OSError as error:
        raise Unrecognised(f"{path.name}\u00a0: illisible ({error.strerror or error}).") from error
    text = start.removeprefix(codecs.BOM_UTF8).lstrip()
    if not text:
        raise Unrecognised(f"{path.name}\u00a0: le fichier est vide.")
    if text.startswith(b"{"):
        return Extract(path, Format.PLUS, None, "utf-8", path.stat().st_size, _digest(path))
    return _recognise_csv(path)


def _recognise_csv(path: Path) -> Extract:
    encoding = _encoding(path)
    lines = csv_rows(Extract(path, Format.SITES, None, encoding, 0, ""))
    first = next(lines, (0, []))[1]
    second = next(lines, (0, []))[1]
    header = _HEADER.match(";".join(first))
    day: date | None
    if header:
        try:
            day = date.fromisoformat(header.group(1))
        except ValueError as error:
            raise Unrecognised(f"{path.name}\u00a0: la date de la première ligne est impossible.") from error
        kinds = {"structureej": Format.ENTITIES, "structureet": Format.SITES}
        found = kinds.get(second[0] if second else "")
        if found is None:
            raise Unrecognised(
                f"{path.name}\u00a0: après l'en-tête « finess;etalab », aucune ligne structureej ni structureet."
            )
    else:
        columns = {name.strip().lower() for name in first}
        day = _day_of_name(path.name)
        if columns >= _FLAT_SITES:
            found = Format.FLAT_SITES
        elif columns >= _FLAT_ENTITIES:
            found = Format.FLAT_ENTITIES
        else:
            raise Unrecognised(f"{path.name}\u00a0: ce n'est ni un JSON FINESS+ ni un CSV FINESS.")
        if not second:
            raise Unrecognised(f"{path.name}\u00a0: un en-tête, et aucune ligne.")
    return Extract(path, found, day, encoding, path.stat().st_size, _digest(path))


def csv_rows(extract: Extract, progress: Progress | None = None) -> Iterator[tuple[int, list[str]]]:
    """The lines of a CSV with their number, from 1. Raises Unrecognised: it breaks off, or is out of bounds."""
    with _opened(extract.path) as (raw, content):
        encoding = "utf-8-sig" if extract.encoding == "utf-8" else extract.encoding
        text = io.TextIOWrapper(content, encoding=encoding, errors="replace", newline="")
        try:
            for count, (number, row) in enumerate(_parsed(bounds.lines(text, extract.path.name))):
                if progress and not count % 2000:
                    progress.advance(raw.tell())
                if row:
                    yield number, row
        except BROKEN as error:
            raise Unrecognised(f"{extract.path.name}\u00a0: archive gzip incomplète ou abîmée.") from error
    if progress:
        progress.next_file()


def _parsed(text: Iterator[str]) -> Iterator[tuple[int, list[str]]]:
    """One row a line: a lone quotation mark spoils its own line, not all those up to the next one."""
    pending: list[str] = []
    count = 0

    def kept() -> Iterator[str]:
        for line in text:
            pending.append(line)
            if len(pending) > _MOST_PENDING:
                raise csv.Error
            yield line

    while True:
        reader = csv.reader(kept(), delimiter=";")
        try:
            for row in reader:
                if len(pending) == 1:
                    count += 1
                    yield count, row
                else:
                    for line in pending:
                        count += 1
                        yield count, next(csv.reader([line], delimiter=";"), [])
                pending.clear()
            return
        except csv.Error:  # a field without end, or a row
            for line in pending:
                count += 1
                yield count, line.split(";")
            pending.clear()


@contextmanager
def opened_bytes(extract: Extract) -> Iterator[tuple[IO[bytes], Any]]:
    """The file on the disk (for its position) and its contents."""
    with _opened(extract.path) as streams:
        yield streams


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[bytes], Any]]:
    with path.open("rb") as raw:
        packed = raw.read(2) == _GZIP
        raw.seek(0)
        if packed:
            with bounds.Archive(raw, path.name) as content:
                yield raw, content
        else:
            yield raw, raw


def _encoding(path: Path) -> str:
    """UTF-8 when every byte agrees; the older files are in cp1252. Raises Unrecognised for a line without end."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    number = 1
    with _opened(path) as (_, content):
        try:
            while chunk := content.read(_CHUNK):
                if len(chunk) == _CHUNK and b"\n" not in chunk and b"\r" not in chunk:
                    raise bounds.endless(path.name, number)
                number += chunk.count(b"\n")
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
        except BROKEN as error:
            raise Unrecognised(f"{path.name}\u00a0: archive gzip incomplète ou abîmée.") from error
    return "utf-8"


def _digest(path: Path) -> str:
    with path.open("rb") as raw:
        return hashlib.file_digest(raw, "sha256").hexdigest()


def _day_of_name(name: str) -> date | None:
    found = _DATED.search(name)
    try:
        return date.fromisoformat("-".join(found.groups())) if found else None
    except ValueError:
        return None
