"""What a batch asks for before it is confirmed (I4b). They validate, and never save."""

from __future__ import annotations

import copy
from typing import Any

from django import forms
from django.http import QueryDict

from accounts.models import User
from dossiers import template_texts
from dossiers.assignment_forms import RecipientForm
from dossiers.enums import BatchAction, TextPurpose
from dossiers.forms import ModificationForm, RejectionForm, ValidationForm
from dossiers.models import Batch, TemplateText
from ecare import forms as care_forms
from ecare import french


class SameTextForm(care_forms.Form):
    """A text that every référent reads; it may start from one of the team, whose fields are replaced in each dossier
    (I3). `text_name` is its field, `purpose` what texts of the team serve there."""

    text_name: str
    purpose: TextPurpose

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if flaw := template_texts.flaw(cleaned.get(self.text_name) or "", self.purpose):
            self.add_error(self.text_name, flaw)
        return cleaned

    @property
    def parameters(self) -> dict[str, str]:
        text = self.cleaned_data[self.text_name].strip()
        return {self.text_name: text} if text else {}

    def with_text(self, text: TemplateText) -> SameTextForm:
        """The form as it was typed, with a text of the team after what was typed of its own."""
        typed = {name: self[name].value() or "" for name in self.fields}
        before = typed[self.text_name].rstrip()
        typed[self.text_name] = f"{before}\n\n{text.body}" if before else text.body
        return type(self)(initial=typed, use_required_attribute=False)


class SameModificationForm(SameTextForm):
    """« Demander la même modification »: the message and the due date of a single one, without remarks."""

    text_name, purpose = "message", TextPurpose.MODIFICATION
    message = copy.deepcopy(ModificationForm.base_fields["message"])
    due_on = copy.deepcopy(ModificationForm.base_fields["due_on"])
    message.label = "Message aux référents"
    clean_due_on = ModificationForm.clean_due_on

    @property
    def parameters(self) -> dict[str, str]:
        return {**super().parameters, "due_on": self.cleaned_data["due_on"].isoformat()}


class SameValidationForm(SameTextForm):
    """« Valider »: a word for every référent, if there is one to say."""

    text_name, purpose = "message", TextPurpose.VALIDATION
    message = copy.deepcopy(ValidationForm.base_fields["message"])
    message.label = "Message aux référents (facultatif)"
    message.help_text = "Chaque référent lira ce texte."


class SameRejectionForm(SameTextForm):
    """« Rejeter »: the reason that every référent reads."""

    text_name, purpose = "reason", TextPurpose.REJECTION
    reason = copy.deepcopy(RejectionForm.base_fields["reason"])


WordsForm = RecipientForm | SameTextForm


def words_form(batch: Batch, data: QueryDict | None, people: list[User], to: User | None) -> WordsForm | None:
    """The form of what goes with the action, with what was said before; None when nothing does."""
    options: dict[str, Any] = {"use_required_attribute": False}
    match batch.action:
        case BatchAction.ASSIGN:
            initial = {"to": str(to.public_id)} if to else None
            return RecipientForm(data, people=people, initial=initial, **options)
        case BatchAction.REQUEST_MODIFICATION:
            return SameModificationForm(data, initial=batch.parameters, **options)
        case BatchAction.VALIDATE:
            return SameValidationForm(data, initial=batch.parameters, **options)
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
        """`possible` is what the page says, whatever number was sent."""
        if data is not None:
            data = data.copy()
            data["count"] = str(possible)
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
