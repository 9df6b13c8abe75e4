"""What the `care` template pack needs to draw a field of the design system without touching the form.

Widgets are shared by all the requests of a process when a form keeps them at class level: attributes are therefore
given at drawing time, never written into the widget.
"""

from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField, BoundWidget
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


@register.simple_tag
def field_template(field: BoundField) -> str:
    return f"care/fields/{kind(field)}.html"


@register.filter
def hint_id(field: BoundField) -> str:
    return f"{field.auto_id}-hint"


@register.filter
def messages_id(field: BoundField) -> str:
    return f"{field.auto_id}-messages"


@register.filter
def described_by(field: BoundField) -> str:
    """The hint, then the messages, then what the form itself names: all are read out, in this order."""
    ids = [hint_id(field)] if field.help_text else []
    ids.append(messages_id(field))
    ids += field.field.widget.attrs.get("aria-describedby", "").split()
    return " ".join(dict.fromkeys(ids))


@register.simple_tag
def widget(field: BoundField) -> SafeString:
    """The input itself, with the classes of the design system and the links to its hint and messages."""
    return field.as_widget(attrs=_attributes(field))


@register.simple_tag
def option_input(field: BoundField, option: BoundWidget) -> SafeString:
    """One radio button or checkbox of a group, without its label."""
    attributes = option.data["attrs"]
    # `aria-invalid` and the description belong to the group for radio buttons (ARIA 1.2), to each box otherwise.
    if kind(field) == "radios":
        attributes.pop("aria-invalid", None)
        attributes.pop("required", None)
    elif field.errors:
        attributes["aria-invalid"] = "true"
        attributes["aria-describedby"] = messages_id(field)
    return option.tag()


@register.filter
def first_input_id(field: BoundField) -> str:
    """The id a link of the error summary leads to: the first button of a group, else the input."""
    if kind(field) in ("radios", "checkboxes"):
        for option in field.subwidgets:
            return option.id_for_label
    return field.id_for_label or field.auto_id


@register.simple_tag
def summary_text(field: BoundField, error: str) -> str:
    """The error as the summary says it: preceded by the name of its field, unless it names it already."""
    label = str(field.label).rstrip(" .:*")
    return error if label in error else f"{label}{french.NBSP}: {error}"


def _attributes(field: BoundField) -> dict[str, Any]:
    name = kind(field)
    own = field.field.widget.attrs
    attributes: dict[str, Any] = {"aria-describedby": described_by(field)}
    classes = [own.get("class", ""), INPUT_CLASSES.get(name, "")]
    if field.errors:
        attributes["aria-invalid"] = "true"
        if name in ("input", "textarea", "password"):
            classes.append("fr-input--error")
        elif name == "select":
            classes.append("fr-select--error")
    joined = " ".join(" ".join(classes).split())
    if joined:
        attributes["class"] = joined
    return attributes
