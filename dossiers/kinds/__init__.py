"""The kinds of questions, by code. Adding a kind is adding a file here: each concrete `Kind` of the folder is one."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Iterator

from dossiers import conditions
from dossiers.kinds.base import AnswerTable, Cell, Change, Context, Fact, Kind, Line, Raw, digest
from dossiers.kinds.options import Cited, OptionsForm
from dossiers.kinds.perimeter import takes_others
from dossiers.models import Question


def found() -> Iterator[Kind]:
    """One of each concrete kind that the files of this folder define."""
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda each: each.name):
        for _, member in inspect.getmembers(importlib.import_module(f"{__name__}.{module.name}"), inspect.isclass):
            is_here = member.__module__ == f"{__name__}.{module.name}"
            if is_here and issubclass(member, Kind) and not inspect.isabstract(member):
                yield member()


KINDS: dict[str, Kind] = {kind.code: kind for kind in found()}


def of(question: Question) -> Kind:
    """The kind of a question."""
    return KINDS[question.kind]


def labels(questions: Iterable[Question]) -> dict[str, conditions.Labels]:
    """How conditions on these questions are said (see `conditions.in_words`)."""
    return {
        question.code: conditions.Labels(
            question.short_label,
            values=dict(of(question).citable(question.options)),
            facts={fact.code: fact.label for fact in of(question).facts_offered if fact.code != "value"},
        )
        for question in questions
    }


def numbers_told(questions: Iterable[Question]) -> list[Cited]:
    """The numbers that the answers to these questions tell: how many documents a slot expects, for instance."""
    return [
        Cited(f"{question.code}:{fact.code}", f"{question.short_label} – {fact.label}")
        for question in questions
        for fact in of(question).facts_offered
        if fact.is_number
    ]


__all__ = [
    "KINDS",
    "AnswerTable",
    "Cell",
    "Change",
    "Cited",
    "Context",
    "Fact",
    "Kind",
    "Line",
    "OptionsForm",
    "Raw",
    "digest",
    "labels",
    "numbers_told",
    "of",
    "takes_others",
]
