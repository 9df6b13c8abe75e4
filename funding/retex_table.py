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
from funding.enums import RetexContent
from funding.queries import retex

CODE = "depenses-retex"
SHEET = "Dépenses"
NOUN = "dépense,dépenses"


class Choices(NamedTuple):
    """Whose expenses, and whether the file names them. The guichet goes by its code, and by its title as it was when
    the file was asked for: the list of exports reads nothing more to name it."""

    guichet: str
    title: str
    content: RetexContent

    @property
    def query(self) -> str:
        """What the export keeps of them."""
        kept = QueryDict(mutable=True)
        kept.update({"guichet": self.guichet, "titre": self.title, "contenu": self.content})
        return kept.urlencode()

    @property
    def is_nominative(self) -> bool:
        return self.content == RetexContent.NOMINATIVE

    @property
    def columns(self) -> list[str]:
        return list(retex.NOMINATIVE if self.is_nominative else retex.ANONYMISED)


def chosen(export: Export) -> Choices:
    """The choices of an export. What does not say that it names people does not."""
    kept = QueryDict(export.query)
    names = kept.get("contenu") == RetexContent.NOMINATIVE
    # Those asked for before titles were kept have none.
    title = kept.get("titre", kept["guichet"])
    return Choices(kept["guichet"], title, RetexContent.NOMINATIVE if names else RetexContent.ANONYMISED)


def scope(user: User) -> str:
    return CODE if access.exports_expenses(user) else ""


def title(export: Export) -> str:
    choices = chosen(export)
    return f"Dépenses {'nominatives' if choices.is_nominative else 'anonymisées'}, guichet {choices.title}"


def stem(export: Export) -> str:
    choices = chosen(export)
    return f"depenses-{choices.guichet}-{choices.content}"


def audited(export: Export) -> dict[str, object]:
    choices = chosen(export)
    return {"guichet": choices.guichet, "nominative": choices.is_nominative}


def content(export: Export) -> Content:
    """The lines in force, read through a cursor of the server."""
    choices = chosen(export)
    lines = retex.rows(choices.guichet, nominative=choices.is_nominative)

    def read() -> Iterator[Chunk]:
        while rows := list(islice(lines, retex.CHUNK)):
            yield Chunk(len(rows), rows)

    return Content(retex.in_force(choices.guichet).count(), choices.columns, read())
