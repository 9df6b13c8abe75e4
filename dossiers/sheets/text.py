"""A CSV, whatever the software that wrote it: its characters and its separator are found out."""

from __future__ import annotations

import codecs
import csv
import io
import re
from typing import IO

from dossiers.sheets.choosing import title
from dossiers.sheets.table import WIDEST, Cell, Table, Unreadable, clean

SEPARATORS = ";,\t"
#: What is written in France when it is not Unicode: by Windows, by « CSV (MS-DOS) », by « CSV (Macintosh) ».
LEGACY = ("cp1252", "cp850", "mac_roman")
#: The line that tells Excel a separator, above the headings.
DECLARED = re.compile(r'\A"?sep=([;,|\t])"?[;,|\t]*(?=\r|\n|\Z)', re.IGNORECASE)
#: Characters of a cell that are read.
LONGEST_FIELD = 20_000
CUT = (
    "Ce fichier CSV est coupé ou mal formé vers la ligne {line}\u00a0: enregistrez-le à nouveau depuis votre tableur, "
    "puis déposez-le."
)
TOO_LONG = (
    "Ce fichier CSV a plus de 20\u202f000 caractères dans une cellule, vers la ligne {line}\u00a0: raccourcissez-la, "
    "ou fermez le guillemet ouvert au-dessus d'elle, puis déposez-le à nouveau."
)


def read(content: IO[bytes], headings: list[str], most: int) -> Table:
    """The rows of a CSV. `headings` says which separator it has: the one that gives most of them. Raises Unreadable."""
    data = content.read()
    text = decoded(data, headings)
    if "\0" in text:
        raise Unreadable(
            "Ce fichier n'est pas un CSV\u00a0: enregistrez votre tableau au format CSV, XLSX ou ODS, puis déposez-le.",
            why="content",
        )
    csv.field_size_limit(LONGEST_FIELD)
    table = Table(most)
    declared = DECLARED.match(text)
    if declared:  # its line stays, blank: the others keep their numbers
        text = text[declared.end() :]
    delimiter = declared[1] if declared else separator(text, headings)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        first = 1
        for fields in lines:
            table.add(first, [Cell(clean(each)) for each in fields[:WIDEST]])
            table.refuse_too_long()
            first = lines.line_num + 1
    except csv.Error as error:
        told = TOO_LONG if "field limit" in str(error) else CUT
        raise Unreadable(told.format(line=lines.line_num), why="broken") from error
    return table


def decoded(data: bytes, headings: list[str]) -> str:
    """UTF-8 or UTF-16 when it says so or is so, otherwise what gives most of the headings."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        texts = [data.decode(each, "replace") for each in LEGACY]
        return max(texts, key=lambda text: known(text, separator(text, headings), headings))


def separator(text: str, headings: list[str]) -> str:
    return max(SEPARATORS, key=lambda each: known(text, each, headings))


def known(text: str, separated_by: str, headings: list[str]) -> int:
    """How many of the headings the first line that says something has."""
    start = DECLARED.sub("", text[:LONGEST_FIELD])
    head = next((line for line in start.splitlines() if line.strip(" ;,\t")), "")
    wanted = {title(each) for each in headings}
    return sum(title(field) in wanted for field in head.split(separated_by))
