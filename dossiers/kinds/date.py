"""Days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from dossiers.kinds.base import Cell, Context, Fact, Line
from dossiers.kinds.options import Options, OptionsForm
from dossiers.kinds.single import Single
from dossiers.models import Question
from ecare import french
from ecare.widgets import DateInput

EXAMPLE = "15/03/2025"
#: Other years are slips of the keyboard: « 0205 ».
FIRST, LAST = dt.date(1900, 1, 1), dt.date(2100, 12, 31)


def day(label: str, said: str, options: Mapping[str, Any] | None = None) -> forms.DateField:
    """The field of a day, its bounds included; `said` begins its errors."""
    options = options or {}
    first = dt.date.fromisoformat(options["not_before"]) if "not_before" in options else FIRST
    last = dt.date.fromisoformat(options["not_after"]) if "not_after" in options else LAST
    return forms.DateField(
        label=label,
        widget=DateInput(attrs={"min": first.isoformat(), "max": last.isoformat()}),
        validators=[
            MinValueValidator(first, f"{said} : choisissez une date à partir du {french.day(first)}."),
            MaxValueValidator(last, f"{said} : choisissez une date jusqu'au {french.day(last)}."),
        ],
        error_messages={
            "required": f"Renseignez {said}, par exemple {EXAMPLE}.",
            "invalid": f"{said} : saisissez une date, par exemple {EXAMPLE}.",
        },
    )


class DateOptions(OptionsForm):
    keys = frozenset({"not_before", "not_after"})

    not_before = forms.DateField(label="À partir du (inclus)", required=False, widget=DateInput())
    not_after = forms.DateField(label="Jusqu'au (inclus)", required=False, widget=DateInput())

    def to_options(self) -> Options:
        return {key: value.isoformat() for key, value in super().to_options().items()}

    @classmethod
    def flaws(cls, options: Any) -> Iterator[str]:
        yield from super().flaws(options)
        if not isinstance(options, Mapping):
            return
        given = [options[key] for key in ("not_before", "not_after") if key in options]
        if not all(is_day(each) for each in given):
            yield "une date s'écrit comme un jour, entre guillemets : « 2026-06-04 »"
        elif given != sorted(given):
            yield "la première date permise suit la dernière"


def is_day(text: Any) -> bool:
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except (TypeError, ValueError):
        return False


class Date(Single):
    code = "date"
    name = "Date"
    facts_offered = (Fact("value", "réponse", is_date=True),)
    options_form = DateOptions

    def example(self, question: Question) -> str:
        return f"Par exemple {EXAMPLE}."

    def field(self, question: Question) -> forms.Field:
        return day("", french.quoted(question.short_label), question.options)

    def to_value(self, question: Question, cleaned: dict[str, Any], context: Context) -> Any:
        return cleaned["value"].isoformat()

    def lines(self, question: Question, value: Any) -> list[Line]:
        return [Line("", french.day(dt.date.fromisoformat(value)))]

    def facts(self, value: Any) -> dict[str, Any]:
        return {"value": dt.date.fromisoformat(value)}

    def field_cells(self, question: Question, value: Any) -> list[Cell]:
        return [None if value is None else dt.date.fromisoformat(value)]
