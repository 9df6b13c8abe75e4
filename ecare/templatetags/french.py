"""The functions of `ecare.french` as template filters. An empty value stays empty, so that a template needs no test."""

import datetime as dt
from collections.abc import Callable
from functools import cache
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ecare import french

register = template.Library()


def _or_empty(function: Callable[[Any], str]) -> Callable[[Any], str]:
    def filter_function(value: Any) -> str:
        return "" if value is None or value == "" else function(value)

    return filter_function


for _name in (
    "euros",
    "integer",
    "day",
    "weekday",
    "clock",
    "moment",
    "remaining",
    "size",
    "phone",
    "iban",
    "quoted",
    "duration",
    "together",
):
    register.filter(_name, _or_empty(getattr(french, _name)))


@cache
def _dated(date: dt.date) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', date.isoformat(), french.short_day(date))


@register.filter
def dated(value: dt.date | dt.datetime | None) -> str:
    """The short day of a cell, as `<time>`, written once a process: a list shows the same ones all day."""
    return "" if value is None else _dated(french.paris_date(value))


@register.filter
def until(value: Any, departement: str | None = None) -> str:
    """`{{ deadline|until }}`, or `{{ deadline|until:entity.departement_id }}` where overseas users read it."""
    return "" if value is None or value == "" else french.until(value, departement)


@register.filter
def finess(value: Any) -> str:
    """A FINESS number as it is: groups are a matter of style (class `care-finess`), so that it is copied whole."""
    return "" if value is None else str(value)


@register.filter
def count(number: int | None, nouns: str) -> str:
    """`{{ total|count:"dossier,dossiers" }}` → « 3 dossiers »."""
    singular, plural = nouns.split(",")
    return french.count(number or 0, singular, plural)
