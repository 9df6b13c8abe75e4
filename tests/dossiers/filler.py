"""Any form, filled: one plausible answer to each kind of question, as a browser would send it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.utils import timezone

from dossiers import kinds, queries, workflow
from dossiers.models import DossierStage, Question
from dossiers.sheet import Entry
from tests.dossiers import factories

Pick = Callable[[Sequence[Any]], Any]


def first(offered: Sequence[Any]) -> Any:
    return offered[0]


def last(offered: Sequence[Any]) -> Any:
    return offered[-1]


def choice(question: Question, pick: Pick) -> kinds.Raw:
    chosen = pick(question.options["choices"])
    return {"value": chosen["value"], **({"text": "À préciser"} if chosen.get("text") else {})}


def perimeter(entry: Entry) -> kinds.Raw:
    sites = sorted(site.finess for site in entry.context.sites)
    boxes = ("sites", "equipped") if "equipped" in entry.kind.field_names(entry.question) else ("sites",)
    return {name: [*sites] for name in boxes}


CELLS = {"text": "Centre hospitalier", "number": "12", "amount": "12 500,50", "date": "2026-05-04"}


def rows(question: Question) -> kinds.Raw:
    return {
        f"{column['code']}_1": column["choices"][0] if column["kind"] == "choice" else CELLS[column["kind"]]
        for column in question.options["columns"]
    }


def answer(entry: Entry, pick: Pick) -> kinds.Raw:
    """What is typed for a question. A kind that is not known here fails: add it."""
    question = entry.question
    typed: dict[str, Callable[[], kinds.Raw]] = {
        "commitment": lambda: {"value": "on"},
        "single_choice": lambda: choice(question, pick),
        "multiple_choice": lambda: {"value": sorted(each["value"] for each in question.options["choices"])},
        "short_text": lambda: {"value": "NSCQGGBPCA"},
        "long_text": lambda: {"value": "Trois services sont équipés.\nLes autres suivront."},
        "number": lambda: {"value": str(question.options.get("max", 12))},
        "amount": lambda: {"value": "38 400,50"},
        "date": lambda: {"value": "2026-05-04"},
        "email": lambda: {"value": "securite@exemple.fr"},
        "phone": lambda: {"value": "03 25 01 02 03"},
        "contact": factories.contact,
        "bank": lambda: {"holder": "Hôpital", "iban": factories.IBAN, "bic": factories.BIC},
        "perimeter": lambda: perimeter(entry),
        "table": lambda: rows(question),
        "aids": lambda: {"date_1": "2025-03-15", "amount_1": "12 500,00", "body_1": "ARS", "basis_1": "Minimis"},
    }
    return typed[question.kind]()


def fill(dossier_stage: DossierStage, pick: Pick = first) -> DossierStage:
    """Answer everything asked, then what these answers make appear, until nothing is left."""
    by, done = dossier_stage.dossier.referent, set()
    while left := [entry for entry in queries.sheet(dossier_stage).shown if entry.code not in done]:
        raws = {entry.code: answer(entry, pick) for entry in left if entry.kind.has_fields}
        workflow.save_answers(dossier_stage, raws, bases={}, by=by, at=timezone.now())
        for entry in left:
            if entry.kind.has_files:
                workflow.add_file(dossier_stage, entry.code, factories.pdf(), by=by, at=timezone.now())
        done |= {entry.code for entry in left}
    return factories.fresh(dossier_stage)
