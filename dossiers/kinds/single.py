"""What the kinds of one field share."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from django import forms

from dossiers.kinds.base import Context, Kind
from dossiers.models import Question


class Single(Kind):
    """A question of one field, named `value`."""

    @abstractmethod
    def field(self, question: Question) -> forms.Field:
        """The field with its messages; its label, help and mandatory state are the question's."""

    def example(self, question: Question) -> str:
        """What is shown under the label when the question has no help of its own."""
        return ""

    def form_class(self, question: Question, context: Context) -> type[forms.Form]:
        field = self.field(question)
        field.label, field.help_text = question.asked, question.help or self.example(question)
        field.required = question.mandatory
        return type("SingleForm", (forms.Form,), {"value": field})

    def to_value(self, question: Question, cleaned: dict[str, Any], context: Context) -> Any:
        return cleaned["value"]
