"""Shape of a view of the list (I1). It validates, and never saves."""

from __future__ import annotations

from django import forms

from ecare import forms as care_forms


class SavedViewForm(care_forms.Form):
    name = forms.CharField(
        label="Nom de la vue",
        max_length=60,
        help_text="Par exemple «\u00a0Mes dossiers en Bretagne\u00a0».",
        error_messages={
            "required": "Donnez un nom à cette vue, par exemple «\u00a0Mes dossiers en Bretagne\u00a0».",
            "max_length": "Ce nom dépasse 60 caractères\u00a0: raccourcissez-le.",
        },
    )
    is_shared = forms.BooleanField(label="Partager avec l'équipe", required=False)


class NewViewForm(SavedViewForm):
    query = forms.CharField(widget=forms.HiddenInput, required=False)
    is_default = forms.BooleanField(label="Ouvrir la liste sur cette vue", required=False)
