"""What a line of the trame financière must say (F6, Q&A 3.1 to 3.3): asked by forms, imports, then the workflow.

The subsidy is a lump sum: no expense is refused for what it paid for. A missing mission letter does not refuse a line
either (« le cas échéant », Q&A 3.3): it is asked for until it is there (docs/adr/0058).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal

from ecare import french
from funding.enums import ExpenseNature
from funding.models import EARLIEST, Expense

CENT = Decimal("0.01")
LARGEST = Decimal("9999999999.99")
LONGEST = 200
#: What a subsidy may have of lines.
MOST_LINES = 2_000
#: The objective of a barème that pays the subsidy as a whole.
WHOLE = ("projet", "Ensemble du projet")


@dataclass(frozen=True)
class Entry:
    """A line as it was typed or imported. The amount is in euros, taxes included."""

    objective: str
    nature: str
    label: str
    amount: Decimal
    spent_on: dt.date
    justification: str = ""
    mission_letter: str = ""

    @property
    def lacks_letter(self) -> bool:
        return self.nature == ExpenseNature.STAFF and not self.mission_letter

    @classmethod
    def of(cls, expense: Expense) -> Entry:
        """What a line in force says."""
        return cls(**{each.name: getattr(expense, each.name) for each in fields(cls)})

    def as_json(self) -> list[str]:
        return [str(getattr(self, each.name)) for each in fields(self)]

    @classmethod
    def from_json(cls, said: Sequence[str]) -> Entry:
        """The line that `as_json` gave."""
        objective, nature, label, amount, spent_on, justification, mission_letter = said
        day = dt.date.fromisoformat(spent_on)
        return cls(objective, nature, label, Decimal(amount), day, justification, mission_letter)


@dataclass(frozen=True)
class Terms:
    """What the subsidy and its guichet allow: its objectives by code, and from which day money counts."""

    objectives: Mapping[str, str]
    first: dt.date = EARLIEST


def flaws(entry: Entry, terms: Terms, *, today: dt.date) -> dict[str, str]:
    """What is wrong with a line, by field, each in a French sentence that says what to do."""
    found = {}
    if entry.objective not in terms.objectives:
        found["objective"] = "Cet objectif n'est pas de votre parcours\u00a0: choisissez-en un de la liste."
    if entry.nature not in ExpenseNature.values:
        found["nature"] = "Cette nature n'existe pas\u00a0: choisissez-en une de la liste."
    if not entry.label.strip():
        found["label"] = "Dites ce qui a été payé, par exemple «\u00a0Licences de sauvegarde\u00a0»."
    if entry.amount <= 0:
        found["amount"] = "Saisissez un montant supérieur à zéro, par exemple 1250,50."
    elif entry.amount > LARGEST:
        found["amount"] = "Ce montant est trop grand\u00a0: vérifiez-le, par exemple 1250,50."
    elif entry.amount != entry.amount.quantize(CENT):
        found["amount"] = "Saisissez un montant au centime près, par exemple 1250,50."
    if entry.spent_on < terms.first:
        found["spent_on"] = f"Seules comptent les dépenses faites à partir du {french.day(terms.first)}."
    elif entry.spent_on > today:
        found["spent_on"] = "Cette date est à venir\u00a0: la trame retrace les dépenses déjà faites."
    for name in ("label", "justification", "mission_letter"):
        if len(getattr(entry, name)) > LONGEST:
            found[name] = f"Ce texte dépasse {LONGEST} caractères\u00a0: raccourcissez-le."
    return found
