"""A sheet of an OpenDocument workbook: one part holds all of them, and what repeats is said once."""

from __future__ import annotations

import datetime as dt
import zipfile
from decimal import Decimal

from dossiers.sheets.choosing import chosen, plain
from dossiers.sheets.table import BLANK, LONGEST, WIDEST, Cell, Doubt, Table, clean, number
from dossiers.sheets.xlsx import day, whole
from dossiers.sheets.xml import Attributes, Budget, parse

CONTENT = "content.xml"
CELLS = frozenset({"table-cell", "covered-table-cell"})
NUMBERS = frozenset({"float", "currency", "percentage"})
#: What is written over a cell, and is not in it.
ASIDE = frozenset({"annotation", "shapes", "frame", "custom-shape"})


def read(archive: zipfile.ZipFile, sheet: str, most: int) -> Table:
    """The rows of the sheet of that name, or of the only one. Raises Unreadable, and what a broken archive makes Python
    say."""
    reader = Reader(sheet, most)
    parse(archive, CONTENT, Budget(), start=reader.start, end=reader.end, text=reader.text)
    table = reader.tables[chosen(list(reader.tables), sheet)]
    table.refuse_too_long()
    return table


class Reader:
    """The cells of the sheet that is wanted, and of the first one as long as it may be the only one."""

    def __init__(self, wanted: str, most: int) -> None:
        self.wanted, self.most = plain(wanted), most
        self.tables: dict[str, Table] = {}
        self.current: Table | None = None
        self.depth = self.aside = 0
        self.number = 0
        self.repeated = self.cell_repeated = 1
        self.cells: list[Cell] = []
        self.attributes: Attributes = {}
        self.is_covered = self.reads = False
        self.parts: list[str] = []

    def start(self, element: str, attributes: Attributes) -> None:
        if element == "table":
            self.depth += 1
            if self.depth == 1:
                self.begin(attributes.get("name", ""))
        elif element in ASIDE:
            self.aside += 1
        elif self.depth != 1 or self.aside:  # a table within a cell is not read
            return
        elif element == "table-row":
            self.cells = []
            self.repeated = whole(attributes.get("number-rows-repeated", ""), 1)
        elif element in CELLS:
            self.attributes, self.is_covered, self.parts = attributes, element != "table-cell", []
            self.cell_repeated = whole(attributes.get("number-columns-repeated", ""), 1)
        elif element == "p":
            self.reads = True
            if self.parts:
                self.parts.append(" ")
        elif element == "s":
            self.text(" " * min(whole(attributes.get("c", ""), 1), LONGEST))

    def begin(self, name: str) -> None:
        self.number = 0
        table = Table(self.most)
        is_read = not self.tables or plain(name) == self.wanted
        self.tables.setdefault(name, table)
        self.current = table if is_read else None

    def text(self, data: str) -> None:
        if self.reads and not self.aside and sum(map(len, self.parts)) <= LONGEST:
            self.parts.append(data[: 2 * LONGEST])

    def end(self, element: str) -> None:
        if element == "table":
            self.depth -= 1
        elif element in ASIDE:
            self.aside -= 1
        elif self.depth != 1 or self.aside:
            return
        elif element == "p":
            self.reads = False
        elif element in CELLS:
            room = max(WIDEST - len(self.cells), 0)
            self.cells += [self.cell()] * min(self.cell_repeated, room)
        elif element == "table-row":
            self.end_row()

    def end_row(self) -> None:
        if self.current is not None and not all(each.is_blank for each in self.cells):
            for number in range(self.number + 1, self.number + 1 + min(self.repeated, self.most + 1)):
                self.current.add(number, list(self.cells))
            if plain_name(self.tables, self.current) == self.wanted:
                self.current.refuse_too_long()
        self.number += self.repeated

    def cell(self) -> Cell:
        said = self.attributes
        spans = (
            whole(said.get("number-columns-spanned", ""), 1) > 1 or whole(said.get("number-rows-spanned", ""), 1) > 1
        )
        value = self.value(said.get("value-type", "string"))
        if spans or self.is_covered:
            return Cell(value, Doubt.MERGED)
        if "formula" in said:
            return Cell(value, Doubt.FORMULA)
        return Cell(value) if value != "" else BLANK

    def value(self, kind: str) -> str | Decimal | dt.date:
        if kind in NUMBERS and "value" in self.attributes:
            return number(self.attributes["value"])
        if kind == "date" and "date-value" in self.attributes:
            return day(self.attributes["date-value"])
        return clean("".join(self.parts))


def plain_name(tables: dict[str, Table], table: Table) -> str:
    return next((plain(name) for name, each in tables.items() if each is table), "")
