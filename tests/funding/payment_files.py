"""The accountant's file for tests."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Iterable
from typing import Any

from dossiers.sheets.ods import CONTENT
from funding.payment_files import COLUMNS
from tests.dossiers import factories

#: Those that a file must have.
NEEDED = ("Référence du paiement", "Montant (€)", "Date du paiement")


def csv(*rows: Iterable[str], headings: Iterable[str] = NEEDED) -> Any:
    assert set(headings) <= {*COLUMNS.values(), "Paiement"}
    lines = [";".join(each) for each in (headings, *rows)]
    return factories.upload("\n".join([*lines, ""]).encode(), "paiements.csv")


def filled(workbook: bytes, day: dt.date, transfer: str) -> bytes:
    """An OpenDocument export of one payment, its day and its transfer typed as LibreOffice writes them: the rest of the
    workbook is as it was."""
    typed = (
        f'<table:table-cell office:value-type="date" office:date-value="{day:%Y-%m-%d}" calcext:value-type="date">'
        f"<text:p>{day:%d/%m/%y}</text:p></table:table-cell>"
        f'<table:table-cell office:value-type="string" calcext:value-type="string"><text:p>{transfer}</text:p>'
        "</table:table-cell></table:table-row>"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as source, zipfile.ZipFile(buffer, "w") as target:
        for info in source.infolist():
            part = source.read(info)
            if info.filename == CONTENT:
                head, row, end = part.decode().rpartition("<table:table-row>")
                cells, _, after = end.partition("</table:table-row>")
                assert cells.count("<table:table-cell") == 11, "a day, then a transfer, are the last cells"
                kept = "<table:table-cell".join(cells.split("<table:table-cell")[:-2])
                names = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0" '
                head = head.replace("<office:document-content ", f"<office:document-content {names}", 1)
                part = (head + row + kept + typed + after).encode()
            target.writestr(info, part)
    return buffer.getvalue()
