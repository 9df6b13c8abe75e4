"""Rows of fields named `<column>_<n>`: a row is either blank or complete, and its errors say its number.

Rows are added without script: the page shows those that are filled and a few more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

SPARE = 3


def is_blank(cell: Any) -> bool:
    """Nothing typed, nothing ticked; zero is something."""
    return cell is None or cell is False or cell in ("", [])


@dataclass(frozen=True)
class Column:
    """One column. `noun` is how an error calls what misses: « la date d'octroi »."""

    code: str
    label: str
    noun: str
    #: Makes the field of a row, of that label; `said` begins its errors: « Ligne 1 ».
    field: Callable[[str, str], forms.Field]
    required: bool = True


@dataclass(frozen=True)
class Rows:
    """A grid as a template draws it."""

    legend: str
    headings: list[str]
    rows: list[list[forms.BoundField]]
    #: Whether a form filled to its last rows gets more of them.
    can_grow: bool


@dataclass(frozen=True)
class Grid:
    columns: tuple[Column, ...]
    most: int
    least: int = SPARE

    @property
    def names(self) -> frozenset[str]:
        """Every field that may be typed in."""
        return frozenset(f"{column.code}_{row}" for column in self.columns for row in range(1, self.most + 1))

    def add_to(self, form: forms.BaseForm) -> None:
        """Give the form its rows: those that its data or its initial fill, and some blank ones."""
        for row in range(1, self.height(form) + 1):
            for column in self.columns:
                field = column.field(f"{column.label}, ligne {row}", f"Ligne {row}")
                field.required = False
                form.fields[f"{column.code}_{row}"] = field

    def height(self, form: forms.BaseForm) -> int:
        filled = form.data if form.is_bound else form.initial
        prefix = f"{form.prefix}-" if form.is_bound and form.prefix else ""
        shape = re.compile(rf"{re.escape(prefix)}(?:{'|'.join(column.code for column in self.columns)})_([0-9]{{1,3}})")
        numbers = [int(found[1]) for name in filled if (found := shape.fullmatch(name)) and filled[name]]
        return min(max([self.least, *(number + SPARE for number in numbers)]), self.most)

    def rows(self, form: forms.BaseForm) -> list[list[forms.BoundField]]:
        return [[form[f"{column.code}_{row}"] for column in self.columns] for row in self.numbers(form)]

    def table(self, form: forms.BaseForm, legend: str) -> Rows:
        rows = self.rows(form)
        return Rows(legend, [column.label for column in self.columns], rows, can_grow=len(rows) < self.most)

    def numbers(self, form: forms.BaseForm) -> Iterator[int]:
        first = self.columns[0].code
        return (row for row in range(1, self.most + 1) if f"{first}_{row}" in form.fields)

    def check(self, form: forms.BaseForm) -> None:
        """Add an error to each required field that a row begun leaves blank."""
        for row in self.numbers(form):
            blank = [column for column in self.columns if self.is_missing(form, column, row)]
            if len(blank) == len(self.columns):
                continue
            for column in blank:
                if column.required:
                    form.add_error(
                        f"{column.code}_{row}",
                        f"Ligne {row} : renseignez {column.noun}, ou videz toute la ligne.",
                    )

    def is_missing(self, form: forms.BaseForm, column: Column, row: int) -> bool:
        name = f"{column.code}_{row}"
        return is_blank(form.cleaned_data.get(name)) and name not in form.errors

    def filled(self, cleaned: Mapping[str, Any]) -> list[tuple[int, dict[str, Any]]]:
        """The rows of a valid form that say something, with their numbers."""
        rows = (
            (row, {column.code: cleaned.get(f"{column.code}_{row}") for column in self.columns})
            for row in range(1, self.most + 1)
        )
        return [(row, cells) for row, cells in rows if not all(is_blank(cell) for cell in cells.values())]
