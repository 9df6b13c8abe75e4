"""A sheet of an Excel workbook (ECMA-376): its strings are apart, its days are numbers that a style shows as days."""

from __future__ import annotations

import datetime as dt
import posixpath
import re
import zipfile
from dataclasses import dataclass, field
from decimal import Decimal

from dossiers.sheets.choosing import chosen
from dossiers.sheets.table import BLANK, LONGEST, WIDEST, Cell, Doubt, Row, Table, Unreadable, clean, number
from dossiers.sheets.xml import TOO_BIG, Attributes, Budget, Enough, parse

WORKBOOK = "xl/workbook.xml"
RELATIONS = "xl/_rels/workbook.xml.rels"
#: Texts of a workbook.
MOST_STRINGS = 200_000
PLACE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})", re.ASCII)
RANGE = re.compile(r"([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})", re.ASCII)
#: Formats of numbers that show a day (ECMA-376, 18.8.30), besides those that a workbook writes itself.
DAYS = frozenset({*range(14, 18), 22, *range(27, 37), *range(50, 59)})
DAY_CODE = re.compile(r"[dy]|j{1,2}|a{2,4}", re.IGNORECASE)
QUOTED = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')


@dataclass
class Book:
    """What a workbook says of itself: the path of its sheets by name, its strings, the styles that show days."""

    sheets: dict[str, str] = field(default_factory=dict)
    strings: list[str] = field(default_factory=list)
    days: set[int] = field(default_factory=set)
    #: The day that number 0 shows.
    epoch: dt.date = dt.date(1899, 12, 30)


def read(archive: zipfile.ZipFile, sheet: str, most: int) -> Table:
    """The rows of the sheet of that name, or of the only one. Raises Unreadable, and what a broken archive makes Python
    say."""
    budget = Budget()
    book = opened(archive, budget)
    name = chosen(list(book.sheets), sheet)
    table = Table(most)
    reader = Reader(book, table)
    parse(archive, book.sheets[name], budget, start=reader.start, end=reader.end, text=reader.text)
    table.refuse_too_long()
    return table


def opened(archive: zipfile.ZipFile, budget: Budget) -> Book:
    book, ids, targets, kinds = Book(), {}, {}, {}

    def of_book(element: str, attributes: Attributes) -> None:
        if element == "workbookPr" and attributes.get("date1904") in {"1", "true"}:
            book.epoch = dt.date(1904, 1, 1)
        elif element == "sheet" and attributes.get("state", "visible") == "visible":
            ids[attributes.get("name", "")] = attributes.get("id", "")

    def of_relations(element: str, attributes: Attributes) -> None:
        if element == "Relationship" and "Id" in attributes and attributes.get("TargetMode") != "External":
            target = attributes.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
            targets[attributes["Id"]] = path
            kinds[attributes.get("Type", "").rpartition("/")[2]] = path

    parse(archive, WORKBOOK, budget, start=of_book)
    parse(archive, RELATIONS, budget, start=of_relations)
    book.sheets = {name: targets[key] for name, key in ids.items() if key in targets}
    if "sharedStrings" in kinds:
        book.strings = strings(archive, kinds["sharedStrings"], budget)
    if "styles" in kinds:
        book.days = day_styles(archive, kinds["styles"], budget)
    return book


def strings(archive: zipfile.ZipFile, path: str, budget: Budget) -> list[str]:
    found: list[str] = []
    parts: list[str] = []
    state = {"reads": False, "aside": False}

    def start(element: str, attributes: Attributes) -> None:
        if element == "si":
            parts.clear()
        elif element == "rPh":  # how it is said aloud
            state["aside"] = True
        elif element == "t":
            state["reads"] = not state["aside"]

    def text(data: str) -> None:
        if state["reads"] and sum(map(len, parts)) <= LONGEST:
            parts.append(data[: 2 * LONGEST])

    def end(element: str) -> None:
        if element == "t":
            state["reads"] = False
        elif element == "rPh":
            state["aside"] = False
        elif element == "si":
            found.append(clean("".join(parts)))
            if len(found) > MOST_STRINGS:
                raise Unreadable(TOO_BIG, why="strings")

    parse(archive, path, budget, start=start, end=end, text=text)
    return found


