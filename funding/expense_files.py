"""The trame financière as a table: the model to download, and what is read of a file (F6, docs/adr/0058)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from dossiers import sheets
from dossiers.exports import writers
from dossiers.sheets.choosing import plain
from ecare import french
from funding.cells import DOUBTS, Fault, Faulty, amount, cells_of, day, opened
from funding.enums import ExpenseNature
from funding.expense_rules import MOST_LINES, Entry, Terms, flaws

SHEET = "Trame financière"
#: The columns of the model, by field.
COLUMNS = {
    "spent_on": "Date",
    "objective": "Objectif",
    "nature": "Nature",
    "label": "Libellé",
    "amount": "Montant TTC (€)",
    "justification": "Justificatif",
    "mission_letter": "Lettre de mission",
}


@dataclass
class Content:
    """What a file says: its lines, the columns that are not of the model."""

    entries: list[Entry]
    ignored: list[str] = field(default_factory=list)


def read(upload: UploadedFile, terms: Terms, already: Collection[Entry], *, today: dt.date) -> Content:
    """The lines of a file. `already` is the trame: only there may a line be twice the same.

    Raises uploads.Invalid or sheets.Unreadable when the file cannot be read, Faulty when lines do not stand.
    """
    empty = "Ce tableau est vide\u00a0: partez du modèle et remplissez une ligne par dépense."
    table = opened(upload, sheet=SHEET, columns=COLUMNS, most=MOST_LINES, empty=empty)
    if not table.rows:
        raise sheets.Unreadable(
            "Ce tableau n'a que ses en-têtes\u00a0: remplissez une ligne par dépense, puis déposez-le à nouveau.",
            why="rows",
        )
    reader = Reader(terms, today)
    found = [(row.number, reader.entry(row, table.places)) for row in table.rows]
    faults = reader.faults + twice([(number, entry) for number, entry in found if entry is not None], already)
    if faults:
        raise Faulty(sorted(faults, key=lambda fault: fault.row))
    return Content([entry for _, entry in found if entry is not None], table.ignored)


class Reader:
    """Lines read one by one; `faults` is what is wrong with them."""

    def __init__(self, terms: Terms, today: dt.date) -> None:
        self.terms, self.today = terms, today
        self.objectives = {plain(label): code for code, label in terms.objectives.items()}
        self.natures = {plain(nature.label): nature.value for nature in ExpenseNature}
        #: In the place of what cannot be read, so that the rest of the line is looked at.
        self.standing: dict[str, Any] = vars(
            Entry(next(iter(terms.objectives)), ExpenseNature.OTHER, "?", Decimal(1), max(today, terms.first))
        )
        self.faults: list[Fault] = []

    def entry(self, row: sheets.Row, places: dict[str, int]) -> Entry | None:
        """The line, if it stands."""
        cells = cells_of(row, places)
        found: dict[str, str] = {name: DOUBTS[cell.doubt] for name, cell in cells.items() if cell.doubt is not None}
        values: dict[str, Any] = {}
        for name, cell in cells.items():
            if name not in found:
                try:
                    values[name] = self.value(name, cell)
                except ValueError as error:
                    found[name] = str(error)
        entry = Entry(**{**self.standing, **values})
        found = flaws(entry, self.terms, today=self.today) | found
        self.faults += [
            Fault(row.number, COLUMNS[name], cells[name].text, found[name]) for name in COLUMNS if name in found
        ]
        return None if found else entry

    def value(self, name: str, cell: sheets.Cell) -> object:
        """What a cell says of a field. Raises ValueError with a French sentence."""
        match name:
            case "spent_on":
                return day(cell)
            case "amount":
                return amount(cell)
            case "objective":
                return self.one_of(
                    self.objectives, cell.text, "Indiquez l'objectif", "Cet objectif n'est pas de votre parcours"
                )
            case "nature":
                return self.one_of(self.natures, cell.text, "Indiquez la nature", "Cette nature n'existe pas")
        return unmarked(cell.text)

    def one_of(self, known: dict[str, str], text: str, missing: str, unknown: str) -> str:
        if code := known.get(plain(unmarked(text))):
            return code
        if text in known.values():
            return text
        names = self.terms.objectives.values() if known is self.objectives else [each.label for each in ExpenseNature]
        listed = french.either(french.quoted(each) for each in names)
        raise ValueError(f"{unknown if text else missing}\u00a0: écrivez {listed}.")


def unmarked(text: str) -> str:
    """A text without the apostrophe that the model puts before what a spreadsheet would take for a formula."""
    return text[1:] if text[:1] == "'" and text[1:2] in writers.FORMULA else text


def twice(lines: Sequence[tuple[int, Entry]], already: Collection[Entry]) -> list[Fault]:
    """The lines that say what another said, more often than the trame does."""
    allowed = Counter(already)
    seen: dict[Entry, int] = {}
    met: Counter[Entry] = Counter()
    faults = []
    for number, entry in lines:
        met[entry] += 1
        if met[entry] > max(allowed[entry], 1):
            faults.append(
                Fault(
                    number,
                    COLUMNS["label"],
                    entry.label,
                    f"Cette dépense est déjà à la ligne {seen[entry]}\u00a0: supprimez l'une des deux, ou "
                    "distinguez-les par leur libellé.",
                )
            )
        seen.setdefault(entry, number)
    return faults


def write(path: Path, format: str, terms: Terms, entries: Sequence[Entry]) -> None:
    """The model, with the lines of the trame as it is: what comes back may be the whole of it."""
    with closing(writers.writer(format, path, sheet=SHEET)) as file:
        file.heading(COLUMNS.values())
        if isinstance(file, writers.XLSX):
            rows = MOST_LINES + 1
            file.offer(list(COLUMNS).index("objective"), "Objectifs", list(terms.objectives.values()), rows)
            file.offer(list(COLUMNS).index("nature"), "Natures", [each.label for each in ExpenseNature], rows)
        for cells in rows_of(terms, entries):
            file.row(cells)


def rows_of(terms: Terms, entries: Sequence[Entry]) -> Iterator[list[str | Decimal | dt.date | None]]:
    for entry in entries:
        yield [
            entry.spent_on,
            terms.objectives.get(entry.objective, entry.objective),
            ExpenseNature(entry.nature).label,
            entry.label,
            entry.amount,
            entry.justification or None,
            entry.mission_letter or None,
        ]
