"""Spreadsheets of a trame, right and wrong, as people and their enemies make them."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable, Iterable
from typing import Any

import openpyxl
import xlsxwriter

from dossiers.sheets.ods import CONTENT
from funding.expense_files import COLUMNS, SHEET
from tests.funding.expenses import CELLS

HEADINGS = tuple(COLUMNS.values())
#: A line as a workbook holds it.
LINE = (dt.date(2026, 6, 4), *CELLS[1:4], 1250.5, "F-12", None)
OFFICE = "urn:oasis:names:tc:opendocument:xmlns"


def xlsx(
    *rows: Iterable[Any], headings: Iterable[str] = HEADINGS, sheet: str = SHEET, change: Callable[[Any], Any] = bool
) -> bytes:
    """A workbook as Excel writes it; `change` receives its sheet before it is written."""
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet
    for row in (headings, *rows):
        page.append(list(row))
    change(page)
    return saved(book)


def saved(book: Any) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def two_sheets() -> bytes:
    book = openpyxl.Workbook()
    book.active.title = "Budget"
    book.create_sheet("Suivi").append(list(HEADINGS))
    return saved(book)


def long(rows: int) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        page = book.add_worksheet(SHEET)
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        page.write_row(0, 0, HEADINGS)
        for row in range(1, rows + 1):
            page.write_datetime(row, 0, LINE[0], day)
            page.write_row(row, 1, [*LINE[1:3], f"Licence {row}", 10])
    return buffer.getvalue()


def replaced(content: bytes, **parts: bytes | None) -> bytes:
    """The same archive with other parts, by the end of their names; None takes one out, a new name is added."""
    buffer = io.BytesIO()
    left = dict(parts)
    assert not left.keys() - {"sheet1_xml", "workbook_xml_rels", "xl__vbaProject.bin"}
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            key = name.rpartition("/")[2].replace(".", "_").replace("[", "").replace("]", "")
            part = left.pop(key) if key in left else source.read(name)
            if part is not None:
                target.writestr(name, part)
        for name, part in left.items():
            target.writestr(name.replace("__", "/"), part or b"")
    return buffer.getvalue()


def with_macros() -> bytes:
    return replaced(xlsx(LINE), **{"xl__vbaProject.bin": b"VBA"})


def xml_bomb() -> bytes:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    text = f'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a0 "{"a" * 100}">{entities}]><worksheet>&a9;</worksheet>'
    return replaced(xlsx(LINE), sheet1_xml=text.encode())


def zip_bomb(size: int) -> bytes:
    """A sheet of so many bytes, of spaces, in a small file."""
    head = b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    return replaced(xlsx(LINE), sheet1_xml=head + b" " * size + b"<sheetData/></worksheet>")


def ods(*rows: str, sheet: str = SHEET, password: bool = False) -> bytes:
    """A sheet of OpenDocument, its rows being elements of a table."""
    names = " ".join(f'xmlns:{each}="{OFFICE}:{each}:1.0"' for each in ("office", "table", "text"))
    heading = row(*(words(each) for each in HEADINGS))
    content = (
        f'<office:document-content {names}><office:body><office:spreadsheet><table:table table:name="{sheet}">'
        f"{heading}{''.join(rows)}</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    manifest = "<manifest:encryption-data/>" if password else "<manifest/>"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("META-INF/manifest.xml", manifest)
        archive.writestr(CONTENT, content)
    return buffer.getvalue()


def row(*cells: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def words(text: str, attributes: str = "") -> str:
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


#: The cells of a line in OpenDocument: a day, an amount in euros, an empty end that repeats.
ODS_LINE = row(
    '<table:table-cell office:value-type="date" office:date-value="2026-06-04"><text:p>4 juin</text:p>'
    "</table:table-cell>",
    words(CELLS[1]),
    words(CELLS[2]),
    f"<table:table-cell><office:annotation><text:p>Note</text:p></office:annotation><text:p>{CELLS[3]}</text:p>"
    "</table:table-cell>",
    '<table:table-cell office:value-type="currency" office:value="1250.5"><text:p>1 250,50 €</text:p>'
    "</table:table-cell>",
    words("F-12"),
    '<table:table-cell table:number-columns-repeated="1000"/>',
)
BLANK_ROWS = row(
    '<table:table-cell table:number-columns-repeated="16384"/>', attributes='table:number-rows-repeated="9"'
)
