"""When is a question asked? The function that the page, the recap and the guard share."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
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


# Numbers and days


@pytest.mark.parametrize(
    ("fact", "condition", "asked"),
    [
        (Decimal("10.5"), {"above": 10}, True),
        (Decimal("10.5"), {"above": 10.5}, False),
        (Decimal("0.3"), {"above": 0.3}, False),  # exact: 0.3 is 0.3
        (Decimal("10.5"), {"below": "10.51"}, True),
        (Decimal(3), {"below": 3}, False),
        (2, {"below": 3}, True),
        (True, {"above": 0}, False),
        ("10", {"above": 1}, False),
        (Decimal(3), {"above": "2026-06-04"}, False),
        (Decimal(3), {"above": "beaucoup"}, False),
        (Decimal(3), {"above": None}, False),
        (Decimal(3), {"below": float("inf")}, False),
        (dt.date(2026, 6, 5), {"above": "2026-06-04"}, True),
        (dt.date(2026, 6, 4), {"above": "2026-06-04"}, False),
        (dt.date(2026, 6, 3), {"below": "2026-06-04"}, True),
        (dt.date(2026, 6, 3), {"below": 20260604}, False),
    ],
)
def test_a_bound_is_exact_and_excluded(fact: Any, condition: dict[str, Any], asked: bool) -> None:
    assert conditions.holds({"question": "q", **condition}, {"q": {"value": fact}}) is asked


LABELS = {
    "kind": conditions.Labels("Statut", values={"essms": "ESSMS seul", "convention": "Convention"}),
    "perimeter": conditions.Labels("Périmètre", facts={"regions": "nombre de régions"}),
    "commitment": conditions.Labels("Engagement", values={True: "cochée"}),
    "budget": conditions.Labels("Budget"),
    "start": conditions.Labels("Début"),
}


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        (None, ""),
        (YES, "Affichée si « Statut » est « Convention »."),
        (
            {"question": "kind", "in": ["essms", "convention"]},
            "Affichée si « Statut » est « ESSMS seul » ou « Convention ».",
        ),
        ({"question": "kind", "in": ["a", "b", "c"]}, "Affichée si « Statut » est « a », « b » ou « c »."),
        ({"question": "commitment", "in": [True]}, "Affichée si « Engagement » est cochée."),
        (
            {"question": "perimeter", "fact": "regions", "above": 1},
            "Affichée si le nombre de régions de « Périmètre » dépasse 1.",
        ),
        ({"question": "budget", "below": 1500.5}, "Affichée si « Budget » est inférieur à 1 500,5."),
        ({"question": "start", "above": "2026-06-01"}, "Affichée si « Début » est après le 1er juin 2026."),
        ({"question": "start", "below": "2026-06-04"}, "Affichée si « Début » est avant le 4 juin 2026."),
        ({"question": "gone", "in": ["x"]}, "Affichée si « gone » est « x »."),
        (
            {"all": [YES, {"any": [NO, {"question": "budget", "above": 2}]}]},
            "Affichée si « Statut » est « Convention » et (« Statut » est « ESSMS seul » ou « Budget » dépasse 2).",
        ),
    ],
)
def test_a_condition_in_words(condition: dict[str, Any] | None, sentence: str) -> None:
    said = conditions.in_words(condition, LABELS)
    assert said.replace("\u00a0", " ").replace("\u202f", " ") == sentence


def test_what_a_condition_depends_on() -> None:
    condition = {"any": [YES, {"all": [{"question": "budget", "above": 1}, NO]}]}
    assert conditions.depends_on(condition) == {"kind", "budget"}
    assert conditions.depends_on(None) == set()
