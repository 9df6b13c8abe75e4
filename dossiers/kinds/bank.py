"""Bank details, checked by schwifty, with the RIB as a file."""

from __future__ import annotations

from typing import Any

import schwifty
from django import forms
from schwifty.exceptions import SchwiftyException

from dossiers.kinds.base import Cell, Context, Kind, Line
from dossiers.kinds.options import SlotOptions
from dossiers.models import Question
from ecare import french


class BankForm(forms.Form):
    holder = forms.CharField(
        label="Titulaire du compte",
        max_length=140,
        error_messages={"required": "Renseignez le titulaire du compte, tel qu'écrit sur le RIB."},
    )
    iban = forms.CharField(
        label="IBAN",
        max_length=50,
        help_text="Par exemple FR76 3000 6000 0112 3456 7890 189.",
        error_messages={"required": "Renseignez l'IBAN, par exemple FR76 3000 6000 0112 3456 7890 189."},
    )
    bic = forms.CharField(
        label="BIC",
        max_length=15,
        help_text="8 ou 11 caractères, par exemple AGRIFRPP.",
        error_messages={"required": "Renseignez le BIC, par exemple AGRIFRPP."},
    )

    def clean_iban(self) -> str:
        try:
            return str(schwifty.IBAN(self.cleaned_data["iban"], validate_bban=True).compact)
        except (SchwiftyException, ValueError) as error:
            raise forms.ValidationError(
                "Cet IBAN comporte une erreur de saisie : recopiez-le depuis le RIB, "
                "par exemple FR76 3000 6000 0112 3456 7890 189."
            ) from error

    def clean_bic(self) -> str:
        try:
            return str(schwifty.BIC("".join(self.cleaned_data["bic"].split())).compact)
        except (SchwiftyException, ValueError) as error:
            raise forms.ValidationError(
                "Ce BIC n'est pas valide : il compte 8 ou 11 caractères, par exemple AGRIFRPP."
            ) from error


class Bank(Kind):
    code = "bank"
    name = "Coordonnées bancaires"
    template = "dossiers/kinds/group.html"
    has_files = True
    holds_secrets = True
    is_drawn_once = False
    options_form = SlotOptions

    def field_names(self, question: Question) -> frozenset[str]:
        return frozenset(BankForm.base_fields)

    def form_class(self, question: Question, context: Context) -> type[forms.Form]:
        return BankForm

    def to_value(self, question: Question, cleaned: dict[str, Any], context: Context) -> Any:
        return dict(cleaned)

    def lines(self, question: Question, value: Any) -> list[Line]:
        return [
            Line("Titulaire du compte", value["holder"]),
            Line("IBAN", french.iban(value["iban"])),
            Line("BIC", value["bic"]),
        ]

    def printed_lines(self, question: Question, value: Any) -> list[Line]:
        masked = Line("IBAN", f"masqué, se terminant par {value['iban'][-4:]}")
        return [masked if line.label == "IBAN" else line for line in self.lines(question, value)]

    def columns(self, question: Question) -> list[str]:
        return [f"{question.short_label} – {label}" for label in ("titulaire", "IBAN", "BIC", "RIB")]

    def field_cells(self, question: Question, value: Any) -> list[Cell]:
        return [line.text for line in self.printed_lines(question, value)] if value else [None] * 3
