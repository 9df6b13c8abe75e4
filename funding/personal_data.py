"""What this room knows of a person: see `accounts.composition`.

Expenses are those of a subsidy, and stay with what was typed in them, as answers do: they name accounts by their key.
"""

from __future__ import annotations

from typing import Any

from accounts.composition import FormerIdentity, Matter
from accounts.models import User
from establishments.models import LegalEntity
from funding.models import Expense, ExpenseImport


def open_matters(user: User, legal_entity: LegalEntity | None = None) -> list[Matter]:
    return []


def export(user: User) -> dict[str, Any]:
    written = Expense.objects.filter(written_by=user).select_related("grant__dossier").order_by("pk")
    waiting = ExpenseImport.objects.filter(by=user).select_related("grant__dossier").order_by("pk")
    return {
        "dépenses saisies": [
            {
                "dossier": each.grant.dossier.reference,
                "date": each.spent_on,
                "objectif": each.objective,
                "nature": each.nature_label,
                "libellé": each.label,
                "montant TTC": each.amount,
                "justificatif": each.justification,
                "lettre de mission": each.mission_letter,
                "saisie le": each.written_at,
                "modifiée ou retirée le": each.ended_at,
            }
            for each in written
        ],
        "imports de trame à confirmer": [
            {"dossier": each.grant.dossier.reference, "fichier": each.name, "le": each.at, "lignes": each.lines}
            for each in waiting
        ],
    }


def follow(user: User) -> None:
    """Nothing here is kept of a name or an address."""


def forget(user: User, was: FormerIdentity) -> None:
    ExpenseImport.objects.filter(by=user).delete()
