"""What is read of a table: its rows that say something, cell by cell, and what forbids to believe a cell."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, auto

from ecare import french

#: Cells kept of a row, characters kept of a cell: what is beyond is not of a table that the portal reads.
WIDEST = 40
LONGEST = 300


class Unreadable(Exception):
    """Why a table cannot be read, in French, with what to do; `why` says it in one word, for the audit log."""

    def __init__(self, sentence: str, *, why: str) -> None:
        super().__init__(sentence)
        self.why = why


class Doubt(Enum):
    """Why what a cell shows is not what somebody typed in it."""

    FORMULA = auto()
    MERGED = auto()
    ERROR = auto()


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell holds: a text, a number, a day, or nothing (an empty text)."""

    value: str | Decimal | dt.date = ""
    doubt: Doubt | None = None

    @property
    def is_blank(self) -> bool:
        return self.value == "" and self.doubt is None

    @property
    def text(self) -> str:
        """As a person reads it: « 1250,5 », « 04/06/2026 »."""
        match self.value:
            case str():
                return self.value
            case Decimal():
                return f"{self.value:f}".replace(".", ",")
            case dt.date():
                return f"{self.value:%d/%m/%Y}"


BLANK = Cell()


@dataclass(frozen=True, slots=True)
class Row:
    """A row that says something. `number` is the one that the spreadsheet shows."""

    number: int
    cells: list[Cell]


@dataclass
class Table:
    """The rows of a sheet, `most` at the most. Blank ones are left out."""

    most: int
    rows: list[Row] = field(default_factory=list)
    is_too_long: bool = False

    def add(self, number: int, cells: list[Cell]) -> None:
        """Keep a row, unless it is blank or there are too many."""
        while cells and cells[-1].is_blank:
            cells.pop()
        if not cells:
            return
        if len(self.rows) < self.most:
            self.rows.append(Row(number, cells))
        else:
            self.is_too_long = True

    def refuse_too_long(self) -> None:
        """Raises Unreadable when there were more rows than are read."""
        if self.is_too_long:
            raise Unreadable(
                f"Ce tableau a plus de {french.integer(self.most - 1)} lignes\u00a0: gardez-en moins, puis "
                "déposez-le à nouveau.",
                why="rows",
            )


def clean(text: str) -> str:
    """A text without what does not show: spaces around it, characters of control."""
    kept = "".join(each if each.isprintable() or each in "\u00a0\u202f" else " " for each in text[: 4 * LONGEST])
    return kept.strip()[:LONGEST]


def number(text: str) -> str | Decimal:
    """The number that a workbook holds, as its software shows it: at fifteen digits. What is no number stays a text."""
    try:
        value = Decimal(text)
    except ArithmeticError:
        return clean(text)
    if not value.is_finite() or abs(value.adjusted()) > 15:
        return clean(text)
    if value == 0:
        return Decimal(0)
    rounded = value.quantize(Decimal(1).scaleb(value.adjusted() - 14))
    whole = rounded.to_integral_value()
    return whole if rounded == whole else rounded.normalize()
