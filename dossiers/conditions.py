"""Conditions on earlier answers: when is a question asked? One function, for the page, the recap and the guard.

A condition is data: `{"question": "applicant_kind", "in": ["grappe", "convention"]}`, or on another fact than the
value `{"question": "perimeter", "fact": "regions", "above": 1}`, or `{"all": [...]}`, `{"any": [...]}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Condition = Mapping[str, Any]


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
    return isinstance(fact, int | float) and fact > condition["above"]


def leaves(condition: Condition | None) -> Iterator[Condition]:
    """The simple conditions that a condition is made of."""
    if not condition:
        return
    if "all" in condition or "any" in condition:
        for each in (*condition.get("all", ()), *condition.get("any", ())):
            yield from leaves(each)
    else:
        yield condition
