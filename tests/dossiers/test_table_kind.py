"""Tables of rows: declared by an administrator, each row blank or complete."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dossiers import kinds
from dossiers.kinds import Raw
from dossiers.models import Question
from tests.dossiers.test_kinds import clean, errors, said
from tests.dossiers.test_kinds_of_one_field import spaced

COLUMNS = [
    {"code": "item", "label": "Poste", "kind": "text"},
    {"code": "cost", "label": "Montant", "kind": "amount"},
    {"code": "on", "label": "Date", "kind": "date"},
    {"code": "nature", "label": "Nature", "kind": "choice", "choices": ["Achat", "Prestation"]},
    {"code": "days", "label": "Jours", "kind": "number", "optional": True},
]


def table(**options: Any) -> Question:
    options = {"columns": COLUMNS, **options}
    return Question(code="asked", kind="table", label="Les dépenses", short_label="Dépenses", options=options)


def row(number: int, **cells: str) -> Raw:
    cells = {"item": "Pare-feu", "cost": "12 500,5", "on": "15/03/2025", "nature": "Achat"} | cells
    return {f"{code}_{number}": text for code, text in cells.items() if text}


def test_blank_rows_are_skipped_and_cells_are_exact() -> None:
    value = clean(table(), {**row(1), **row(4, item="Audit", nature="Prestation", days="2,5")})
    assert value == {
        "rows": [
            {"item": "Pare-feu", "cost": "12500.50", "on": "2025-03-15", "nature": "Achat", "days": None},
            {"item": "Audit", "cost": "12500.50", "on": "2025-03-15", "nature": "Prestation", "days": "2.5"},
        ]
    }
    lines = [(label, spaced(text)) for label, text in said(table(), value)]
    assert lines[0] == (
        "Ligne 1",
        "Poste : Pare-feu – Montant : 12 500,50 € – Date : 15 mars 2025 – Nature : Achat",
    )
    kind = kinds.of(table())
    assert kind.facts(value) == {"rows": 2}
    assert kind.cells(table(), value, [])[1:] == [Decimal(2), Decimal("25001.00"), Decimal("2.5")]
    assert len(kind.columns(table())) == len(kind.cells(table(), None, [])) == 4


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"item": ""}, "Ligne 2 : renseignez « Poste », ou videz toute la ligne."),
        ({"cost": "beaucoup"}, "Ligne 2, « Montant » : saisissez un montant en euros, par exemple 12 500,00."),
        ({"on": "hier"}, "Ligne 2, « Date » : saisissez une date, par exemple 15/03/2025."),
        ({"nature": "Vol"}, "Ligne 2, « Nature » : choisissez une réponse de la liste."),
        (
            {"days": "1,234"},
            "Ligne 2, « Jours » : saisissez un nombre avec au plus 2 chiffres après la virgule, par exemple 12,50.",
        ),
    ],
)
def test_an_error_says_its_row(cells: dict[str, str], message: str) -> None:
    raw = {**row(1), **row(2, **cells)}
    assert clean(table(), raw) is None
    assert [spaced(each) for found in errors(table(), raw).values() for each in found] == [message]


def test_zero_is_an_answer() -> None:
    value = clean(table(), row(1, cost="0", days="0"))
    assert (value["rows"][0]["cost"], value["rows"][0]["days"]) == ("0.00", "0")


def test_spare_rows_follow_the_last_one_up_to_the_limit() -> None:
    kind, context = kinds.of(table()), kinds.Context(None)  # type: ignore[arg-type]

    def shown(raw: Raw, **options: Any) -> tuple[int, bool]:
        rows = kind.bound_form(table(**options), raw, context).table()  # type: ignore[attr-defined]
        return len(rows.rows), rows.can_grow

    assert shown({}) == (3, True)
    assert shown(row(1)) == (4, True)
    assert shown(row(9)) == (10, False)
    assert shown(row(2), max_rows=2) == (2, False)
    assert "item_11" not in kind.field_names(table())


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"columns": []},
        {"columns": ["item"]},
        {"columns": COLUMNS, "max_rows": 31},
        {"columns": [COLUMNS[0], COLUMNS[0]]},
        {"columns": [{"code": "Item", "label": "Poste", "kind": "text"}]},
        {"columns": [{"code": "item", "kind": "text"}]},
        {"columns": [{"code": "item", "label": "Poste", "kind": "essay"}]},
        {"columns": [{"code": "item", "label": "Poste", "kind": "choice"}]},
        {"columns": [{"code": "item", "label": "Poste", "kind": "choice", "choices": ["a", "a"]}]},
        {"columns": [{"code": "item", "label": "Poste", "kind": "text", "choices": ["a"]}]},
        {"columns": [{"code": "item", "label": "Poste", "kind": "text", "optional": True}]},
        {"columns": [{"code": "item", "label": "Poste", "kind": "text", "colour": "red"}]},
    ],
)
def test_flaws(options: dict[str, Any]) -> None:
    assert [*kinds.KINDS["table"].flaws({"options": options}, {})]
