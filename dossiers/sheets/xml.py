"""A part of a workbook, parsed as it is inflated: no entity, and within a bound of bytes and of processor."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Callable
from typing import Any
from xml.parsers import expat

from dossiers.sheets.table import Unreadable

#: Bytes of a part once inflated: twenty times what two thousand lines take.
LARGEST = 48 * 1024 * 1024
#: Seconds of processor for a workbook.
LONGEST = 8.0
PIECE = 64 * 1024
TOO_BIG = (
    "Ce classeur est trop gros une fois décompressé\u00a0: gardez-y la seule feuille à importer, puis déposez-le à "
    "nouveau."
)
BROKEN = "Ce classeur est abîmé\u00a0: ouvrez-le dans son logiciel, enregistrez-le à nouveau, puis déposez-le."
DECLARED = (
    "Ce classeur contient une déclaration interdite (DTD)\u00a0: enregistrez-le à nouveau depuis Excel ou LibreOffice, "
    "puis déposez-le."
)

Attributes = dict[str, str]


class Enough(Exception):
    """What was looked for is found: the rest of the part is not read."""


class Budget:
    """The processor left for a workbook, in this thread."""

    def __init__(self, seconds: float = LONGEST) -> None:
        self.end = time.thread_time() + seconds

    def check(self) -> None:
        if time.thread_time() > self.end:
            raise Unreadable(TOO_BIG, why="slow")


def local(name: str) -> str:
    """A name without its namespace: each part has names of its own, and every software its prefixes."""
    return name.rpartition(" ")[2]


def forbidden(*_: Any) -> None:
    raise Unreadable(DECLARED, why="dtd")


def parse(
    archive: zipfile.ZipFile,
    name: str,
    budget: Budget,
    *,
    start: Callable[[str, Attributes], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    """Give the elements of a part to these functions, by their local names. Raises Unreadable, KeyError when the part
    is not there, and what a broken archive makes Python say."""
    if archive.getinfo(name).file_size > LARGEST:
        raise Unreadable(TOO_BIG, why="bomb")
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = forbidden
    parser.EntityDeclHandler = forbidden
    parser.buffer_text = True
    parser.StartElementHandler = lambda element, attributes: start(
        local(element), {local(key): value for key, value in attributes.items()}
    )
    if end is not None:
        parser.EndElementHandler = lambda element: end(local(element))
    if text is not None:
        parser.CharacterDataHandler = text
    try:
        # `ZipFile` gives no more than the size that the directory says, and checks its sum.
        with archive.open(name) as part:
            while piece := part.read(PIECE):
                budget.check()
                parser.Parse(piece, False)
        parser.Parse(b"", True)
    except Enough:
        return
    except expat.ExpatError as error:
        raise Unreadable(BROKEN, why="broken") from error
