"""« Affichée si », by choice: what the boxes say is what is stored, and what they cannot say is kept."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import given, settings

from dossiers import conditions
from dossiers.admin.conditions import ConditionForm
from dossiers.models import Question
from tests.dossiers import strategies


def shown(form: ConditionForm) -> QueryDict:
    """What a browser sends of the form as it is shown."""
    data = QueryDict(mutable=True)
    for field in form:
        value = field.value()
        if isinstance(value, list):
            data.setlist(field.html_name, [str(each) for each in value])
        elif value is not False and value not in (None, ""):
            data[field.html_name] = "on" if value is True else str(value)
    return data


def sent(form: ConditionForm, earlier: list[Question], condition: Any) -> ConditionForm:
    return ConditionForm(shown(form), prefix="shown", earlier=earlier, condition=condition)


def same(one: conditions.Condition | None, other: conditions.Condition | None) -> bool:
    """Whether two conditions say the same, in any order."""

    def key(leaf: conditions.Condition) -> str:
        bound = {name: str(leaf[name]) for name in ("above", "below") if name in leaf}
        return str([leaf["question"], leaf.get("fact"), sorted(map(str, leaf.get("in", []))), bound])

    kinds_of_join = [next((name for name in ("all", "any") if each and name in each), "") for each in (one, other)]
    leaves = [sorted(key(leaf) for leaf in conditions.leaves(each)) for each in (one, other)]
    return kinds_of_join[0] == kinds_of_join[1] and leaves[0] == leaves[1]


@settings(max_examples=60)
@given(strategies.forms())
def test_a_condition_shown_and_saved_is_the_same(form: list[dict[str, Any]]) -> None:
    earlier: list[Question] = []
    for description in form:
        condition = description["shown_when"]
        page = ConditionForm(prefix="shown", earlier=earlier, condition=condition)
        saved = sent(page, earlier, condition)
        assert saved.is_valid(), (condition, saved.errors)
        assert same(saved.to_condition(), condition), (condition, saved.to_condition())
        earlier.append(strategies.question(description))


CHOICE = {
    "code": "size",
    "kind": "single_choice",
    "short_label": "Taille",
    "options": {"choices": [{"value": "small", "label": "Petite"}, {"value": "large", "label": "Grande"}]},
}


@pytest.mark.parametrize(
    "condition",
    [
        {"all": [{"any": [{"question": "size", "in": ["small"]}]}, {"question": "size", "in": ["large"]}]},
        {"question": "gone", "in": ["a"]},
        {"question": "size", "in": ["medium"]},
        {"any": [{"question": "size", "in": ["small"]}, {"question": "size", "in": ["large"]}]},
    ],
)
def test_what_no_box_says_is_told_in_words_and_kept(condition: dict[str, Any]) -> None:
    earlier = [Question(**CHOICE)]
    page = ConditionForm(prefix="shown", earlier=earlier, condition=condition)
    assert page.words.startswith("Affichée si ")
    saved = sent(page, earlier, condition)
    assert saved.is_valid()
    assert saved.to_condition() == condition
