"""« Dépenses pour le RETEX » (F6): a guichet, what the file says of its laureates, a format. It validates, and never
saves."""

from __future__ import annotations

from django import forms
from django.http import QueryDict

from dossiers.export_forms import format_field
from ecare import forms as care_forms
from ecare.widgets import Select
from funding.enums import RetexContent


class RetexForm(care_forms.Form):
    guichet = forms.ChoiceField(
        label="Guichet",
        widget=Select,
        error_messages={
            "required": "Choisissez le guichet dont vous voulez les dépenses.",
            "invalid_choice": "Ce guichet n'a pas de lauréat\u00a0: choisissez-en un de la liste.",
        },
    )
    # Two choices rather than a box: what is not said gives no file that names people.
    content = forms.ChoiceField(
        label="Contenu",
        widget=forms.RadioSelect,
        choices=RetexContent.choices,
        error_messages={
            "required": "Choisissez un fichier anonymisé ou nominatif.",
            "invalid_choice": "Choisissez un fichier anonymisé ou nominatif.",
        },
    )
    format = format_field()

    def __init__(self, data: QueryDict | None = None, *, guichets: list[tuple[str, str]]) -> None:
        super().__init__(data, initial={"content": RetexContent.ANONYMISED}, use_required_attribute=False)
        alone = len(guichets) == 1
        self.fields["guichet"].choices = guichets if alone else [("", "Choisissez"), *guichets]  # type: ignore[attr-defined]
