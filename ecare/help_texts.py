"""The texts of the help: how they are shipped, searched and cut for the page (P3). Pure, but for `load`."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from ecare.models import HelpEntry

HEADING = re.compile(r"## (?P<question>.+?) \{#(?P<anchor>[a-z0-9-]+)\}\n")
#: Words that say nothing of what is looked for.
EMPTY_WORDS = frozenset(["a", "au", "aux", "avec", "ce", "ces", "comment", "dans", "de", "des", "du", "en", "est", "et", "il", "je", "la", "le", "les", "ma", "me", "mes", "mon", "nos", "notre", "nous", "on", "ou", "par", "pas", "peut", "pour", "puis", "que", "quel", "quelle", "quelles", "quels", "qui", "sa", "se", "ses", "son", "sont", "sur", "un", "une", "vos", "votre", "vous", "y"])  # fmt: skip  # noqa: E501
#: How near a word must be to another to be taken for it, misspelt.
NEAR = 0.8


@dataclass(frozen=True)
class Block:
    """A paragraph, or a list. Nothing of it is read as HTML."""

    text: str = ""
    items: list[str] = field(default_factory=list)


def blocks(answer: str) -> Iterator[Block]:
    """An answer cut into what the page shows: a blank line ends a paragraph, « - » begins an item."""
    lines = (line.strip() for line in answer.splitlines())
    for kind, group in groupby(lines, key=lambda line: "blank" if not line else "list" if line[:2] == "- " else "text"):
        if kind == "list":
            yield Block(items=[line[2:].strip() for line in group])
        elif kind == "text":
            yield Block(" ".join(group))


def by_category(entries: Iterable[HelpEntry]) -> dict[str, list[tuple[HelpEntry, list[Block]]]]:
    """The entries by category, each in the order given."""
    grouped: dict[str, list[tuple[HelpEntry, list[Block]]]] = {}
    for entry in entries:
        grouped.setdefault(entry.category, []).append((entry, list(blocks(entry.answer))))
    return grouped


def search(entries: Sequence[HelpEntry], text: str) -> list[HelpEntry]:
    """The entries that hold every word of `text`, the best first: whatever its case, its accents, its ending, and a
    typing error a word. A word found in the question is worth more than in the answer."""
    wanted = words(text)
    scored = [(score(entry, wanted), entry) for entry in entries] if wanted else []
    return [entry for points, entry in sorted(scored, key=lambda each: -each[0]) if points]


def score(entry: HelpEntry, wanted: list[str]) -> float:
    """0 when a word is not there."""
    titled, told = words(f"{entry.question} {entry.category}"), words(entry.answer)
    points = [max(4 * nearness(word, titled), nearness(word, told)) for word in wanted]
    return sum(points) if all(points) else 0


def nearness(word: str, among: list[str]) -> float:
    """1 when a word begins with this one, less when it looks like it, 0 when none does."""
    if any(each.startswith(word) for each in among):
        return 1
    if len(word) < 4:
        return 0
    found = difflib.get_close_matches(word, among, n=1, cutoff=NEAR)
    return 0.5 if found else 0


def words(text: str) -> list[str]:
    """The words of a text, without case, accents, plural, nor those that say nothing."""
    bare = "".join(each for each in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(each))
    found = re.findall(r"[a-z0-9]+", bare.replace("œ", "oe"))
    return [singular(word) for word in found if word not in EMPTY_WORDS and (len(word) > 1 or word.isdigit())]


def singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word[-1] in "sx" else word


def read(path: Path) -> Iterator[HelpEntry]:
    """What a file holds: « # » its category, then « ## » each question, its anchor and its answer. Not saved."""
    title, *parts = re.split(r"^(?=## )", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for part in parts:
        heading = HEADING.match(part)
        if heading is None:
            raise ValueError(f"{path.name}: {part.splitlines()[0]}")
        yield HelpEntry(
            **heading.groupdict(), category=title.removeprefix("# ").strip(), answer=part[heading.end() :].strip()
        )


def load(folder: Path) -> int:
    """Add the entries of a folder that are not there yet; one that is there belongs to the administrators. Returns how
    many were added."""
    known = set(HelpEntry.objects.values_list("anchor", flat=True))
    shipped = [entry for path in sorted(folder.glob("*.md")) for entry in read(path)]
    for position, entry in enumerate(shipped, start=1):
        entry.position = position * 10
    return len(HelpEntry.objects.bulk_create([entry for entry in shipped if entry.anchor not in known]))
