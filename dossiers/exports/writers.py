"""The three formats of an export, each written row after row: none holds the table in memory (I7, Q23, Q75)."""

from __future__ import annotations

import csv
import datetime as dt
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import IO
from xml.sax.saxutils import escape, quoteattr

import xlsxwriter

from dossiers.enums import ExportFormat
from dossiers.kinds.base import Cell

#: What makes a spreadsheet read a text as a formula when it opens a CSV, full-width forms included (Q23).
FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
#: The most that a cell of a spreadsheet holds.
LONGEST = 32_767
#: Of a column of the file, in characters.
WIDTH = 24


class Writer(ABC):
    """A file being written; `close` ends it."""

    def __init__(self, path: Path, sheet: str) -> None:
        self.path = path

    @abstractmethod
    def heading(self, cells: Iterable[str]) -> None: ...

    @abstractmethod
    def row(self, cells: Iterable[Cell]) -> None: ...

    @abstractmethod
    def close(self) -> None: ...


def printable(text: str) -> str:
    """A text that fits in a cell, and that no spreadsheet takes for a formula. Nearly every text is so: asked 240 times
    a row, this looks at it once."""
    return text if text[:1] not in FORMULA and len(text) <= LONGEST else clipped(neutral(text))


def neutral(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe stands before (Q23)."""
    return f"'{text}" if text[:1] in FORMULA else text


def clipped(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


class CSV(Writer):
    """What the French spreadsheets open by a double click: semicolons, a decimal comma, UTF-8 that says so."""

    def __init__(self, path: Path, sheet: str) -> None:
        super().__init__(path, sheet)
        self.file = path.open("w", encoding="utf-8-sig", newline="")
        self.writer = csv.writer(self.file, delimiter=";", lineterminator="\r\n")

    def heading(self, cells: Iterable[str]) -> None:
        self.row(cells)

    def row(self, cells: Iterable[Cell]) -> None:
        # Most cells are blank, which the writer knows how to say.
        self.writer.writerow([cell if cell is None else self.said(cell) for cell in cells])

    @staticmethod
    def said(cell: str | Decimal | dt.date) -> str:
        if isinstance(cell, str):
            return printable(cell)
        match cell:
            case Decimal():
                return f"{cell:f}".replace(".", ",")
            case dt.datetime():
                return f"{cell:%d/%m/%Y %H:%M}"
            case dt.date():
                return f"{cell:%d/%m/%Y}"

    def close(self) -> None:
        self.file.close()


class XLSX(Writer):
    def __init__(self, path: Path, sheet: str) -> None:
        super().__init__(path, sheet)
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "tmpdir": str(path.parent),
        }
        self.book = xlsxwriter.Workbook(str(path), options)
        self.sheet = self.book.add_worksheet(sheet)
        self.bold = self.book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        self.day = self.book.add_format({"num_format": "dd/mm/yyyy"})
        self.moment = self.book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        self.number = 0

    def heading(self, cells: Iterable[str]) -> None:
        texts = list(cells)
        self.sheet.set_column(0, max(len(texts) - 1, 0), WIDTH)
        self.sheet.freeze_panes(1, 1)
        for column, text in enumerate(texts):
            self.sheet.write_string(0, column, neutral(text), self.bold)
        self.number = 1

    def row(self, cells: Iterable[Cell]) -> None:
        for column, cell in enumerate(cells):
            match cell:
                case None:
                    pass
                case str():
                    self.sheet.write_string(self.number, column, printable(cell))
                case Decimal():
                    self.sheet.write_number(self.number, column, float(cell))
                case dt.datetime():
                    self.sheet.write_datetime(self.number, column, cell, self.moment)
                case dt.date():
                    self.sheet.write_datetime(self.number, column, cell, self.day)
        self.number += 1

    def offer(self, column: int, title: str, values: list[str], rows: int) -> None:
        """Offer a list in a column, which a sheet of that title holds; anything else may be typed over it."""
        listed = self.book.add_worksheet(title)
        for number, value in enumerate(values):
            listed.write_string(number, 0, printable(value))
        source = f"='{title}'!$A$1:$A${len(values)}"
        self.sheet.data_validation(
            1, column, rows, column, {"validate": "list", "source": source, "error_type": "information"}
        )

    def close(self) -> None:
        self.book.close()


OFFICE = "urn:oasis:names:tc:opendocument:xmlns:"
NAMESPACES = "".join(
    f' xmlns:{prefix}="{OFFICE}{name}:1.0"'
    for prefix, name in {
        "office": "office",
        "table": "table",
        "text": "text",
        "style": "style",
        "number": "datastyle",
        "fo": "xsl-fo-compatible",
    }.items()
)
DATE_PARTS = (
    '<number:day number:style="long"/><number:text>/</number:text><number:month number:style="long"/>'
    '<number:text>/</number:text><number:year number:style="long"/>'
)
TIME_PARTS = (
    '<number:text> </number:text><number:hours number:style="long"/><number:text>:</number:text>'
    '<number:minutes number:style="long"/>'
)
STYLES = (
    '<office:automatic-styles><style:style style:name="head" style:family="table-cell">'
    '<style:text-properties fo:font-weight="bold"/></style:style>'
    f'<number:date-style style:name="n-day">{DATE_PARTS}</number:date-style>'
    f'<number:date-style style:name="n-moment">{DATE_PARTS}{TIME_PARTS}</number:date-style>'
    '<style:style style:name="day" style:family="table-cell" style:data-style-name="n-day"/>'
    '<style:style style:name="moment" style:family="table-cell" style:data-style-name="n-moment"/>'
    "</office:automatic-styles>"
)
MANIFEST = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    f'<manifest:manifest xmlns:manifest="{OFFICE}manifest:1.0" manifest:version="1.3">'
    '<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
)
#: Characters that XML 1.0 does not know.
UNSPEAKABLE = {code: None for code in range(32) if chr(code) not in "\t\n\r"} | {0xFFFE: None, 0xFFFF: None}


class ODS(Writer):
    """A flat sheet of OpenDocument 1.3. The libraries that write it hold the whole document (docs/adr/0041)."""

    MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"

    def __init__(self, path: Path, sheet: str) -> None:
        super().__init__(path, sheet)
        self.zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=4)
        self.zip.writestr("mimetype", self.MIMETYPE, compress_type=zipfile.ZIP_STORED)
        self.zip.writestr("META-INF/manifest.xml", MANIFEST)
        self.content: IO[bytes] = self.zip.open("content.xml", "w", force_zip64=True)
        self.write(
            f'<?xml version="1.0" encoding="UTF-8"?><office:document-content{NAMESPACES} office:version="1.3">'
            f"{STYLES}<office:body><office:spreadsheet><table:table table:name={quoteattr(sheet)}>"
        )

    def write(self, text: str) -> None:
        self.content.write(text.encode())

    def heading(self, cells: Iterable[str]) -> None:
        texts = list(cells)
        self.write(
            f'<table:table-column table:number-columns-repeated="{max(len(texts), 1)}"/><table:table-header-rows>'
            f"<table:table-row>{''.join(self.text(text, style='head') for text in texts)}</table:table-row>"
            "</table:table-header-rows>"
        )

    def row(self, cells: Iterable[Cell]) -> None:
        self.write(f"<table:table-row>{''.join(self.cell(cell) for cell in cells)}</table:table-row>")

    def cell(self, cell: Cell) -> str:
        match cell:
            case None:
                return "<table:table-cell/>"
            case str():
                return self.text(cell)
            case Decimal():
                return self.typed("float", f'office:value="{cell:f}"', f"{cell:f}".replace(".", ","))
            case dt.datetime():
                return self.typed(
                    "date", f'office:date-value="{cell:%Y-%m-%dT%H:%M:%S}"', f"{cell:%d/%m/%Y %H:%M}", "moment"
                )
            case dt.date():
                return self.typed("date", f'office:date-value="{cell:%Y-%m-%d}"', f"{cell:%d/%m/%Y}", "day")

    def text(self, text: str, style: str = "") -> str:
        lines = printable(text).translate(UNSPEAKABLE).split("\n")
        named = f" table:style-name={quoteattr(style)}" if style else ""
        inside = "".join(f"<text:p>{escape(line)}</text:p>" for line in lines)
        return f'<table:table-cell{named} office:value-type="string">{inside}</table:table-cell>'

    def typed(self, kind: str, value: str, text: str, style: str = "") -> str:
        named = f' table:style-name="{style}"' if style else ""
        return f'<table:table-cell{named} office:value-type="{kind}" {value}><text:p>{text}</text:p></table:table-cell>'

    def close(self) -> None:
        self.write("</table:table></office:spreadsheet></office:body></office:document-content>")
        self.content.close()
        self.zip.close()


WRITERS: dict[str, type[Writer]] = {ExportFormat.CSV: CSV, ExportFormat.XLSX: XLSX, ExportFormat.ODS: ODS}
MEDIA_TYPES: dict[str, str] = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ExportFormat.ODS: ODS.MIMETYPE,
}


def writer(format: str, path: Path, *, sheet: str) -> Writer:
    return WRITERS[format](path, sheet)
