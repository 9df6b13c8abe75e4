"""The score of a self-assessment, axis by axis.

A form names its axes. A choice question says which one it counts for (`options["axis"]`), and each of its choices how
many points it gives (`points`, none when unsaid). Points are exact decimals: nothing is rounded but the percentages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dossiers import kinds
from dossiers.models import Question


@dataclass(frozen=True)
class Score:
    """Points obtained out of those that the questions asked can give. A question without an answer gives none."""

    label: str
    points: Decimal
    possible: Decimal
    #: Questions asked that have no answer.
    missing: int

    @property
    def percent(self) -> int:
        """Rounded down, so that 100 % always means every point; 0 when nothing can be obtained."""
        return int(self.points * 100 // self.possible) if self.possible else 0

    @property
    def percent_left(self) -> int:
        return 100 - self.percent


@dataclass(frozen=True)
class Result:
    """A score per axis, in the order of the form, and their sum."""

    axes: tuple[Score, ...]

    @property
    def total(self) -> Score:
        return Score(
            "Ensemble",
            sum((axis.points for axis in self.axes), Decimal()),
            sum((axis.possible for axis in self.axes), Decimal()),
            sum(axis.missing for axis in self.axes),
        )


def compute(axes: Iterable[Mapping[str, str]], asked: Iterable[tuple[Question, Any]]) -> Result:
    """The scores of a form, given its axes (`FormRevision.axes`) and the questions asked, each with its value.

    A value is None while the question has no valid answer. Questions hidden by a condition must not be given: neither
    their points nor the points they could give count. Questions of no axis, or of an axis that the form does not have,
    count for nothing.
    """
    by_axis: dict[str, list[tuple[Question, Any]]] = {axis["code"]: [] for axis in axes}
    labels = {axis["code"]: axis["label"] for axis in axes}
    for question, value in asked:
        if (axis := question.options.get("axis")) in by_axis:
            by_axis[axis].append((question, value))
    return Result(
        tuple(
            Score(
                labels[code],
                sum((obtained(question, value) for question, value in entries), Decimal()),
                sum((possible(question) for question, _ in entries), Decimal()),
                sum(value is None for _, value in entries),
            )
            for code, entries in by_axis.items()
        )
    )


def points(question: Question) -> dict[str, Decimal]:
    """What each choice of a question gives."""
    return {choice["value"]: Decimal(str(choice.get("points", 0))) for choice in question.options.get("choices", [])}


def possible(question: Question) -> Decimal:
    """The most that a question gives: its best choice, or all its choices when several may be ticked."""
    offered = points(question).values()
    return sum(offered, Decimal()) if question.kind == "multiple_choice" else max(offered, default=Decimal())


def obtained(question: Question, value: Any) -> Decimal:
    """What an answer gives."""
    if value is None:
        return Decimal()
    chosen = kinds.of(question).facts(value)["value"]
    gives = points(question)
    return sum((gives.get(each, Decimal()) for each in ([chosen] if isinstance(chosen, str) else chosen)), Decimal())
