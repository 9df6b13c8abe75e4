"""Phone numbers, stored one way and said as people read them aloud."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts import phones
from dossiers.kinds.base import Context, Line
from dossiers.kinds.single import Single
from dossiers.models import Question
from ecare import french

EXAMPLE = "01 23 45 67 89 ou +262 262 12 34 56"


class Phone(Single):
    code = "phone"
    name = "Numéro de téléphone"

    def example(self, question: Question) -> str:
        return f"Par exemple {EXAMPLE}."

    def field(self, question: Question) -> forms.Field:
        said = french.quoted(question.short_label)
        field: forms.Field = phones.PhoneField(
            widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
            error_messages={
                "required": f"Renseignez {said}, par exemple {EXAMPLE}.",
                "invalid": f"{said} : saisissez un numéro de téléphone valide, par exemple {EXAMPLE}.",
            },
        )
        return field

    def to_value(self, question: Question, cleaned: dict[str, Any], context: Context) -> Any:
        return cleaned["value"]

    def lines(self, question: Question, value: Any) -> list[Line]:
        return [Line("", french.phone(value))]
