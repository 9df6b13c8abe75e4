"""Lists of small things typed as rows: links of a guichet, axes of a score."""

from __future__ import annotations

from django import forms

from dossiers.kinds.grid import Column, Grid

LINKS = Grid(
    (
        Column(
            "link_label",
            "Libellé du lien",
            "le libellé du lien",
            lambda label, said: forms.CharField(label=label, max_length=150),
        ),
        Column(
            "link_url",
            "Adresse",
            "l'adresse du lien",
            lambda label, said: forms.URLField(
                label=label,
                assume_scheme="https",
                error_messages={"invalid": f"{said}\u00a0: saisissez une adresse, par exemple https://esante.gouv.fr."},
            ),
        ),
    ),
    most=20,
    least=1,
)
AXES = Grid(
    (
        Column(
            "axis_code",
            "Code de l'axe",
            "le code de l'axe, par exemple « reseau »",
            lambda label, said: forms.SlugField(
                label=label,
                max_length=40,
                error_messages={"invalid": f"{said}\u00a0: écrivez le code sans espace ni accent, par exemple reseau."},
            ),
        ),
        Column(
            "axis_label",
            "Libellé de l'axe",
            "le libellé de l'axe",
            lambda label, said: forms.CharField(label=label, max_length=100),
        ),
    ),
    most=20,
    least=1,
)


def initial(rows: list[dict[str, str]], **names: str) -> dict[str, str]:
    """The fields of stored rows; `names` say which property each column edits."""
    return {
        f"{column}_{number}": row.get(name, "")
        for number, row in enumerate(rows, start=1)
        for column, name in names.items()
    }


def stored(grid: Grid, cleaned: dict[str, object], **names: str) -> list[dict[str, object]]:
    """The rows of a valid form, as they are stored."""
    return [{name: cells[column] for column, name in names.items()} for _, cells in grid.filled(cleaned)]


def lines(typed: str) -> str:
    """A text of several lines, without the line ends of the browser."""
    return typed.replace("\r\n", "\n").strip()
