"""Complete answers to the form of an étape, drawn at random: what the dossiers of a volume are cast from.

A mould is filled question by question as the form asks them, so that it holds exactly what a référent who made these
choices would have answered. What names an establishment or a person is put in for each dossier.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from dossiers import kinds, queries
from dossiers.demo import answers as demo
from dossiers.enums import Status
from dossiers.models import Dossier, DossierStage, FormRevision, Question
from dossiers.sheet import Entry, Sheet
from dossiers.volume.copying import written
from dossiers.volume.people import FIRST_NAMES, LAST_NAMES
from establishments.models import LegalEntity

TEXTS = (
    "Trois services sont équipés.\nLes autres le seront au prochain trimestre.",
    "Le plan d'action est suivi par le comité de direction chaque mois.",
    "Deux équipements anciens seront remplacés avant l'été.",
    "La sensibilisation des équipes a commencé en janvier ; un exercice de crise est prévu à l'automne.",
)
POSITIONS = ("RSSI", "Directrice des systèmes d'information", "Responsable informatique", "Directeur adjoint")
CELLS = {"text": "Centre hospitalier", "number": "12", "amount": "12 500,50", "date": "2026-05-04"}
#: Of the optional questions, those that are answered.
ANSWERED = 0.6


@dataclass
class Mould:
    """Answers by code, as (raw, value); `files` are the questions that hold some."""

    revision: FormRevision
    answers: dict[str, tuple[kinds.Raw, Any]] = field(default_factory=dict)
    contacts: list[str] = field(default_factory=list)
    banks: list[str] = field(default_factory=list)
    perimeters: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    track: str = ""

    @cached_property
    def written(self) -> dict[str, tuple[str, str]]:
        """The answers as their columns receive them."""
        return {code: (written(raw), written(value)) for code, (raw, value) in self.answers.items()}


def contact(chance: random.Random) -> dict[str, str]:
    """The value of a contact, which is also what is typed for it but the phone."""
    first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
    return {
        "civility": chance.choice(("madame", "monsieur")),
        "first_name": first,
        "last_name": last,
        "position": chance.choice(POSITIONS),
        "email": f"contact.{chance.randrange(100_000)}@exemple.fr",
        "phone": f"+331{chance.randrange(10**7, 10**8)}",
    }


def choice(question: Question, chance: random.Random) -> kinds.Raw:
    chosen = chance.choice(question.options["choices"])
    return {"value": chosen["value"], **({"text": "À préciser"} if chosen.get("text") else {})}


def several(question: Question, chance: random.Random) -> kinds.Raw:
    values = [each["value"] for each in question.options["choices"]]
    return {"value": sorted(chance.sample(values, chance.randint(1, len(values))))}


def rows(question: Question) -> kinds.Raw:
    return {
        f"{column['code']}_1": column["choices"][0] if column["kind"] == "choice" else CELLS[column["kind"]]
        for column in question.options["columns"]
    }


def perimeter(entry: Entry) -> kinds.Raw:
    sites = sorted(site.finess for site in entry.context.sites)
    boxes = ("sites", "equipped") if "equipped" in entry.kind.field_names(entry.question) else ("sites",)
    return {name: [*sites] for name in boxes}


def typed(entry: Entry, chance: random.Random) -> kinds.Raw:
    """What is typed for a question; nothing for a kind that is not known here."""
    question = entry.question
    iban, bic = demo.BANKS[0]
    by_kind: dict[str, Callable[[], kinds.Raw]] = {
        "commitment": lambda: {"value": "on"},
        "single_choice": lambda: choice(question, chance),
        "multiple_choice": lambda: several(question, chance),
        "short_text": lambda: {"value": "NSCQGGBPCA"},
        "long_text": lambda: {"value": chance.choice(TEXTS)},
        "number": lambda: {"value": str(question.options.get("max", 12))},
        "amount": lambda: {"value": "38 400,50"},
        "date": lambda: {"value": "2026-05-04"},
        "email": lambda: {"value": "securite@exemple.fr"},
        "phone": lambda: {"value": "03 25 01 02 03"},
        "contact": lambda: {**contact(chance)},
        "bank": lambda: {"holder": "Établissement", "iban": iban, "bic": bic},
        "perimeter": lambda: perimeter(entry),
        "table": lambda: rows(question),
        "aids": lambda: {"date_1": "2025-03-15", "amount_1": "12 500,00", "body_1": "ARS", "basis_1": "Minimis"},
    }
    return by_kind.get(question.kind, dict)()


def cast(revision: FormRevision, example: LegalEntity, chance: random.Random) -> Mould:
    """A form answered for the EJ `example`, in memory alone."""
    blank = DossierStage(
        dossier=Dossier(legal_entity=example), stage=revision.stage, revision=revision, status=Status.DRAFT
    )
    sheet = Sheet(blank, queries.sections(revision), answers={}, files=[])
    seen: set[str] = set()
    while left := [entry for entry in sheet.shown if entry.code not in seen]:
        for entry in left:
            seen.add(entry.code)
            if entry.kind.has_fields and (entry.question.mandatory or chance.random() < ANSWERED):
                raw = typed(entry, chance)
                entry.retype(raw, entry.kind.clean(entry.question, raw, sheet.context))
        sheet.settle()
    mould = Mould(revision, track=sheet.track)
    for entry in sheet.shown:
        if entry.value is not None:
            mould.answers[entry.code] = (entry.raw, entry.value)
            by_kind = {"contact": mould.contacts, "bank": mould.banks, "perimeter": mould.perimeters}
            by_kind.get(entry.question.kind, []).append(entry.code)
        if entry.kind.has_files and entry.question.mandatory:
            mould.files.append(entry.code)
    return mould
