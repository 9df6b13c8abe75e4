"""Widgets that Django lacks: the browser's own date and time pickers, which need ISO values whatever the language, and
a select that costs little."""

from html import escape
from typing import Any

from django import forms
from django.forms.renderers import BaseRenderer
from django.forms.utils import flatatt
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe


class DateInput(forms.DateInput):
    """`<input type="date">`."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class DateTimeInput(forms.DateTimeInput):
    """`<input type="datetime-local">`, to the minute."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")


class Select(forms.Select):
    """A `<select>` without groups, written in one go: Django's runs a template for each of its options."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: BaseRenderer | None = None
    ) -> SafeString:
        chosen = set(self.format_value(value) or ())
        # Every value and label is escaped here: `format_html` for each costs six times as much.
        options = "\n".join(
            f'<option value="{escape(str(each))}"{mark}>{escape(str(label))}</option>'
            for each, label in self.choices
            for mark in [" selected" if str(each) in chosen else ""]
        )
        attributes = flatatt(self.build_attrs(self.attrs, attrs))
        return format_html('<select name="{}"{}>\n{}\n</select>', name, attributes, mark_safe(options))  # noqa: S308
