"""« Affichée si »: a condition made by choosing among earlier answers, never by writing code (G4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms

from dossiers import conditions, kinds
from dossiers.kinds import Fact
from dossiers.kinds.options import plain
from dossiers.models import Question
from ecare import forms as care_forms
from ecare.widgets import DateInput

ALWAYS, ALL, ANY, KEPT = "always", "all", "any", "kept"
MODES = [
    (ALWAYS, "Toujours"),
    (ALL, "Si toutes ces conditions sont remplies"),
    (ANY, "Si au moins une de ces conditions est remplie"),
]
#: What each comparison asks of a number and of a day.
BOUNDS = {"above": ("Plus de", "Après le"), "below": ("Moins de", "Avant le")}


@dataclass(frozen=True)
class Askable:
    """Something that an earlier answer tells, with the fields that ask it."""

    question: Question
    fact: Fact
    fields: list[forms.BoundField]

    @property
    def is_used(self) -> bool:
        return any(field.value() not in (None, "", []) or field.errors for field in self.fields)

    @property
    def legend(self) -> str:
        label = self.question.short_label
        return label if self.fact.code == "value" else f"{label}\u00a0: {self.fact.label}"


class ConditionForm(care_forms.Form):
    """When a question is asked. `earlier` are the questions before it, `condition` what is stored."""

    mode = forms.ChoiceField(label="Affichée", choices=MODES, widget=forms.RadioSelect, initial=ALWAYS)

    def __init__(
        self, *args: Any, earlier: Sequence[Question], condition: conditions.Condition | None = None, **kwargs: Any
    ) -> None:
        self.earlier = [question for question in earlier if kinds.of(question).facts_offered]
        self.condition = condition
        known = written_as_choices(condition, self.earlier)
        super().__init__(*args, initial=known if known is not None else {"mode": KEPT}, **kwargs)
        if known is None:
            self.words = conditions.in_words(condition, kinds.labels(earlier))
            self.fields["mode"].choices = [*MODES, (KEPT, "Garder la condition actuelle")]  # type: ignore[attr-defined]
        self.names: list[tuple[Question, Fact, list[str]]] = []
        for question in self.earlier:
            for fact in kinds.of(question).facts_offered:
                fields = fields_of(question, fact)
                self.fields.update(fields)
                if fields:
                    self.names.append((question, fact, [*fields]))

    #: The stored condition in French, when the choices below cannot say it.
    words = ""

    @property
    def askable(self) -> Iterator[Askable]:
        for question, fact, names in self.names:
            yield Askable(question, fact, [self[name] for name in names])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("mode") in (ALL, ANY) and not self.errors and not self.leaves(cleaned):
            self.add_error("mode", "Choisissez au moins une réponse ci-dessous, ou affichez toujours la question.")
        return cleaned

    def leaves(self, cleaned: dict[str, Any]) -> list[conditions.Condition]:
        found: list[conditions.Condition] = []
        for question, fact, names in self.names:
            cited = {"question": question.code, **({} if fact.code == "value" else {"fact": fact.code})}
            for name in names:
                value, operator = cleaned.get(name), name.rpartition("__")[2]
                if value is not False and value not in (None, "", []):  # zero is a bound
                    found.append({**cited, operator: said(question, value) if operator == "in" else stored(value)})
        return found

    def to_condition(self) -> conditions.Condition | None:
        """The condition that a valid form means."""
        mode = self.cleaned_data["mode"]
        if mode == ALWAYS:
            return None
        if mode == KEPT:
            return self.condition
        leaves = self.leaves(self.cleaned_data)
        return leaves[0] if len(leaves) == 1 else {mode: leaves}


def name_of(question: Question, fact: Fact, operator: str) -> str:
    return f"{question.code}__{fact.code}__{operator}"


def fields_of(question: Question, fact: Fact) -> dict[str, forms.Field]:
    """What may be asked of a fact: one of its answers, or to be beyond a bound."""
    if fact.is_number or fact.is_date:
        field: Any = forms.DateField if fact.is_date else forms.DecimalField
        widget = {"widget": DateInput} if fact.is_date else {}
        return {
            name_of(question, fact, operator): field(label=labels[fact.is_date], required=False, **widget)
            for operator, labels in BOUNDS.items()
        }
    if fact.code != "value":
        return {}
    if question.kind == "commitment":
        return {name_of(question, fact, "in"): forms.BooleanField(label="La case est cochée", required=False)}
    citable = kinds.of(question).citable(question.options)
    if not citable:
        return {}
    choices = forms.MultipleChoiceField(
        label="Réponse parmi", choices=citable, required=False, widget=forms.CheckboxSelectMultiple
    )
    return {name_of(question, fact, "in"): choices}


def said(question: Question, value: Any) -> list[Any]:
    return [True] if value is True else [*value]


def stored(bound: Any) -> Any:
    return bound.isoformat() if isinstance(bound, dt.date) else plain(bound)


def written_as_choices(condition: conditions.Condition | None, earlier: Sequence[Question]) -> dict[str, Any] | None:
    """The fields of the form that say a stored condition; None when they cannot: conditions inside conditions, or on
    what is no longer asked."""
    if not condition:
        return {"mode": ALWAYS}
    mode = next((mode for mode in (ALL, ANY) if mode in condition), ALL)
    initial: dict[str, Any] = {"mode": mode}
    asked = {question.code: question for question in earlier}
    for leaf in condition.get(mode, [condition]):
        if leaf.keys() & {ALL, ANY} or leaf.get("question") not in asked:
            return None
        question = asked[leaf["question"]]
        fact = next((f for f in kinds.of(question).facts_offered if f.code == leaf.get("fact", "value")), None)
        operators = leaf.keys() & set(conditions.OPERATORS)
        if fact is None or len(operators) != 1:
            return None
        [operator] = operators
        name = name_of(question, fact, operator)
        field = fields_of(question, fact).get(name)
        value = leaf[operator] if operator == "in" else conditions.limit_of(leaf[operator])
        if field is None or name in initial or not says(field, value):
            return None
        initial[name] = True if isinstance(field, forms.BooleanField) else value
    return initial


def says(field: forms.Field, value: Any) -> bool:
    """Whether the field can show this value."""
    if isinstance(field, forms.MultipleChoiceField):
        offered: Any = field.choices
        return isinstance(value, list) and set(value) <= {each for each, _ in offered}
    if isinstance(field, forms.BooleanField):
        return bool(value == [True])
    return isinstance(value, dt.date if isinstance(field, forms.DateField) else Decimal)
