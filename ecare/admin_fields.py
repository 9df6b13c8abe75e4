"""The browser's own fields in the Django admin, each with its label: they work with the keyboard, with a screen reader
and without JavaScript, which Django's calendars, lists side by side and select2 do not (Q61)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import models
from django.http import HttpRequest

from ecare.widgets import DateInput, DateTimeInput


class LabelledRow(forms.ModelForm):
    """A row of a list that is edited in place: its headings name columns, each field is named with its row."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = f"{field.label}\u00a0: {self.instance}"


class BrowserFields:
    """Mixin of ModelAdmin, which our AdminSite gives to each of them."""

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs: Any) -> Any:
        if isinstance(db_field, models.ManyToManyField):  # without the buttons that add one, nor what they stand in
            boxes = forms.CheckboxSelectMultiple(attrs={"class": "radiolist"})
            return self.formfield_for_manytomany(db_field, request, **{"widget": boxes} | kwargs)  # type: ignore[attr-defined]
        return super().formfield_for_dbfield(db_field, request, **own_field(db_field) | kwargs)  # type: ignore[misc]

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        return super().get_changelist_form(request, **{"form": LabelledRow} | kwargs)  # type: ignore[misc]


def own_field(db_field: models.Field) -> dict[str, Any]:
    """What `formfield` is told in place of what the Django admin chooses; nothing for most fields."""
    if isinstance(db_field, models.DateTimeField):
        return {"form_class": forms.DateTimeField, "widget": DateTimeInput}
    if isinstance(db_field, models.DateField):
        return {"widget": DateInput}
    return {}
