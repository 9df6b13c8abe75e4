"""Rows written by COPY, whole tables at a time. What the fields of Django would convert is given already converted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Model

#: Beyond it, rows wait in memory for nothing.
BATCH = 2_000


def written(content: Any) -> str:
    """JSON as a column receives it."""
    return json.dumps(content, ensure_ascii=False)


def first_key(model: type[Model], count: int) -> int:
    """The first of `count` keys that nobody else will be given."""
    with connection.cursor() as cursor:
        sequence = [model._meta.db_table, model._meta.pk.column]
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, %s))", sequence)
        (first,) = cursor.fetchone()
        cursor.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s)", [*sequence, first + count])
    return int(first)


def copy(model: type[Model], fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Write rows, of these fields in this order; returns how many."""
    columns = ", ".join(f'"{model._meta.get_field(name).column}"' for name in fields)  # type: ignore[union-attr]
    written = 0
    with connection.cursor() as cursor:
        statement = f'COPY "{model._meta.db_table}" ({columns}) FROM STDIN'
        with cursor.copy(statement) as stream:
            for row in rows:
                stream.write_row(row)
                written += 1
    return written
