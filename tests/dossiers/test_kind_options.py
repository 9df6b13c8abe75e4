"""What administrators set on a question: the forms of the kinds, and what is wrong in a description's options."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict

from dossiers import kinds
from dossiers.kinds import OptionsForm
from dossiers.kinds.grid import is_blank
from dossiers.kinds.options import Cited

CHOICES = [
    {"value": "a", "label": "Premier", "points": 2},
    {"value": "b", "label": "Second", "points": 0.5},
    {"value": "c", "label": "Troisième", "points": 0},
    {"value": "other", "label": "Autre", "text": True},
]
#: One description of each shape, as a YAML file or the form writes it.
SOUND: dict[str, list[dict[str, Any]]] = {
    "single_choice": [{"choices": CHOICES}, {"choices": CHOICES, "axis": "network"}],
    "multiple_choice": [{"choices": CHOICES[:3], "axis": "network"}],
    "short_text": [{}, {"max_length": 40}],
    "long_text": [{"max_length": 20_000}],
    "files": [
        {},
        {"files": {"extensions": ["docx"], "max_files": 1, "max_megabytes": 5}},
        {"expected": {"question": "perimeter", "fact": "legal_entities"}},
    ],
    "bank": [{"files": {"max_files": 1}}],
    "perimeter": [{}, {"other_entities": True}],
    "number": [{}, {"min": 0, "max": 12.5, "decimals": 1, "unit": "postes"}],
    "amount": [{}, {"min": 1, "max": 100_000}],
    "date": [{}, {"not_before": "2026-01-01", "not_after": "2026-12-31"}],
    "email": [{}],
    "phone": [{}],
    "table": [
        {
            "columns": [
                {"code": "item", "label": "Poste", "kind": "text"},
                {"code": "nature", "label": "Nature", "kind": "choice", "choices": ["Achat", "Prestation"]},
                {"code": "cost", "label": "Montant", "kind": "amount", "optional": True},
            ],
            "max_rows": 5,
        }
    ],
    "commitment": [{}],
    "contact": [{}],
    "aids": [{}],
}


def edited(code: str, options: dict[str, Any], **typed: Any) -> OptionsForm:
    """The form of a kind as a browser sends it back, some fields typed anew."""
    form_class = kinds.KINDS[code].options_form
    shown = form_class(initial=form_class.initial_from(options), axes=[("network", "Réseau")])
    data = QueryDict(mutable=True)
    for field in shown:
        value = typed.get(field.name, field.value())
        if isinstance(value, list):
            data.setlist(field.name, value)
        elif not is_blank(value):
            data[field.name] = "on" if value is True else str(value)
    return form_class(data, initial=shown.initial, axes=[("network", "Réseau")])


@pytest.mark.parametrize(("code", "options"), [(code, each) for code, several in SOUND.items() for each in several])
def test_options_come_back_as_they_were(code: str, options: dict[str, Any]) -> None:
    assert list(kinds.KINDS[code].flaws({"options": options}, {})) == []
    form = edited(code, options)
    assert form.is_valid(), form.errors
    assert form.to_options() == options


@pytest.mark.parametrize("code", kinds.KINDS)
def test_an_option_that_no_kind_knows_is_a_flaw(code: str) -> None:
    """Else the form would drop it without a word."""
    flaws = [*kinds.KINDS[code].flaws({"options": {**SOUND[code][0], "colour": "red"}}, {})]
    assert [flaw.replace("\u00a0", " ") for flaw in flaws] == ["option inconnue, « colour »"]
    assert [*kinds.KINDS[code].flaws({"options": ["colour"]}, {})]


class TestChoices:
    def test_a_choice_is_added_moved_and_removed_by_its_row(self) -> None:
        form = edited(
            "single_choice",
            {"choices": CHOICES},
            value_1="",
            label_1="",
            points_1="",
            order_1="",
            value_5="d",
            label_5="Quatrième",
            order_5="2",
        )
        assert form.is_valid(), form.errors
        assert [each["value"] for each in form.to_options()["choices"]] == ["d", "b", "c", "other"]

    def test_spare_rows_are_there_without_script(self) -> None:
        [table] = edited("single_choice", {"choices": CHOICES}).tables
        assert len(table.rows) == len(CHOICES) + 3
        assert table.headings == ["Valeur", "Libellé", "Demander une précision", "Points", "Ordre"]

    @pytest.mark.parametrize(
        ("typed", "message"),
        [
            (
                {"label_5": "Sans valeur"},
                "Ligne 5 : renseignez la valeur, par exemple « public », ou videz toute la ligne.",
            ),
            ({"value_5": "d"}, "Ligne 5 : renseignez le libellé, ou videz toute la ligne."),
            ({"value_2": "a"}, "Deux choix ont la même valeur."),
            ({"points_1": "beaucoup"}, "Ligne 1 : saisissez des points, par exemple 2 ou 0,5."),
            ({"order_1": "premier"}, "Ligne 1 : saisissez un rang, par exemple 3."),
        ],
    )
    def test_what_is_wrong_is_said_with_its_row(self, typed: dict[str, str], message: str) -> None:
        form = edited("single_choice", {"choices": CHOICES}, **typed)
        said = [str(error).replace("\u00a0", " ") for errors in form.errors.values() for error in errors]
        assert said == [message]

    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"choices": []},
            {"choices": "a"},
            {"choices": ["a"]},
            {"choices": [{"value": 1, "label": "Un"}]},
            {"choices": [{"value": "a"}]},
            {"choices": [{"value": "a", "label": 3}]},
            {"choices": [{"value": "a", "label": "A", "points": "deux"}]},
            {"choices": [{"value": "a", "label": "A", "colour": "red"}]},
            {"choices": [{"value": "a", "label": "A"}] * 2},
        ],
    )
    @pytest.mark.parametrize("code", ["single_choice", "multiple_choice"])
    def test_flaws(self, code: str, options: dict[str, Any]) -> None:
        assert [*kinds.KINDS[code].flaws({"options": options}, {})]


def test_only_a_single_choice_asks_for_a_free_text() -> None:
    options = {"choices": [{"value": "a", "label": "A", "text": True}]}
    assert [*kinds.KINDS["single_choice"].flaws({"options": options}, {})] == []
    assert [*kinds.KINDS["multiple_choice"].flaws({"options": options}, {})]


class TestSlot:
    def test_the_documents_expected_are_chosen_among_what_earlier_answers_tell(self) -> None:
        form_class = kinds.KINDS["files"].options_form
        told = [Cited("perimeter:legal_entities", "Périmètre – nombre d'entités juridiques")]
        form = form_class({"expected": "perimeter:legal_entities"}, numbers=told)
        assert form.is_valid()
        assert form.to_options() == {"expected": {"question": "perimeter", "fact": "legal_entities"}}
        assert not form_class({"expected": "bank:iban"}, numbers=told).is_valid()

    @pytest.mark.parametrize(
        "options",
        [
            {"files": []},
            {"files": {"max_files": 0}},
            {"files": {"max_megabytes": "5"}},
            {"files": {"max_files": True}},
            {"files": {"extensions": "pdf"}},
            {"files": {"extensions": ["exe"]}},
            {"files": {"min_files": 1}},
            {"expected": "perimeter"},
        ],
    )
    def test_flaws(self, options: dict[str, Any]) -> None:
        assert [*kinds.KINDS["files"].flaws({"options": options}, {})]


def test_every_kind_is_looked_at() -> None:
    assert SOUND.keys() == kinds.KINDS.keys()


@pytest.mark.parametrize(
    ("code", "options"),
    [
        ("number", {"min": "0"}),
        ("number", {"min": 2, "max": 1}),
        ("number", {"decimals": 7}),
        ("number", {"unit": 3}),
        ("amount", {"max": True}),
        ("date", {"not_before": "04/06/2026"}),
        ("date", {"not_before": "2026-06-04", "not_after": "2026-06-03"}),
        ("date", {"not_after": 20260604}),
        ("short_text", {"max_length": 0}),
        ("short_text", {"max_length": "40"}),
        ("long_text", {"max_length": 20_001}),
        ("perimeter", {"other_entities": "yes"}),
    ],
)
def test_other_flaws(code: str, options: dict[str, Any]) -> None:
    assert [*kinds.KINDS[code].flaws({"options": options}, {})]
