"""Querysets composed once a process and planned once a connection, then run with other values (docs/adr/0030).

Django composes the SQL of a queryset again each time, and PostgreSQL plans it again: for the few that every request
runs, with their conditions, subqueries and related rows, both take ten times as long as finding the answer.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from functools import cached_property
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, NotSupportedError, connections
from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable
from psycopg.sql import Literal
from psycopg.types.numeric import Int8

Row = TypeVar("Row", bound=Model)

#: What stands for a parameter in a statement, or for a percent sign.
PLACE = re.compile("%[s%]")


def recognised(value: Any) -> tuple[type, str]:
    """What tells an example among the parameters of a statement, lists included."""
    return type(value), repr(value)


def bound(value: Any) -> Any:
    """The value, a number always of the same type: PostgreSQL keeps a plan for each type that it is given."""
    if isinstance(value, list):
        return [bound(each) for each in value]
    return Int8(value) if type(value) is int else value


class ToldCursor(psycopg.Cursor[Any]):
    """Where statements are captured: Django reads in `_query` what was sent, which it looks for in its own cursors."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> ToldCursor:
        super().execute(query, params, **options)
        self._query: Any = SimpleNamespace(query=psycopg.ClientCursor(self.connection).mogrify(query, params).encode())
        return self


class Composed(Generic[Row]):
    """`compose(**examples)` gives the queryset; `rows(**values)` runs it with values in place of the examples.

    Each example is a value that stands nowhere else in the queryset, and that the database receives as it is: a key,
    a text, an instant, a list of them. The queryset gives whole objects, with their related ones and annotations and
    without prefetching, or is one of `values_list`.
    """

    def __init__(self, compose: Callable[..., QuerySet[Row, Any]], **examples: Any) -> None:
        self.compose = compose
        self.examples = examples

    @cached_property
    def composed(self) -> tuple[Any, str, list[str]]:
        """The compiler that knows the columns, the statement, and the name of the value at each of its places: what
        never changes is written in it."""
        compiler = self.compose(**self.examples).query.get_compiler(DEFAULT_DB_ALIAS)
        statement, parameters = compiler.as_sql()
        names = {recognised(example): name for name, example in self.examples.items()}
        given = iter(parameters)
        slots: list[str] = []

        def written(place: re.Match[str]) -> str:
            if place[0] == "%%":
                return "%%"
            parameter = next(given)
            if name := names.get(recognised(parameter)):
                slots.append(name)
                return "%s"
            return Literal(parameter).as_string(compiler.connection.connection).replace("%", "%%")

        statement = PLACE.sub(written, statement)
        if lost := self.examples.keys() - set(slots):
            raise ValueError(f"No parameter of the statement comes from: {', '.join(sorted(lost))}.")
        return compiler, statement, slots

    def found(self, values: dict[str, Any]) -> tuple[Any, list[Any]]:
        """The compiler, and what the database answers with these values."""
        connection = connections[DEFAULT_DB_ALIAS]
        with connection.cursor() as cursor:
            known, statement, slots = self.composed
            link, parameters = connection.connection, [bound(values[name]) for name in slots]
            # Django binds values in the text, which is then never twice the same. Nothing else is prepared: counting
            # the other statements would keep their text.
            cursor.cursor = (ToldCursor if connection.queries_logged else psycopg.Cursor)(link)
            usual, link.prepare_threshold = link.prepare_threshold, 0
            try:
                cursor.execute(statement, parameters)
            except NotSupportedError:  # a migration changed a column since: what was planned gives the former one
                if connection.in_atomic_block:
                    raise
                link.execute("DEALLOCATE ALL", prepare=False)
                cursor.execute(statement, parameters)
            finally:
                link.prepare_threshold = usual
            answer = cursor.fetchall()
        compiler = copy.copy(known)
        compiler.connection = connection
        return compiler, answer

    def tuples(self, **values: Any) -> list[tuple[Any, ...]]:
        """What a queryset of `values_list` finds: 1 query."""
        compiler, answer = self.found(values)
        return list(compiler.results_iter([answer], tuple_expected=True))

    def rows(self, **values: Any) -> list[Row]:
        """The objects found: 1 query."""
        compiler, answer = self.found(values)
        compiler.execute_sql = lambda *args, **kwargs: [answer]
        # What `ModelIterable` asks of a queryset.
        queryset: Any = SimpleNamespace(
            db=DEFAULT_DB_ALIAS, query=SimpleNamespace(get_compiler=lambda using: compiler), _known_related_objects={}
        )
        return list(ModelIterable(queryset))

    def first(self, **values: Any) -> Row | None:
        """The first object found, if any: 1 query, in the order that the queryset gives."""
        return next(iter(self.rows(**values)), None)
