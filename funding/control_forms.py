"""A control of a subsidy. They validate, and never save."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from ecare import forms as care_forms
from ecare import french
from funding.grant_forms import AmountField, DayField


class OpenForm(care_forms.Form):
    documents = forms.CharField(
        label="Pièces demandées",
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=5000,
        help_text="Une par ligne, par exemple\u00a0: rapport de test de restauration. Le référent lira ce texte.",
        error_messages={
            "required": "Dites quelles pièces le référent doit déposer.",
            "max_length": "Ce texte dépasse 5000 caractères\u00a0: raccourcissez-le.",
        },
    )
    due_on = DayField(
        label="À déposer au plus tard le",
        error_messages={
            "required": "Choisissez la date limite du dépôt.",
            "invalid": "Saisissez une date, par exemple 15/09/2026.",
        },
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, use_required_attribute=False)


class InterviewForm(care_forms.Form):
    text = forms.CharField(
        label="Compte rendu de l'entretien",
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=5000,
        help_text="La date, les participants, ce qui a été dit. Le référent ne le voit pas.",
        error_messages={
            "required": "Écrivez le compte rendu de l'entretien avant de l'ajouter.",
            "max_length": "Ce compte rendu dépasse 5000 caractères\u00a0: raccourcissez-le.",
        },
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, use_required_attribute=False)


class CloseForm(care_forms.Form):
    """« Terminer le contrôle » having read the pieces that were on the page."""

    read = forms.IntegerField(widget=forms.HiddenInput)
    outcome = forms.ChoiceField(
        label="Conclusion",
        widget=forms.RadioSelect,
        choices=[("confirm", "Confirmer le montant"), ("lower", "Diminuer le montant")],
        error_messages={"required": "Dites si le montant est confirmé ou diminué."},
    )
    ceiling = AmountField(label="Nouveau montant (€)", required=False, min_value=Decimal(0))
    reason = forms.CharField(
        label="Motif",
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=5000,
        required=False,
        help_text="Obligatoire si le montant diminue\u00a0: le référent le lira.",
        error_messages={"max_length": "Ce motif dépasse 5000 caractères\u00a0: raccourcissez-le."},
    )

    def __init__(self, data: QueryDict | None = None, *, read: int, ceiling: Decimal) -> None:
        super().__init__(data, initial={"read": read}, use_required_attribute=False)
        self.fields["ceiling"].help_text = f"Seulement s'il diminue. Aujourd'hui\u00a0: {french.euros(ceiling)}."

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("outcome") == "lower":
            if cleaned.get("ceiling") is None and "ceiling" not in self.errors:
                self.add_error("ceiling", "Saisissez le montant après contrôle, par exemple 9400.")
            if not cleaned.get("reason", "").strip():
                self.add_error("reason", "Indiquez pourquoi le montant diminue\u00a0: le référent le lira.")
        elif cleaned.get("outcome") == "confirm" and cleaned.get("ceiling") is not None:
            self.add_error(
                "ceiling", "Laissez cette case vide pour confirmer le montant, ou choisissez de le diminuer."
            )
        return cleaned


class ManyFiles(forms.FileInput):
    """A field that chooses several files; whether there is one is all that the form asks, the view reads them all."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return files.get(name)


class PiecesForm(care_forms.Form):
    """What the référent answers to a control. Each file is checked on its own: see `workflow.controls.deposit`."""

    pieces = forms.FileField(
        label="Pièces à déposer",
        help_text="PDF, Word, Excel, OpenDocument (ods) ou zip, moins de 50 Mo chacune. Vous pouvez en choisir "
        "plusieurs.",
        widget=ManyFiles,
        error_messages={"required": "Choisissez au moins une pièce à déposer."},
    )

    def __init__(self, data: QueryDict | None = None, files: MultiValueDict[str, Any] | None = None) -> None:
        super().__init__(data, files, use_required_attribute=False)
