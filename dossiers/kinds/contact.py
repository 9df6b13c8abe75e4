"""People to contact."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts import phones
from accounts.enums import Civility
from dossiers.kinds.base import Cell, Context, Kind, Line
from dossiers.models import Question
from ecare import french


class ContactForm(forms.Form):
    civility = forms.ChoiceField(
        label="Civilité",
        choices=Civility.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez la civilité du contact : Madame ou Monsieur."},
    )
    last_name = forms.CharField(
        label="Nom", max_length=100, error_messages={"required": "Renseignez le nom du contact, par exemple Martin."}
    )
    first_name = forms.CharField(
        label="Prénom",
        max_length=100,
        error_messages={"required": "Renseignez le prénom du contact, par exemple Camille."},
    )
    position = forms.CharField(
        label="Fonction",
        max_length=150,
        error_messages={"required": "Renseignez la fonction du contact, par exemple responsable informatique."},
    )
    email = forms.EmailField(
        label="Adresse e-mail",
        error_messages={
            "required": "Renseignez l'adresse e-mail du contact, par exemple nom@exemple.fr.",
            "invalid": "Saisissez une adresse électronique, par exemple nom@exemple.fr.",
        },
    )
    phone = phones.PhoneField(
        label="Numéro de téléphone",
        error_messages={
            "required": "Renseignez le numéro de téléphone du contact, par exemple 01 23 45 67 89.",
            "invalid": "Saisissez un numéro de téléphone valide, par exemple 01 23 45 67 89 ou +262 262 12 34 56.",
        },
    )


class Contact(Kind):
    code = "contact"
    name = "Contact"
    template = "dossiers/kinds/group.html"

    def field_names(self, question: Question) -> frozenset[str]:
        return frozenset(ContactForm.base_fields)

    def form_class(self, question: Question, context: Context) -> type[forms.Form]:
        return ContactForm

    def to_value(self, question: Question, cleaned: dict[str, Any], context: Context) -> Any:
        return cleaned

    def lines(self, question: Question, value: Any) -> list[Line]:
        civility = Civility(value["civility"]).label
        return [
            Line("Nom", f"{civility} {value['first_name']} {value['last_name']}"),
            Line("Fonction", value["position"]),
            Line("Adresse e-mail", value["email"]),
            Line("Téléphone", french.phone(value["phone"])),
        ]

    def columns(self, question: Question) -> list[str]:
        return [f"{question.short_label} – {label}" for label in ("nom", "fonction", "adresse e-mail", "téléphone")]

    def field_cells(self, question: Question, value: Any) -> list[Cell]:
        return [line.text for line in self.lines(question, value)] if value else [None] * 4
