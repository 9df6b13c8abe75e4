"""The gallery of components: each one, in each of its states, on one page that the tests read with axe (Q61)."""

from typing import Any

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ecare import forms as care_forms
from ecare import widgets

STATUSES = ("draft", "transmitted", "modification_requested", "validated", "rejected")
KINDS = ("info", "success", "warning", "error")
TRACKS = (("1", "Parcours 1"), ("2", "Parcours 2"), ("3", "Parcours 3"))


class EveryField(care_forms.Form):
    """One field of each kind the template pack draws."""

    name = forms.CharField(label="Nom", widget=forms.TextInput(attrs={"autocomplete": "family-name"}))
    email = forms.EmailField(
        label="Adresse e-mail",
        help_text="Par exemple nom@exemple.fr.",
        error_messages={"invalid": "Saisissez une adresse électronique, par exemple nom@exemple.fr."},
    )
    password = forms.CharField(
        label="Mot de passe",
        help_text="12 caractères au moins.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    region = forms.ChoiceField(label="Région", choices=[("", "Sélectionnez une région"), ("11", "Île-de-France")])
    track = forms.ChoiceField(
        label="Parcours", help_text="Un seul parcours par dossier.", choices=TRACKS, widget=forms.RadioSelect
    )
    needs = forms.MultipleChoiceField(
        label="Besoins", choices=TRACKS, widget=forms.CheckboxSelectMultiple, required=False
    )
    date = forms.DateField(label="Date de l'aide", widget=widgets.DateInput, required=False)
    comment = forms.CharField(
        label="Commentaire",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4, "data-character-count": ""}),
        required=False,
    )
    file = forms.FileField(
        label="Cadre de réponse",
        help_text="Taille < 50 Mo. Les formats autorisés sont : doc, docx, pdf, zip.",
    )
    frozen = forms.CharField(label="Identifiant", initial="Entite_ESSMS", disabled=True, required=False)
    commitment = forms.BooleanField(label="Je certifie pouvoir engager mon établissement.")

    def clean(self) -> dict[str, Any]:
        raise forms.ValidationError("Cette erreur concerne tout le formulaire.")


@require_safe
@login_not_required
def components(request: HttpRequest) -> HttpResponse:
    invalid = EveryField({"email": "nom", "region": "99"}, prefix="invalid")
    context = {
        "empty_form": EveryField(prefix="empty"),
        "invalid_form": invalid,
        "kinds": KINDS,
        "statuses": STATUSES,
        "crumbs": [("Tableau de bord", "#"), ("Phase exploratoire de l'AAP pour les ESSMS", None)],
        "page": Paginator(range(2_082), 10).page(7),
        "facts": [
            ("Raison sociale", "ASSOCIATION LES TILLEULS"),
            ("FINESS de l'EJ", "010000255"),
            ("Téléphone", ""),
        ],
    }
    return render(request, "ecare/gallery.html", context)
