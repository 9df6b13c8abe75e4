"""« Notes internes ». It validates, and never saves."""

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
            "exemple @paul.girard."
        ),
        error_messages={
            "required": "Écrivez la note avant de l'ajouter.",
            "max_length": "Cette note dépasse 4000 caractères\u00a0: raccourcissez-la.",
        },
    )
