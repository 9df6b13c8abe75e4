"""« Dépenses pour le RETEX » as a table that is made behind (F6): see `dossiers.exports.tables`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from django.http import QueryDict

from accounts.models import User
from dossiers.exports.tables import Chunk, Content
from dossiers.models import Export
from funding import access
from funding.queries import retex

CODE = "depenses-retex"
SHEET = "Dépenses"
NOUN = "dépense,dépenses"


class Choices(NamedTuple):
    """Whose expenses, and whether the file names them."""

    guichet: str
    nominative: bool

    @property
    def query(self) -> str:
        """What the export keeps of them."""
        kept = QueryDict(mutable=True)
        kept.update({"guichet": self.guichet, "contenu": self.content})
        return kept.urlencode()

    @property
    def content(self) -> str:
        return "nominatif" if self.nominative else "anonymise"

    @property
    def columns(self) -> list[str]:
        return list(retex.NOMINATIVE if self.nominative else retex.ANONYMISED)


def chosen(export: Export) -> Choices:
    """The choices of an export. What does not say that it names people does not."""
    kept = QueryDict(export.query)
    return Choices(kept["guichet"], nominative=kept.get("contenu") == "nominatif")


def scope(user: User) -> str:
    return CODE if access.exports_expenses(user) else ""


def title(export: Export) -> str:
    choices = chosen(export)
    return f"Dépenses {'nominatives' if choices.nominative else 'anonymisées'}, guichet {choices.guichet}"


def stem(export: Export) -> str:
    choices = chosen(export)
    return f"depenses-{choices.guichet}-{choices.content}"


def audited(export: Export) -> dict[str, object]:
    return chosen(export)._asdict()


def content(export: Export) -> Content:
    """The lines in force, read through a cursor of the server."""
    choices = chosen(export)
    lines = retex.rows(choices.guichet, nominative=choices.nominative)

    def read() -> Iterator[Chunk]:
        while rows := list(islice(lines, retex.CHUNK)):
            yield Chunk(len(rows), rows)

    return Content(retex.in_force(choices.guichet).count(), choices.columns, read())