def day_styles(archive: zipfile.ZipFile, path: str, budget: Budget) -> set[int]:
    """The numbers of the styles of cells that show a day."""
    days, found, state = set(DAYS), [], {"cells": False}

    def start(element: str, attributes: Attributes) -> None:
        if element == "numFmt" and DAY_CODE.search(QUOTED.sub("", attributes.get("formatCode", ""))):
            days.add(whole(attributes.get("numFmtId", "")))
        elif element == "cellXfs":
            state["cells"] = True
        elif element == "xf" and state["cells"]:
            found.append(whole(attributes.get("numFmtId", "")))

    def end(element: str) -> None:
        if element == "cellXfs":
            raise Enough

    parse(archive, path, budget, start=start, end=end)
    return {position for position, each in enumerate(found) if each in days}


class Reader:
    """The cells of a sheet, as its part tells them."""

    def __init__(self, book: Book, table: Table) -> None:
        self.book, self.table = book, table
        self.number = 0
        self.cells: list[Cell] = []
        self.column = 0
        self.kind = self.style = ""
        self.has_formula = False
        self.reads = self.is_aside = False
        self.parts: list[str] = []

    def start(self, element: str, attributes: Attributes) -> None:
        match element:
            case "row":
                self.number = whole(attributes.get("r", ""), self.number + 1)
                self.cells = []
            case "c":
                place = PLACE.fullmatch(attributes.get("r", ""))
                self.column = letters(place[1]) if place else len(self.cells)
                self.kind, self.style = attributes.get("t", "n"), attributes.get("s", "")
                self.has_formula, self.parts = False, []
            case "f":
                self.has_formula = True
            case "rPh":
                self.is_aside = True
            case "v" | "t":
                self.reads = not self.is_aside
            case "mergeCell":
                self.merge(attributes.get("ref", ""))

    def text(self, data: str) -> None:
        if self.reads and sum(map(len, self.parts)) <= LONGEST:
            self.parts.append(data[: 2 * LONGEST])

    def end(self, element: str) -> None:
        match element:
            case "v" | "t":
                self.reads = False
            case "rPh":
                self.is_aside = False
            case "c" if self.column < WIDEST:
                self.cells += [BLANK] * (self.column + 1 - len(self.cells))
                self.cells[self.column] = self.cell("".join(self.parts))
            case "row":
                self.table.add(self.number, self.cells)
                self.table.refuse_too_long()

    def cell(self, held: str) -> Cell:
        if self.has_formula:
            return Cell(clean(held), Doubt.FORMULA)
        if self.kind == "e":
            return Cell(clean(held), Doubt.ERROR)
        return Cell(self.value(held)) if held else BLANK

    def value(self, held: str) -> str | Decimal | dt.date:
        match self.kind:
            case "s":
                position = whole(held, -1)
                return self.book.strings[position] if 0 <= position < len(self.book.strings) else ""
            case "b":
                return "VRAI" if held == "1" else "FAUX"
            case "d":
                return day(held)
            case "n":
                value = number(held)
                shows_day = whole(self.style, -1) in self.book.days
                return self.day_of(value) if shows_day and isinstance(value, Decimal) else value
        return clean(held)

    def day_of(self, value: Decimal) -> Decimal | dt.date:
        try:
            return self.book.epoch + dt.timedelta(days=int(value))
        except OverflowError:
            return value

    def merge(self, ref: str) -> None:
        """Say of each cell of a range that it was merged: which come after the rows, in the part."""
        found = RANGE.fullmatch(ref)
        if not found:
            return
        left, right = letters(found[1]), letters(found[3])
        for row in self.table.rows:
            if int(found[2]) <= row.number <= int(found[4]):
                merged(row, left, right)


def merged(row: Row, left: int, right: int) -> None:
    right = min(right, WIDEST - 1)
    row.cells.extend([BLANK] * (right + 1 - len(row.cells)))
    for column in range(left, right + 1):
        row.cells[column] = Cell(row.cells[column].value, Doubt.MERGED)


def letters(name: str) -> int:
    """The position of a column from 0: « A » is 0, « AA » 26."""
    position = 0
    for letter in name:
        position = 26 * position + ord(letter) - 64
    return position - 1


def whole(text: str, otherwise: int = 0) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise


def day(text: str) -> str | dt.date:
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError:
        return clean(text)
