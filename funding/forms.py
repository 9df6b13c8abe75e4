from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from ecare import french
from establishments import finess
from establishments import queries as establishments
from establishments.models import LegalEntity
from funding.schedule.terms import Terms

MOST_SITES = 9_999


class SimulatorForm(forms.Form):
    """A parcours and a number of sites, or the FINESS EJ number that gives it (P2). Its fields name the address."""

    parcours = forms.ChoiceField(
        label="Parcours",
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez un parcours.", "invalid_choice": "Choisissez un parcours de la liste."},
    )
    finess = forms.CharField(
        label="Numéro FINESS de l'entité juridique (EJ)",
        required=False,
        max_length=30,
        help_text=f"Facultatif. 9 caractères, par exemple {finess.EXAMPLE}. Le nombre d'EG est alors repris de FINESS.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    eg = forms.IntegerField(
        label="Nombre d'entités géographiques (EG)",
        required=False,
        min_value=1,
        max_value=MOST_SITES,
        help_text="ESSMS de la candidature équipés d'un DUI ou d'un DPI référencé Ségur.",
        error_messages={
            "invalid": "Saisissez un nombre entier, par exemple 8.",
            "min_value": "Saisissez un nombre d'EG à partir de 1, par exemple 8.",
            "max_value": f"Saisissez un nombre d'EG d'au plus {french.integer(MOST_SITES)}, par exemple 8.",
        },
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    # The FINESS number whose sites were already counted: the person may then correct the count.
    repris = forms.CharField(required=False, max_length=9, widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any] | None, *, terms: Terms) -> None:
        super().__init__(data)
        self.legal_entity: LegalEntity | None = None
        choices = [(track.code, f"{track.label}, {french.euros(track.amount)} par EG") for track in terms.tracks]
        self.fields["parcours"].choices = choices  # type: ignore[attr-defined]

    def clean_finess(self) -> str:
        number = finess.normalise_number(self.cleaned_data["finess"])
        if not number:
            return ""
        finess.validate(number)
        self.legal_entity = establishments.by_finess(number)
        if self.legal_entity is None:
            raise ValidationError(
                "Aucune entité juridique ouverte ne porte ce numéro. Vérifiez qu'il s'agit d'un FINESS EJ et non EG, "
                "ou effacez-le et saisissez le nombre d'EG."
            )
        if not self.essms_sites and not self.data.get("eg"):
            raise ValidationError(
                "Cette entité juridique n'a aucun ESSMS ouvert dans le répertoire FINESS. Saisissez le nombre d'EG."
            )
        return number

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("eg") is None and not {"eg", "finess"} & self.errors.keys() and not self.legal_entity:
            self.add_error("eg", "Saisissez le nombre d'EG, par exemple 8, ou un numéro FINESS EJ.")
        return cleaned

    @property
    def essms_sites(self) -> int:
        """How many open ESSMS the EJ named has, according to FINESS."""
        return getattr(self.legal_entity, "essms_sites", 0)

    @property
    def refill(self) -> dict[str, str] | None:
        """The address to lead to when the number of sites is to be taken from FINESS, as a query; None otherwise."""
        number, already = self.cleaned_data.get("finess"), self.cleaned_data.get("repris")
        typed = bool(self.data.get("eg"))
        if not number or (typed and already in {"", number}):
            return None
        query = {"parcours": self.data.get("parcours", ""), "finess": number, "eg": str(self.essms_sites)}
        return {name: value for name, value in query.items() if value} | {"repris": number}
