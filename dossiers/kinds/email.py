"""E-mail addresses."""

from __future__ import annotations

from typing import Any

from django import forms

from dossiers.kinds.base import Line
from dossiers.kinds.single import Single
from dossiers.models import Question
from ecare import french

EXAMPLE = "nom@exemple.fr"


class Email(Single):
    code = "email"
    name = "Adresse e-mail"

    def example(self, question: Question) -> str:
        return f"Par exemple {EXAMPLE}."

    def field(self, question: Question) -> forms.Field:
        said = french.quoted(question.short_label)
        return forms.EmailField(
            max_length=254,
            widget=forms.EmailInput(attrs={"inputmode": "email", "autocomplete": "off", "spellcheck": "false"}),
            error_messages={
                "required": f"Renseignez {said}, par exemple {EXAMPLE}.",
                "invalid": f"{said} : saisissez une adresse électronique, par exemple {EXAMPLE}.",
                "max_length": f"{said} : cette adresse est trop longue, vérifiez-la.",
            },
        )

    def lines(self, question: Question, value: Any) -> list[Line]:
        return [Line("", value)]
