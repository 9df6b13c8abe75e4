"""A CSV, whatever the software that wrote it: its characters and its separator are found out."""

from __future__ import annotations

import codecs
import csv
import io
from typing import IO

from dossiers.sheets.choosing import plain
from dossiers.sheets.table import WIDEST, Cell, Table, Unreadable, clean

SEPARATORS = ";,\t"
#: Characters of a cell that are read.
LONGEST_FIELD = 20_000
CUT = (
    "Ce fichier CSV est coupé ou mal formé vers la ligne {line}\u00a0: enregistrez-le à nouveau depuis votre tableur, "
    "puis déposez-le."
)


def read(content: IO[bytes], headings: list[str], most: int) -> Table:
    """The rows of a CSV. `headings` says which separator it has: the one that gives most of them. Raises Unreadable."""
    data = content.read()
    text = decoded(data)
    if "\0" in text:
        raise Unreadable(
            "Ce fichier n'est pas un CSV\u00a0: enregistrez votre tableau au format CSV, XLSX ou ODS, puis déposez-le.",
            why="content",
        )
    csv.field_size_limit(LONGEST_FIELD)
    table = Table(most)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator(text, headings), strict=True)
    try:
        first = 1
        for fields in lines:
            table.add(first, [Cell(clean(each)) for each in fields[:WIDEST]])
            table.refuse_too_long()
            first = lines.line_num + 1
    except csv.Error as error:
        raise Unreadable(CUT.format(line=lines.line_num), why="broken") from error
    return table


def decoded(data: bytes) -> str:
    """UTF-8 or UTF-16 when it says so or is so, otherwise what Windows writes in France."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def separator(text: str, headings: list[str]) -> str:
    head = next((line for line in text[:LONGEST_FIELD].splitlines() if line.strip(" ;,\t")), "")
    wanted = {plain(each) for each in headings}

    def known(each: str) -> int:
        return sum(plain(field.strip('"')) in wanted for field in head.split(each))

    return max(SEPARATORS, key=known)
