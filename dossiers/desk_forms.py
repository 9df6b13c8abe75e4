"""« Notes internes », points of vigilance. They validate, and never save."""

from __future__ import annotations

from django import forms

from ecare import forms as care_forms


class NoteForm(care_forms.Form):
    text = forms.CharField(
        label="Note",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=4000,
        help_text=(
            "Le référent ne la voit pas. Pour prévenir un collègue par e-mail, écrivez @ suivi de son identifiant, par "
            "exemple @paul.girard\u00a0; suivi de son nom, eCaRE vous rappelle cet identifiant."
        ),
        error_messages={
            "required": "Écrivez la note avant de l'ajouter.",
            "max_length": "Cette note dépasse 4000 caractères\u00a0: raccourcissez-la.",
        },
    )


class ExaminationForm(care_forms.Form):
    """A point of vigilance is examined as it was read."""

    read = forms.CharField(widget=forms.HiddenInput)
    note = forms.CharField(
        label="Ce que vous avez constaté",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=2000,
        help_text="Vos collègues le liront, le référent non.",
        error_messages={
            "required": "Dites ce que vous avez constaté\u00a0: vos collègues le liront.",
            "max_length": "Cette note dépasse 2000 caractères\u00a0: raccourcissez-la.",
        },
    )
