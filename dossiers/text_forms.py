"""Shape of the texts that decisions start from (I3). It validates, and never saves."""

from __future__ import annotations

from typing import Any

from django import forms

from dossiers import template_texts
from dossiers.enums import TextPurpose
from dossiers.models import Guichet, TemplateText
from ecare import forms as care_forms


class TemplateTextForm(care_forms.ModelForm):
    #: The version that was on the page.
    read = forms.IntegerField(widget=forms.HiddenInput, min_value=0, required=False)
    guichet = forms.ModelChoiceField(
        Guichet.objects.order_by("position"),
        label="Guichet",
        required=False,
        empty_label="Tous les guichets",
    )

    class Meta:
        model = TemplateText
        fields = ("name", "purpose", "guichet", "body")
        help_texts = {
            "name": "Celui que les vérificateurs lisent dans la liste, par exemple «\u00a0Diagnostic incomplet\u00a0».",
            "body": "Les champs entre accolades sont remplacés dans chaque dossier.",
        }
        error_messages = {
            "name": {"required": "Donnez un nom à ce texte, par exemple «\u00a0Diagnostic incomplet\u00a0»."},
            "body": {
                "required": "Écrivez le texte.",
                "max_length": "Ce texte dépasse 4000 caractères\u00a0: raccourcissez-le.",
            },
        }
        widgets = {"body": forms.Textarea(attrs={"rows": 10})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["purpose"].choices = [  # type: ignore[attr-defined]
            ("", "Sélectionner une option"),
            *TextPurpose.choices,
        ]
        self.fields["read"].initial = self.instance.version if self.instance.pk else 0

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        body, purpose = cleaned.get("body"), cleaned.get("purpose")
        if body and purpose and (flaw := template_texts.flaw(body, purpose)):
            self.add_error("body", flaw)
        return cleaned

    @property
    def content(self) -> dict[str, Any]:
        """What `workflow.texts.save` writes."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields} | {"read": self.cleaned_data["read"] or 0}
