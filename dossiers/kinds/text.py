"""Free texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms

from dossiers.kinds.base import Line
from dossiers.kinds.options import OptionsForm, whole
from dossiers.kinds.single import Single
from dossiers.models import Question


class TextOptions(OptionsForm):
    keys = frozenset({"max_length"})

    max_length = forms.IntegerField(
        label="Nombre de caractères au maximum",
        required=False,
        min_value=1,
        max_value=20_000,
        help_text="Vide : 250 pour un texte court, 5 000 pour un texte long.",
    )

    @classmethod
    def flaws(cls, options: Any) -> Iterator[str]:
        yield from super().flaws(options)
        if isinstance(options, Mapping) and not whole(options, "max_length", most=20_000):
            yield "un texte compte entre 1 et 20 000 caractères"


class ShortText(Single):
    code = "short_text"
    name = "Texte court"
    max_length = 250
    widget: type[forms.Widget] = forms.TextInput
    options_form = TextOptions

    def field(self, question: Question) -> forms.Field:
        limit = question.options.get("max_length", self.max_length)
        return forms.CharField(
            max_length=limit,
            widget=self.widget,
            error_messages={
                "required": f"Renseignez « {question.short_label} ».",
                "max_length": f"« {question.short_label} » compte %(show_value)s caractères : "
                f"raccourcissez votre texte à {limit} caractères.",
            },
        )

    def lines(self, question: Question, value: Any) -> list[Line]:
        return [Line("", value)]


class LongText(ShortText):
    code = "long_text"
    name = "Texte long"
    max_length = 5000
    widget = forms.Textarea
