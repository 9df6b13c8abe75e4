"""Slots for files. What a file must be is in `dossiers.uploads`."""

from __future__ import annotations

from typing import Any

from django import forms

from dossiers.kinds.base import Context, Kind, Line
from dossiers.kinds.options import SlotOptions
from dossiers.models import Question


class Files(Kind):
    code = "files"
    name = "Pièces jointes"
    has_fields = False
    has_files = True
    options_form = SlotOptions

    def field_names(self, question: Question) -> frozenset[str]:
        return frozenset()

    def form_class(self, question: Question, context: Context) -> type[forms.Form]:
        return forms.Form

    def to_value(self, question: Question, cleaned: dict[str, Any], context: Context) -> Any:
        return None

    def lines(self, question: Question, value: Any) -> list[Line]:
        return []
