"""Which sheet of a workbook is read."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from dossiers.sheets.table import Unreadable
from ecare import french


def plain(text: str) -> str:
    """A text as it is compared: small letters, no accents, one space between words."""
    letters = unicodedata.normalize("NFKD", text)
    return " ".join("".join(each for each in letters if not unicodedata.combining(each)).lower().split())


def title(heading: str) -> str:
    """A heading as it is compared: its words alone. « (€) » becomes « (?) » where the euro cannot be written."""
    return " ".join("".join(each if each.isalnum() else " " for each in plain(heading)).split())


def chosen(names: Sequence[str], wanted: str) -> str:
    """The sheet of the name wanted, or the only one. Raises Unreadable with those that there are."""
    for name in names:
        if plain(name) == plain(wanted):
            return name
    if len(names) == 1:
        return names[0]
    if not names:
        raise Unreadable("Ce classeur n'a aucune feuille visible\u00a0: repartez du modèle.", why="sheet")
    listed = ", ".join(french.quoted(name[:40]) for name in names[:5])
    raise Unreadable(
        f"Ce classeur n'a pas de feuille {french.quoted(wanted)}, mais {listed}\u00a0: donnez ce nom à "
        "celle à importer, puis déposez-le à nouveau.",
        why="sheet",
    )
