"""Numbers, amounts, days, addresses and phones: what is understood, what is refused and in which words."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from dossiers import kinds
from dossiers.models import Question
from tests.dossiers.test_kinds import clean, errors, said


def question(kind: str, **options: Any) -> Question:
    return Question(code="asked", kind=kind, label="La question", short_label="Effectif", options=options)


def spaced(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("kind", "options", "typed", "value", "words"),
    [
        ("number", {}, "1 250", "1250", "1 250"),
        ("number", {"unit": "postes"}, "12 postes", "12", "12 postes"),
        ("number", {"decimals": 2, "unit": "%"}, "12,50\u00a0%", "12.50", "12,50 %"),
        ("number", {"min": -5}, "-5", "-5", "−5"),
        ("number", {"min": 0.5, "decimals": 1}, "0,5", "0.5", "0,5"),
        ("amount", {}, "12\u202f500,50\u00a0€", "12500.50", "12 500,50 €"),
        ("amount", {}, "1000", "1000.00", "1 000 €"),
        ("amount", {}, "0", "0.00", "0 €"),
        ("amount", {"min": -10}, "-0,01", "-0.01", "−0,01 €"),
        ("date", {}, "15/03/2025", "2025-03-15", "15 mars 2025"),
        ("date", {}, "2025-03-01", "2025-03-01", "1er mars 2025"),
        ("date", {"not_before": "2026-06-04"}, "2026-06-04", "2026-06-04", "4 juin 2026"),
        ("email", {}, " nom@exemple.fr ", "nom@exemple.fr", "nom@exemple.fr"),
        ("phone", {}, "01.23.45.67.89", "+33123456789", "01 23 45 67 89"),
        ("phone", {}, "0590 12 34 56", "+590590123456", "0590 12 34 56"),
        ("phone", {}, "0692 12 34 56", "+262692123456", "0692 12 34 56"),
        ("phone", {}, "+262 262 12 34 56", "+262262123456", "0262 12 34 56"),
    ],
)
def test_what_is_understood(kind: str, options: dict[str, Any], typed: str, value: Any, words: str) -> None:
    asked = question(kind, **options)
    assert clean(asked, {"value": typed}) == value
    assert [(label, spaced(text)) for label, text in said(asked, value)] == [("", words)]


@pytest.mark.parametrize(
    ("kind", "options", "typed", "message"),
    [
        ("number", {}, "douze", "« Effectif » : saisissez un nombre entier, par exemple 12."),
        ("number", {}, "12,5", "« Effectif » : saisissez un nombre entier, par exemple 12."),
        (
            "number",
            {"decimals": 1},
            "1,25",
            "« Effectif » : saisissez un nombre avec au plus 1 chiffre après la virgule, par exemple 12,5.",
        ),
        ("number", {"min": 3, "unit": "postes"}, "2", "« Effectif » : saisissez au moins 3 postes."),
        ("number", {"max": 1500}, "1501", "« Effectif » : saisissez au plus 1 500."),
        ("number", {}, "9" * 16, "« Effectif » : ce nombre est trop long, vérifiez-le."),
        ("number", {}, "1e400", "« Effectif » : ce nombre est trop long, vérifiez-le."),
        ("number", {}, "NaN", "« Effectif » : saisissez un nombre entier, par exemple 12."),
        ("amount", {}, "environ 500", "« Effectif » : saisissez un montant en euros, par exemple 12 500,00."),
        ("amount", {}, "-1", "« Effectif » : saisissez au moins 0 €."),
        ("amount", {"max": 1000}, "1000,01", "« Effectif » : saisissez au plus 1 000 €."),
        ("amount", {}, "12,345", "« Effectif » : arrondissez le montant au centime, par exemple 12 500,00."),
        ("amount", {}, "99999999999", "« Effectif » : ce montant est trop élevé, vérifiez-le."),
        ("date", {}, "31/02/2025", "« Effectif » : saisissez une date, par exemple 15/03/2025."),
        ("date", {}, "15/03/0025", "« Effectif » : choisissez une date à partir du 1er janvier 1900."),
        (
            "date",
            {"not_after": "2026-06-04"},
            "05/06/2026",
            "« Effectif » : choisissez une date jusqu'au 4 juin 2026.",
        ),
        ("email", {}, "nom@exemple", "« Effectif » : saisissez une adresse électronique, par exemple nom@exemple.fr."),
        (
            "phone",
            {},
            "0123",
            "« Effectif » : saisissez un numéro de téléphone valide, par exemple 01 23 45 67 89 ou +262 262 12 34 56.",
        ),
    ],
)
def test_what_is_refused_names_the_field_and_gives_an_example(
    kind: str, options: dict[str, Any], typed: str, message: str
) -> None:
    asked = question(kind, **options)
    assert clean(asked, {"value": typed}) is None
    assert [spaced(each) for each in errors(asked, {"value": typed})["value"]] == [message]


@pytest.mark.parametrize(
    ("kind", "value", "cell", "fact"),
    [
        ("number", "12.50", Decimal("12.50"), Decimal("12.5")),
        ("amount", "1000.00", Decimal(1000), Decimal(1000)),
        ("date", "2025-03-15", dt.date(2025, 3, 15), dt.date(2025, 3, 15)),
    ],
)
def test_exports_and_conditions_get_numbers_and_days(kind: str, value: str, cell: Any, fact: Any) -> None:
    asked = question(kind)
    assert kinds.of(asked).cells(asked, value, []) == [cell]
    assert kinds.of(asked).facts(value) == {"value": fact}


@pytest.mark.parametrize(
    ("kind", "attributes"),
    [
        ("number", 'inputmode="decimal"'),
        ("amount", 'inputmode="decimal"'),
        ("date", 'type="date"'),
        ("email", 'type="email"'),
        ("phone", 'type="tel"'),
    ],
)
def test_the_right_keyboard_comes_up_and_nothing_is_required_by_the_browser(kind: str, attributes: str) -> None:
    asked = question(kind)
    html = str(kinds.of(asked).unbound_form(asked, kinds.Context(None)))  # type: ignore[arg-type]
    assert attributes in html
    assert " required" not in html
