"""« Exporter la liste » (I7): a format and columns. It validates, and never saves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from typing import Any

from django import forms

from dossiers.enums import ExportFormat
from dossiers.exports.columns import USUAL, Group


@dataclass(frozen=True)
class Box:
    """A column to tick."""

    id: str
    code: str
    label: str
    is_ticked: bool


def format_field() -> forms.ChoiceField:
    """In which format a table leaves."""
    return forms.ChoiceField(
        label="Format du fichier",
        choices=ExportFormat.choices,
        initial=ExportFormat.XLSX,
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choisissez le format du fichier.",
            "invalid_choice": "Choisissez un format de la liste.",
        },
    )


class ExportForm(forms.Form):
    """Columns are offered by groups; what was ticked the last time is ticked again."""

    format = format_field()
    columns = forms.MultipleChoiceField(
        label="Colonnes",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Cochez au moins une colonne.",
            "invalid_choice": "La colonne «\u00a0%(value)s\u00a0» n'existe plus\u00a0: vérifiez les colonnes cochées.",
        },
    )

    def __init__(self, *args: Any, groups: list[Group], last_chosen: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.groups = groups
        offered = [each for group in groups for each in group.offered]
        columns = self.fields["columns"]
        columns.choices = [(each.code, each.label) for each in offered]  # type: ignore[attr-defined]
        known = {each.code for each in offered}
        remembered = [code for code in last_chosen if code in known]
        self.remembers = bool(remembered)
        columns.initial = remembered or USUAL

    @property
    def boxes(self) -> list[tuple[str, list[Box]]]:
        """The columns group by group, as the page draws them; what is in error keeps what was ticked."""
        ticked = set(self["columns"].value() or [])
        numbers = count()
        return [
            (
                group.title,
                [
                    Box(f"{self['columns'].auto_id}_{next(numbers)}", each.code, each.label, each.code in ticked)
                    for each in group.offered
                ],
            )
            for group in self.groups
        ]
