"""Aids already received: a table of a few rows, the same everywhere (F3, Q&A 3.4)."""

from __future__ import annotations

from typing import Any

from dossiers.kinds.base import Fact
from dossiers.kinds.options import OptionsForm
from dossiers.kinds.table import Table
from dossiers.models import Question

#: Small ones are many before they make the ceiling, and no text bounds their number (Q&A 3.4).
MOST_AIDS = 100


class Aids(Table):
    code = "aids"
    name = "Tableau d'aides"
    facts_offered = (Fact("rows", "nombre d'aides déclarées", is_number=True),)
    options_form = OptionsForm
    key = "aids"
    nouns = ("aide déclarée", "aides déclarées")

    def declared(self, question: Question) -> list[dict[str, Any]]:
        return [
            {"code": "date", "label": "Date d'octroi", "kind": "date"},
            {"code": "amount", "label": "Montant en euros", "kind": "amount", "min": 0.01},
            {"code": "body", "label": "Organisme", "kind": "text"},
            {"code": "basis", "label": "Fondement juridique", "kind": "text"},
        ]

    def most_rows(self, question: Question) -> int:
        return MOST_AIDS
