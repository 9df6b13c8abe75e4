"""Lines of the trame financière in words: those in force, and those that a file would write."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from django import template

from ecare import french
from funding.enums import ExpenseNature
from funding.expense_files import COLUMNS
from funding.expense_rules import Entry
from funding.models import Expense
from funding.queries.expenses import Trame

register = template.Library()


@dataclass(frozen=True)
class Difference:
    label: str
    before: str
    after: str


@register.filter
def nature(code: str) -> str:
    return ExpenseNature(code).label


@register.filter
def objective_of(code: str, trame: Trame) -> str:
    """The name of an objective; its code when it is of another parcours."""
    return trame.terms.objectives.get(code, code)


@register.filter
def references(entry: Entry | Expense) -> str:
    """« F-12, lettre de mission LM-1 »."""
    letter = f"lettre de mission {entry.mission_letter}" if entry.mission_letter else ""
    return ", ".join(each for each in (entry.justification, letter) if each)


@register.simple_tag
def differences(was: Expense, entry: Entry, trame: Trame) -> list[Difference]:
    """The fields of a line that become something else."""
    before = Entry.of(was)
    names = [each.name for each in fields(Entry) if getattr(before, each.name) != getattr(entry, each.name)]
    return [
        Difference(COLUMNS[name], said(name, getattr(before, name), trame), said(name, getattr(entry, name), trame))
        for name in names
    ]


def said(name: str, value: Any, trame: Trame) -> str:
    match name:
        case "amount":
            return french.euros(value)
        case "spent_on":
            return french.short_day(value)
        case "nature":
            return nature(value)
        case "objective":
            return objective_of(value, trame)
    return str(value) or "vide"
