"""The list of dossiers as a table that is made behind (I7): see `dossiers.exports.tables`."""

from __future__ import annotations

from collections.abc import Iterator

from accounts.models import User
from dossiers import access, queries
from dossiers.exports.columns import plan
from dossiers.exports.rows import chunks, keys_of, rows
from dossiers.exports.tables import Chunk, Content
from dossiers.models import Export

SHEET = "Dossiers"
NOUN = "dossier,dossiers"


def scope(user: User) -> str:
    return access.reading_scope(user)


def title(export: Export) -> str:
    return "Liste des dossiers"


def stem(export: Export) -> str:
    return "dossiers-ecare"


def audited(export: Export) -> dict[str, object]:
    return {"filters": export.query, "columns": len(export.columns)}


def content(export: Export) -> Content:
    """The dossiers in the order of the list, by keys held as eight bytes each; the rights of their reader are looked at
    again at each chunk."""
    stages = queries.sorted_as_listed(queries.filtered(export.owner, export.query))
    keys = keys_of(stages)
    columns = plan(stages, export.columns)

    def read() -> Iterator[Chunk]:
        for chunk in chunks(keys):
            yield Chunk(len(chunk), rows(access.instructed_stages(export.owner), chunk, columns))

    return Content(len(keys), columns.headings, read())
