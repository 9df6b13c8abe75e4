"""The accountant's file: which payments were made, and when (F7, docs/adr/0055).

Its model is the export of the list of payments: what is ordered, where the accountant writes the date of each payment.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.core.files.uploadedfile import UploadedFile

from dossiers import sheets
from ecare import french
from funding.cells import DOUBTS, Fault, Faulty, amount, cells_of, day, opened
from funding.models import EARLIEST, TOO_OLD

SHEET = "Paiements"
LONGEST_TRANSFER = 50
TOO_LONG = f"Cette référence dépasse {LONGEST_TRANSFER} caractères\u00a0: raccourcissez-la."
#: Columns of `queries.payment_list.HEADINGS`; the others are not read.
COLUMNS = {
    "reference": "Référence du paiement",
    "amount": "Montant (€)",
    "paid_on": "Date du paiement",
    "transfer": "Référence du virement",
}
#: Files made before it was asked for have no such column.
OPTIONAL = ("transfer",)
#: Marking a payment writes to its dossier and to its référent: so many take some ten seconds.
MOST = 300
#: Rows read of a file, those without a date included: the export has one for each payment ordered.
READ = 5_000


@dataclass(frozen=True)
class Line:
    """A payment made, as the accountant says. `row` is the one that the spreadsheet shows; `transfer` is how he names
    what he sent, blank when he does not say."""

    row: int
    reference: str
    amount: Decimal
    paid_on: dt.date
    transfer: str = ""


@dataclass(frozen=True)
class Content:
    """What a file says, and how many of its rows have no date: they are not paid yet."""

    lines: list[Line]
    undated: int


def read(upload: UploadedFile, *, today: dt.date) -> Content:
    """The payments made of a file. Raises uploads.Invalid or sheets.Unreadable when it cannot be read, cells.Faulty
    when rows do not stand."""
    empty = "Ce tableau est vide\u00a0: partez de l'export des paiements et remplissez leurs dates."
    table = opened(upload, sheet=SHEET, columns=COLUMNS, most=READ, empty=empty, optional=OPTIONAL)
    lines: list[Line] = []
    faults: list[Fault] = []
    undated = 0
    seen: dict[str, int] = {}
    for row in table.rows:
        cells = cells_of(row, table.places)
        if cells["paid_on"].is_blank:
            undated += 1
            continue
        found = Reading(cells, today)
        if found.reference and found.reference in seen:
            found.wrong["reference"] = (
                f"Ce paiement est déjà à la ligne {seen[found.reference]}\u00a0: gardez une ligne."
            )
        seen.setdefault(found.reference, row.number)
        faults += [Fault(row.number, COLUMNS[name], cells[name].text, why) for name, why in found.wrong.items()]
        if not found.wrong:
            lines.append(Line(row.number, found.reference, found.amount, found.paid_on, found.transfer))
    if faults:
        raise Faulty(faults)
    if not lines:
        raise sheets.Unreadable(
            f"Aucune ligne n'a de date dans la colonne {french.quoted(COLUMNS['paid_on'])}\u00a0: indiquez le jour de "
            "chaque versement fait, puis déposez le fichier à nouveau.",
            why="rows",
        )
    if len(lines) > MOST:
        raise sheets.Unreadable(
            f"Ce tableau a plus de {MOST} paiements datés\u00a0: répartissez-les dans plusieurs fichiers.", why="rows"
        )
    return Content(lines, undated)


class Reading:
    """One row; `wrong` says what is wrong with it, by field."""

    def __init__(self, cells: dict[str, sheets.Cell], today: dt.date) -> None:
        self.wrong = {name: DOUBTS[cell.doubt] for name, cell in cells.items() if cell.doubt is not None}
        self.reference = cells["reference"].text.strip().upper()
        self.amount, self.paid_on = Decimal(0), today
        self.transfer = cells["transfer"].text.strip() if "transfer" in cells else ""
        if not self.reference:
            self.wrong.setdefault("reference", "Indiquez la référence du paiement, par exemple ABCDEFGHJK-01.")
        try:
            self.amount = amount(cells["amount"])
        except ValueError as error:
            self.wrong.setdefault("amount", str(error))
        try:
            self.paid_on = day(cells["paid_on"])
        except ValueError as error:
            self.wrong.setdefault("paid_on", str(error))
        if self.paid_on > today:
            self.wrong.setdefault(
                "paid_on", "Cette date est à venir\u00a0: indiquez le jour où le paiement a été fait."
            )
        elif self.paid_on < EARLIEST:
            self.wrong.setdefault("paid_on", TOO_OLD)
        if len(self.transfer) > LONGEST_TRANSFER:
            self.wrong.setdefault("transfer", TOO_LONG)
