"""Tables that are made behind for whoever asked for them: what each room says of its own (docs/adr/0041).

The setting `EXPORTED_TABLES` names the module of each, by the code that its exports keep."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from django.conf import settings

if TYPE_CHECKING:
    from accounts.models import User
    from dossiers.kinds.base import Cell
    from dossiers.models import Export

#: The code of the list of dossiers, which exports are of unless they say otherwise.
LISTED = "dossiers"


class Chunk(NamedTuple):
    """Some rows of a table, and how far they bring it: what was left out meanwhile counts as done."""

    done: int
    rows: Iterable[Sequence[Cell]]


class Content(NamedTuple):
    """What a file holds, read as it is written."""

    total: int
    headings: Sequence[str]
    chunks: Iterator[Chunk]


class Table(Protocol):
    """A module that says what one table is. What was chosen for an export is in its `query` and its `columns`."""

    #: The title of its sheet, and what its rows are, one and several.
    SHEET: str
    NOUN: str

    def scope(self, user: User) -> str:
        """What `user` may read of it now, blank for nothing: a file is his as long as this does not change."""

    def title(self, export: Export) -> str:
        """What the file holds, in French, for the page and the e-mail."""

    def stem(self, export: Export) -> str:
        """The beginning of the name of the file."""

    def audited(self, export: Export) -> dict[str, object]:
        """What the audit log keeps of the choices."""

    def content(self, export: Export) -> Content:
        """The rows, within what its owner may read."""


def named(code: str) -> Table:
    """The table of that code. Raises KeyError when no room has it."""
    return cast(Table, importlib.import_module(settings.EXPORTED_TABLES[code]))
