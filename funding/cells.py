"""What tables that people send have in common: the columns looked for, what a cell says, what is wrong in it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from django.core.files.uploadedfile import UploadedFile

from dossiers import sheets, uploads
from dossiers.sheets.choosing import title
from dossiers.sheets.table import Doubt
from ecare import french

RULES = uploads.Rules(extensions=sheets.EXTENSIONS, max_bytes=5 * uploads.MEBIBYTE, max_files=1)
FRENCH_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", re.ASCII)
ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[ T]00:00(?::00)?)?", re.ASCII)
AMOUNT = re.compile(r"-?\d{1,15}(?:[.,]\d{1,15})?", re.ASCII)
DOUBTS = {
    Doubt.FORMULA: "Cette cellule contient une formule\u00a0: remplacez-la par sa valeur.",
    Doubt.MERGED: "Cette cellule est fusionnée avec d'autres\u00a0: défusionnez-les et remplissez chaque ligne.",
    Doubt.ERROR: "Cette cellule affiche une erreur de calcul\u00a0: remplacez-la par sa valeur.",
}
NO_DAY = "Écrivez la date sous la forme JJ/MM/AAAA, par exemple 04/06/2026."
NO_AMOUNT = "Écrivez le montant en chiffres, par exemple 1250,50."


@dataclass(frozen=True)
class Fault:
    """What is wrong in a cell: its row as the spreadsheet numbers it, its column, what it holds, why, in French."""

    row: int
    column: str
    text: str
    reason: str


@dataclass(frozen=True)
class Opened:
    """A table sent: its rows, the position of each column looked for, the headings that are none of them."""

    rows: list[sheets.Row]
    places: dict[str, int]
    ignored: list[str]


class Faulty(Exception):
    """Lines that do not stand, all of them told."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(faults)
        self.faults = faults


def checked_kind(upload: UploadedFile) -> str:
    """The extension of a file that is what it says. Raises uploads.Invalid, sheets.Unreadable."""
    try:
        checked = uploads.check(upload, RULES)
    except uploads.Invalid as error:
        if error.why == "bomb":
            raise sheets.Unreadable(
                "Ce classeur est trop gros une fois décompressé\u00a0: gardez-y la seule feuille à importer, puis "
                "déposez-le à nouveau.",
                why="bomb",
            ) from error
        raise
    return Path(checked.name).suffix.lower().lstrip(".")


def opened(
    upload: UploadedFile,
    *,
    sheet: str,
    columns: Mapping[str, str],
    most: int,
    empty: str,
    optional: Collection[str] = (),
) -> Opened:
    """The table of a file that is what it says, at most `most` rows under its headings; `empty` tells of one that has
    nothing. Raises uploads.Invalid, sheets.Unreadable."""
    table = sheets.read(upload, checked_kind(upload), sheet=sheet, headings=list(columns.values()), most=most + 1)
    if not table.rows:
        raise sheets.Unreadable(empty, why="rows")
    heading, *rows = table.rows
    places, ignored = placed([cell.text for cell in heading.cells], columns, optional=optional)
    return Opened(rows, places, ignored)


def placed(
    headings: Sequence[str], columns: Mapping[str, str], *, optional: Collection[str]
) -> tuple[dict[str, int], list[str]]:
    """The position of each of `columns`, by field, and the headings that are none of them. Raises Unreadable when one
    that is not `optional` is missing, or when one is there twice."""
    by_name = {title(label): name for name, label in columns.items()}
    places: dict[str, int] = {}
    ignored = []
    for position, heading in enumerate(headings):
        name = by_name.get(title(heading))
        if name is None:
            ignored += [heading] if heading else []
        elif name in places:
            raise sheets.Unreadable(
                f"La colonne {french.quoted(columns[name])} est deux fois dans ce tableau\u00a0: n'en gardez qu'une.",
                why="columns",
            )
        else:
            places[name] = position
    missing = [french.quoted(label) for name, label in columns.items() if not (name in places or name in optional)]
    if missing:
        which = f"la colonne {missing[0]}" if len(missing) == 1 else f"les colonnes {', '.join(missing)}"
        instead = f" Il a {', '.join(french.quoted(each) for each in ignored[:5])}." if ignored else ""
        raise sheets.Unreadable(
            f"Il manque {which} sur la première ligne de ce tableau.{instead} Reprenez les en-têtes du modèle.",
            why="columns",
        )
    return places, ignored


def cells_of(row: sheets.Row, places: Mapping[str, int]) -> dict[str, sheets.Cell]:
    """The cells of a row by field, blank beyond its end."""
    return {name: row.cells[at] if at < len(row.cells) else sheets.Cell() for name, at in places.items()}


def day(cell: sheets.Cell) -> dt.date:
    """Raises ValueError with a French sentence, as `amount` does."""
    if isinstance(cell.value, dt.date):
        return cell.value
    if not isinstance(cell.value, str) or not cell.value:
        raise ValueError(NO_DAY)
    if found := FRENCH_DAY.fullmatch(cell.value):
        numbers = int(found[3]), int(found[2]), int(found[1])
    elif found := ISO_DAY.fullmatch(cell.value):
        numbers = int(found[1]), int(found[2]), int(found[3])
    else:
        raise ValueError(NO_DAY)
    try:
        return dt.date(*numbers)
    except ValueError as error:
        raise ValueError("Cette date n'existe pas\u00a0: vérifiez le jour et le mois.") from error


def amount(cell: sheets.Cell) -> Decimal:
    if isinstance(cell.value, Decimal):
        return cell.value
    if not isinstance(cell.value, str):
        raise ValueError(NO_AMOUNT)
    typed = re.sub(r"[\s€']", "", cell.value).replace("−", "-")
    if not AMOUNT.fullmatch(typed):
        raise ValueError(NO_AMOUNT)
    return Decimal(typed.replace(",", "."))
