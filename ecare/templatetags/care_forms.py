"""What the `care` template pack needs to draw a field of the design system without touching the form.

Widgets are shared by all the requests of a process when a form keeps them at class level: attributes are therefore
given at drawing time, never written into the widget.
"""

import re
from collections.abc import Iterator
from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField
from django.utils.safestring import SafeString

from ecare import french

register = template.Library()

INPUT_CLASSES = {
    "input": "fr-input",
    "textarea": "fr-input",
    "password": "fr-password__input fr-input",
    "select": "fr-select",
    "file": "fr-upload",
}
ERROR_CLASSES = {
    "input": "fr-input--error",
    "textarea": "fr-input--error",
    "password": "fr-input--error",
    "select": "fr-select--error",
}


def kind(field: BoundField) -> str:
    """Which template of `care/fields/` draws this field."""
    widget = field.field.widget
    if widget.is_hidden:
        return "hidden"
    for widget_class, name in (
        (forms.CheckboxSelectMultiple, "checkboxes"),
        (forms.RadioSelect, "radios"),
        (forms.CheckboxInput, "checkbox"),
        (forms.Select, "select"),
        (forms.Textarea, "textarea"),
        (forms.PasswordInput, "password"),
        (forms.FileInput, "file"),
        (forms.MultiWidget, "several"),
        (forms.SelectDateWidget, "several"),
    ):
        if isinstance(widget, widget_class):
            return name
    return "input"


class Drawn:
    """What the templates of `care/fields/` say of a field, looked up once: a form of a dossier has dozens of them."""

    def __init__(self, field: BoundField) -> None:
        self.field = field
        self.kind = kind(field)
        self.template = f"care/fields/{self.kind}.html"
        self.id = field.auto_id
        self.input_id = field.id_for_label
        self.label = field.label
        self.hint = field.help_text
        self.required = field.field.required
        self.disabled = field.field.disabled
        self.errors = field.errors
        self.hint_id = f"{self.id}-hint"
        self.messages_id = f"{self.id}-messages"

    @property
    def described_by(self) -> str:
        """The hint, then the messages, then what the form itself names: all are read out, in this order."""
        ids = [self.hint_id] if self.hint else []
        ids.append(self.messages_id)
        ids += self.field.field.widget.attrs.get("aria-describedby", "").split()
        return " ".join(dict.fromkeys(ids))

    def widget(self) -> SafeString:
        """The input itself, with the classes of the design system and the links to its hint and messages."""
        attributes: dict[str, Any] = {"aria-describedby": self.described_by}
        classes = [self.field.field.widget.attrs.get("class", ""), INPUT_CLASSES.get(self.kind, "")]
        if self.errors:
            attributes["aria-invalid"] = "true"
            classes.append(ERROR_CLASSES.get(self.kind, ""))
        if any(classes):
            attributes["class"] = " ".join(" ".join(classes).split())
        return self.field.as_widget(attrs=attributes)

    def options(self) -> Iterator[dict[str, Any]]:
        """The radio buttons or checkboxes of a group: input, id and label of each."""
        for option in self.field.subwidgets:
            attributes = option.data["attrs"]
            # An invalid state belongs to the group for radio buttons (ARIA 1.2), to each box otherwise.
            if self.kind == "radios":
                attributes.pop("aria-invalid", None)
                attributes.pop("required", None)
            elif self.errors:
                attributes["aria-invalid"] = "true"
                attributes["aria-describedby"] = self.messages_id
            yield {"input": option.tag(), "id": option.id_for_label, "label": option.choice_label}


@register.simple_tag
def draw(field: BoundField) -> Drawn:
    return Drawn(field)


@register.filter
def first_input_id(field: BoundField) -> str:
    """The id a link of the error summary leads to: the first button of a group, else the input."""
    if kind(field) in ("radios", "checkboxes"):
        for option in field.subwidgets:
            return option.id_for_label
    return field.id_for_label or field.auto_id


@register.simple_tag
def summary_text(field: BoundField, error: str, row: int | None = None) -> str:
    """The error as the summary says it: preceded by the name of its field, unless it names it already, in the middle of
    a sentence or not; and by that of its `row` in a table, the first being 1. A label that ends with a colon is what to
    do and no name: the error says it again."""
    label = str(field.label).rstrip(f" {french.NBSP}.:*")
    asks = str(field.label).endswith(":")
    named = [f"Ligne {row}"] if row else []
    named += [] if asks or re.search(rf"(?<!\w){re.escape(label)}(?!\w)", error, re.IGNORECASE) else [label]
    return f"{', '.join(named)}{french.NBSP}: {error}" if named else error
