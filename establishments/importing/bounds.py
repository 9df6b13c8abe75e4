"""What no FINESS file holds, refused while it is read: whatever it is given, an import keeps within its memory.

A few hundred megabytes suffice for the whole country. Without these bounds, an archive of ten megabytes may unfold into
ten gigabytes, a line or an element may have no end, and a depth of brackets that the parser follows costs the square
of it.
"""

import gzip
import io
import re
from collections.abc import Iterator
from typing import Any, TextIO

# Bytes of an archive: extracts unfold into ten to twenty times their size; nothing unfolds into more than 1,030 times.
_SMALL = 64 << 20
MOST_UNFOLDED = 200
# Characters: the longest lines published have less than a thousand.
LONGEST_LINE = 1 << 16
# Of a FINESS+ file: an EJ with its 1,062 EG takes a few megabytes, and its deepest text stands under ten brackets.
DEEPEST = 32
LARGEST_ELEMENT = 32 << 20
LONGEST_VALUE = 256 << 10

_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_MARKS = b'[]{}"'
_NOT_MARKS = bytes(each for each in range(256) if each not in _MARKS)
# Depth where the elements of the lists of the top level stand: `{"pmej": [`.
_LISTS = 2


class Unrecognised(Exception):
    """The file is not what it claims to be; the message is for whoever ran the import, in French."""


class Archive(gzip.GzipFile):
    """A gzip file that is read; raises Unrecognised when it unfolds out of all proportion."""

    def __init__(self, raw: Any, name: str) -> None:
        super().__init__(fileobj=raw, mode="rb")
        self._raw, self._called = raw, name
        self._unfolded = 0

    def read(self, size: int | None = -1) -> bytes:
        return self._measured(super().read(size))

    def read1(self, size: int = -1) -> bytes:
        return self._measured(super().read1(size))

    def _measured(self, content: bytes) -> bytes:
        self._unfolded += len(content)
        if self._unfolded > _SMALL and self._unfolded > MOST_UNFOLDED * self._raw.tell():
            raise Unrecognised(
                f"{self._called}\u00a0: cette archive se décompresse en plus de {MOST_UNFOLDED} fois sa taille. "
                "Ce n'est pas une extraction FINESS."
            )
        return content


def lines(text: TextIO | io.TextIOWrapper, name: str) -> Iterator[str]:
    """The lines of a CSV. Raises Unrecognised for one that has no end."""
    number = 0
    while line := text.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE:
            raise endless(name, number)
        yield line


def endless(name: str, number: int) -> Unrecognised:
    """The refusal of a line that has no end."""
    return Unrecognised(
        f"{name}\u00a0: la ligne {number} a plus de 65\u202f536 caractères. Ce n'est pas un CSV FINESS."
    )


class Structure:
    """The content of a FINESS+ file, for a parser to read: followed by its brackets alone, ahead of the parser.

    Raises Unrecognised for what no such file holds: brackets too deep, an element or a value too large. Whether it is
    JSON at all is for the parser to say.
    """

    def __init__(self, content: Any, name: str) -> None:
        self._content, self._name = content, name
        self._escape = b""
        self._in_text = False
        self._depth = self._element = self._value = 0

    def read(self, size: int = -1) -> bytes:
        chunk: bytes = self._content.read(size)
        self._follow(chunk)
        return chunk

    def _follow(self, chunk: bytes) -> None:
        marks = self._unescaped(chunk).translate(None, _NOT_MARKS)
        self._value = 0 if marks else self._value + len(chunk)
        if self._value > LONGEST_VALUE:
            raise self._refused("une valeur y dépasse 256\u00a0Ko")
        brackets, rounds = self._outside_texts(marks), 0
        while (left := brackets.replace(b"[]", b"").replace(b"{}", b"")) != brackets:
            brackets, rounds = left, rounds + 1
            if rounds > DEEPEST:
                raise self._too_deep()
        # What is left closes what was opened before, then opens what will be closed later.
        opened = brackets.count(b"[") + brackets.count(b"{")
        lowest = self._depth - (len(brackets) - opened)
        self._depth = lowest + opened
        if self._depth > DEEPEST:
            raise self._too_deep()
        self._element = 0 if lowest <= _LISTS else self._element + len(chunk)
        if self._element > LARGEST_ELEMENT:
            raise self._refused("un seul élément y dépasse 32\u00a0Mo")

    def _unescaped(self, chunk: bytes) -> bytes:
        """Without its escapes, of which the last may be cut in two."""
        text = self._escape + chunk
        self._escape = b""
        if b"\\" in text:
            text = _ESCAPE.sub(b"", text)
            if text.endswith(b"\\"):
                text, self._escape = text[:-1], b"\\"
        return text

    def _outside_texts(self, marks: bytes) -> bytes:
        # Two quotation marks side by side count for none, here or there: what stands around keeps its side.
        parts = ((b'"' if self._in_text else b"") + marks).replace(b'""', b"").split(b'"')
        self._in_text = len(parts) % 2 == 0
        return b"".join(parts[::2])

    def _too_deep(self) -> Unrecognised:
        return self._refused(f"plus de {DEEPEST} niveaux s'y emboîtent")

    def _refused(self, reason: str) -> Unrecognised:
        return Unrecognised(f"{self._name}\u00a0: ce JSON n'est pas un fichier FINESS+ ({reason}).")
