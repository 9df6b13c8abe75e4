"""What a batch asks for before it is confirmed (I4b). They validate, and never save."""

from __future__ import annotations

import copy
from typing import Any

from django import forms
from django.http import QueryDict

from accounts.models import User
from dossiers.assignment_forms import RecipientForm
from dossiers.enums import BatchAction
from dossiers.forms import ModificationForm, RejectionForm
from dossiers.models import Batch
from ecare import forms as care_forms
from ecare import french


class SameModificationForm(care_forms.Form):
    """« Demander la même modification »: the message and the due date of a single one, without remarks."""

    message = copy.deepcopy(ModificationForm.base_fields["message"])
    due_on = copy.deepcopy(ModificationForm.base_fields["due_on"])
    message.label = "Message aux référents"
    clean_due_on = ModificationForm.clean_due_on

    @property
    def parameters(self) -> dict[str, str]:
        return {"message": self.cleaned_data["message"].strip(), "due_on": self.cleaned_data["due_on"].isoformat()}


class SameRejectionForm(care_forms.Form):
    """« Rejeter »: the reason that every référent reads."""

    reason = copy.deepcopy(RejectionForm.base_fields["reason"])

    @property
    def parameters(self) -> dict[str, str]:
        return {"reason": self.cleaned_data["reason"].strip()}


WordsForm = RecipientForm | SameModificationForm | SameRejectionForm


def words_form(batch: Batch, data: QueryDict | None, people: list[User], to: User | None) -> WordsForm | None:
    """The form of what the action asks for, with what was said before; None when it asks for nothing."""
    options: dict[str, Any] = {"use_required_attribute": False}
    match batch.action:
        case BatchAction.ASSIGN:
            initial = {"to": str(to.public_id)} if to else None
            return RecipientForm(data, people=people, initial=initial, **options)
        case BatchAction.REQUEST_MODIFICATION:
            return SameModificationForm(data, initial=batch.parameters, **options)
        case BatchAction.REJECT:
            return SameRejectionForm(data, initial=batch.parameters, **options)
        case _:
            return None


class ConfirmationForm(care_forms.Form):
    """The number of dossiers that the page showed; typed again for a decision, of which référents are told."""

    count = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    typed = forms.IntegerField(
        label="Nombre de dossiers", widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
    )

    def __init__(self, data: QueryDict | None = None, *, batch: Batch, possible: int) -> None:
        super().__init__(data, initial={"count": possible}, use_required_attribute=False)
        self.possible = possible
        if batch.is_decision:
            said = french.integer(possible)
            self.fields["typed"].help_text = f"Pour confirmer, saisissez le nombre de dossiers concernés\u00a0: {said}."
            wrong = f"Saisissez {said}, le nombre de dossiers concernés, pour confirmer."
            self.fields["typed"].error_messages |= {"required": wrong, "invalid": wrong}
        else:
            del self.fields["typed"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        shown, typed = cleaned.get("count"), cleaned.get("typed")
        if shown is not None and typed is not None and typed != shown:
            self.add_error("typed", f"Saisissez {french.integer(shown)}, le nombre de dossiers concernés.")
        return cleaned
