"""Free texts."""

from __future__ import annotations

from typing import Any

from django import forms

from dossiers.enums import QuestionKind
from dossiers.kinds.base import Context, Kind, Line
from dossiers.models import Question


class ShortText(Kind):
    code = QuestionKind.SHORT_TEXT
    max_length = 250
    widget: type[forms.Widget] = forms.TextInput

    def form_class(self, question: Question, context: Context) -> type[forms.Form]:
        limit = question.options.get("max_length", self.max_length)
        return type(
            "TextForm",
            (forms.Form,),
            {
                "value": forms.CharField(
                    label=question.asked,
                    help_text=question.help,
                    required=question.mandatory,
                    max_length=limit,
                    widget=self.widget,
                    error_messages={
                        "required": f"Renseignez « {question.short_label} ».",
                        "max_length": f"« {question.short_label} » compte %(show_value)s caractères : "
                        f"raccourcissez votre texte à {limit} caractères.",
                    },
                )
            },
        )

    def to_value(self, question: Question, cleaned: dict[str, Any], context: Context) -> Any:
        return cleaned["value"]

    def lines(self, question: Question, value: Any) -> list[Line]:
        return [Line("", value)]


class LongText(ShortText):
    code = QuestionKind.LONG_TEXT
    max_length = 5000
    widget = forms.Textarea
