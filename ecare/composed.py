"""Querysets composed once a process, then run with other values (docs/adr/0030).

Django composes the SQL of a queryset again each time: for the few that every request runs, with their conditions,
subqueries and related rows, that takes ten times as long as PostgreSQL takes to answer.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cached_property
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable

Row = TypeVar("Row", bound=Model)


def recognised(value: Any) -> tuple[type, str]:
    """What tells an example among the parameters of a statement, lists included."""
    return type(value), repr(value)


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
    def composed(self) -> tuple[Any, str, list[tuple[str | None, Any]]]:
        """The compiler that knows the columns, the statement, and each parameter with the name it is given under."""
        compiler = self.compose(**self.examples).query.get_compiler(DEFAULT_DB_ALIAS)
        statement, parameters = compiler.as_sql()
        names = {recognised(example): name for name, example in self.examples.items()}
        slots = [(names.get(recognised(parameter)), parameter) for parameter in parameters]
        if lost := self.examples.keys() - {name for name, _ in slots}:
            raise ValueError(f"No parameter of the statement comes from: {', '.join(sorted(lost))}.")
        return compiler, statement, slots

    def given(self, values: dict[str, Any]) -> Any:
        """The compiler of the statement, with these values."""
        known, statement, slots = self.composed
        parameters = tuple(values[name] if name else parameter for name, parameter in slots)
        compiler = copy.copy(known)
        compiler.connection = connections[DEFAULT_DB_ALIAS]
        compiler.as_sql = lambda *args, **kwargs: (statement, parameters)
        return compiler

    def tuples(self, **values: Any) -> list[tuple[Any, ...]]:
        """What a queryset of `values_list` finds: 1 query."""
        return list(self.given(values).results_iter(tuple_expected=True))

    def rows(self, **values: Any) -> list[Row]:
        """The objects found: 1 query."""
        compiler = self.given(values)
        # What `ModelIterable` asks of a queryset.
        queryset: Any = SimpleNamespace(
            db=DEFAULT_DB_ALIAS, query=SimpleNamespace(get_compiler=lambda using: compiler), _known_related_objects={}
        )
        return list(ModelIterable(queryset))

    def first(self, **values: Any) -> Row | None:
        """The first object found, if any: 1 query, in the order that the queryset gives."""
        return next(iter(self.rows(**values)), None)
