"""Conditions on earlier answers: when is a question asked? One function, for the page, the recap and the guard.

A condition is data: `{"question": "applicant_kind", "in": ["grappe", "convention"]}`, or on another fact than the
value `{"question": "perimeter", "fact": "regions", "above": 1}`, or `{"all": [...]}`, `{"any": [...]}`. `above` and
`below` exclude their bound: a number, or a day written 2026-06-04.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from ecare import french

Condition = Mapping[str, Any]
OPERATORS = ("in", "above", "below")


@dataclass(frozen=True)
class Labels:
    """How a question, the values it offers and what else its answer tells are called."""

    question: str
    values: Mapping[Any, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)


def holds(condition: Condition | None, facts: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a question with this condition is asked, given the facts of the answered questions shown before it.

    A question that is not answered, or not shown, satisfies no condition.
    """
    if not condition:
        return True
    if "all" in condition:
        return all(holds(each, facts) for each in condition["all"])
    if "any" in condition:
        return any(holds(each, facts) for each in condition["any"])
    known = facts.get(condition["question"])
    if known is None:
        return False
    fact = known.get(condition.get("fact", "value"))
    if "in" in condition:
        wanted = condition["in"]
        return any(each in wanted for each in fact) if isinstance(fact, list) else fact in wanted
    return exceeds(fact, condition["above"]) if "above" in condition else exceeds(fact, condition["below"], sign=-1)


def exceeds(fact: Any, bound: Any, *, sign: int = 1) -> bool:
    """Whether a number or a day is above a bound (below it with `sign=-1`); never when they are of two natures."""
    limit = limit_of(bound)
    if isinstance(fact, dt.date) and isinstance(limit, dt.date):
        return fact > limit if sign > 0 else fact < limit
    if isinstance(fact, int | Decimal) and not isinstance(fact, bool) and isinstance(limit, Decimal):
        return (fact - limit) * sign > 0
    return False


def limit_of(bound: Any) -> Decimal | dt.date | None:
    """What a bound written in a condition means: an exact number, or a day; None when it is neither."""
    if isinstance(bound, bool):
        return None
    try:
        return dt.date.fromisoformat(bound)
    except (TypeError, ValueError):
        pass
    try:
        number = Decimal(str(bound))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def is_well_formed(condition: Any) -> bool:
    """Whether something read from a file has the shape of a condition, or says none."""
    if condition is None or condition == {}:
        return True
    if not isinstance(condition, Mapping):
        return False
    for key in ("all", "any"):
        if key in condition:
            parts = condition[key]
            return len(condition) == 1 and isinstance(parts, list) and bool(parts) and all(map(is_well_formed, parts))
    return all(isinstance(condition.get(key, ""), str) for key in ("question", "fact"))


def leaves(condition: Condition | None) -> Iterator[Condition]:
    """The simple conditions that a condition is made of."""
    if not condition:
        return
    if "all" in condition or "any" in condition:
        for each in (*condition.get("all", ()), *condition.get("any", ())):
            yield from leaves(each)
    else:
        yield condition


def depends_on(condition: Condition | None) -> set[str]:
    """The questions whose answers decide."""
    return {each["question"] for each in leaves(condition)}


def in_words(condition: Condition | None, labels: Mapping[str, Labels]) -> str:
    """« Affichée si « Typologie du candidat » est « Public ». »; blank when the question is always asked.

    `labels` come from `kinds.labels`; what they do not name is said by its code.
    """
    return f"Affichée si {clause(condition, labels)}." if condition else ""


def clause(condition: Condition, labels: Mapping[str, Labels], *, nested: bool = False) -> str:
    for key, word in (("all", " et "), ("any", " ou ")):
        if key in condition:
            parts = [clause(each, labels, nested=True) for each in condition[key]]
            joined = word.join(parts)
            return f"({joined})" if nested and len(parts) > 1 else joined
    known = labels.get(condition["question"], Labels(condition["question"]))
    subject = french.quoted(known.question)
    fact = condition.get("fact", "value")
    if fact != "value":
        subject = f"le {known.facts.get(fact, fact)} de {subject}"
    if "in" in condition:
        if condition["in"] == [True]:
            return f"{subject} est cochée"
        cited = [known.values.get(each, str(each)) for each in condition["in"]]
        return f"{subject} est {french.either([french.quoted(each) for each in cited] or ['rien'])}"
    bound = condition.get("above", condition.get("below"))
    limit = limit_of(bound)
    if isinstance(limit, dt.date):
        return f"{subject} est {'après' if 'above' in condition else 'avant'} le {french.day(limit)}"
    written = french.number(limit) if limit is not None else str(bound)
    return f"{subject} {'dépasse' if 'above' in condition else 'est inférieur à'} {written}"
