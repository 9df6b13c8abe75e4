"""When is a question asked? The function that the page, the recap and the guard share."""

from __future__ import annotations

from typing import Any

import pytest

from dossiers import conditions

FACTS: dict[str, dict[str, Any]] = {
    "kind": {"value": "convention"},
    "boxes": {"value": ["a", "b"]},
    "perimeter": {"value": ["750000001"], "regions": 2, "legal_entities": 1},
    "commitment": {"value": True},
    "bank": {"value": {"iban": "FR76"}},
}
YES: dict[str, Any] = {"question": "kind", "in": ["convention"]}
NO: dict[str, Any] = {"question": "kind", "in": ["essms"]}


@pytest.mark.parametrize(
    ("condition", "asked"),
    [
        (None, True),
        ({}, True),
        (YES, True),
        (NO, False),
        ({"question": "kind", "in": ["essms", "convention"]}, True),
        ({"question": "kind", "in": []}, False),
        ({"question": "boxes", "in": ["b", "z"]}, True),
        ({"question": "boxes", "in": ["z"]}, False),
        ({"question": "commitment", "in": [True]}, True),
        ({"question": "perimeter", "fact": "regions", "above": 1}, True),
        ({"question": "perimeter", "fact": "regions", "above": 2}, False),
        ({"question": "perimeter", "fact": "legal_entities", "above": 1}, False),
        ({"all": [YES, YES]}, True),
        ({"all": [YES, NO]}, False),
        ({"any": [NO, YES]}, True),
        ({"any": [NO, NO]}, False),
        ({"all": []}, True),
        ({"any": []}, False),
        ({"any": [{"all": [YES, NO]}, {"all": [YES, {"any": [NO, YES]}]}]}, True),
        # Not answered, not shown, or asked for something the answer does not say: no.
        ({"question": "nowhere", "in": ["convention"]}, False),
        ({"question": "nowhere", "fact": "regions", "above": -1}, False),
        ({"question": "kind", "fact": "regions", "above": 1}, False),
        ({"question": "kind", "above": 1}, False),
        ({"question": "bank", "in": ["FR76"]}, False),
        ({"question": "perimeter", "fact": "unknown", "in": ["x"]}, False),
    ],
)
def test_condition(condition: dict[str, Any] | None, asked: bool) -> None:
    assert conditions.holds(condition, FACTS) is asked


def test_the_leaves_of_a_condition() -> None:
    condition = {"any": [YES, {"all": [NO, {"any": [YES]}]}]}
    assert list(conditions.leaves(condition)) == [YES, NO, YES]
    assert list(conditions.leaves(YES)) == [YES]
    assert list(conditions.leaves(None)) == []
