"""Lines of a trame financière for tests: typed, and made as the portal makes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from funding import workflow
from funding.expense_files import COLUMNS
from funding.expense_rules import Entry
from funding.models import Expense, ExpenseImport, Grant
from tests.dossiers import factories

ENTRY = Entry("backups", "logiciel", "Licences de sauvegarde", Decimal("1250.50"), dt.date(2026, 6, 4), "F-2026-12", "")
#: Time of one's own staff, without its letter.
STAFF = replace(ENTRY, nature="ressources-humaines", label="Temps du RSSI", justification="Feuille de temps")


def added(grant: Grant, *entries: Entry) -> list[Expense]:
    return workflow.expenses.add(grant, entries or [ENTRY], by=grant.dossier.referent)


def proved(grant: Grant) -> Expense:
    """A line at its second version, with the file of its proof."""
    [expense] = added(grant)
    files = {"proof_file": factories.pdf("Facture.pdf")}
    return workflow.expenses.change(expense, ENTRY, files, by=grant.dossier.referent, read=1)


def row(**changes: str) -> dict[str, str]:
    """What a browser sends of a line."""
    return {
        "spent_on": "2026-06-04",
        "objective": "backups",
        "nature": "logiciel",
        "label": "Licences de sauvegarde",
        "amount": "1 250,50 €",
        "justification": "F-2026-12",
        "mission_letter": "",
        **changes,
    }


def typed(*rows: dict[str, str]) -> dict[str, Any]:
    """What a browser sends of the page where lines are added: the others are left empty."""
    data = {"lignes-TOTAL_FORMS": "5", "lignes-INITIAL_FORMS": "0"}
    empty = dict.fromkeys(row(), "")
    for number, each in enumerate([*rows, *[empty] * (5 - len(rows))]):
        data |= {f"lignes-{number}-{name}": value for name, value in each.items()}
    return data


#: What a spreadsheet holds of a line.
CELLS = ("04/06/2026", "Sauvegardes protégées et testées", "Logiciel ou abonnement", "Licences", "1250,50", "F-12", "")


def csv(*rows: Iterable[str], name: str = "trame.csv", headings: Iterable[str] = tuple(COLUMNS.values())) -> Any:
    """A CSV with its headings, as LibreOffice writes it."""
    lines = [";".join(each) for each in (headings, *rows)]
    return factories.upload("\n".join([*lines, ""]).encode(), name)


def waiting(grant: Grant, *rows: Iterable[str]) -> ExpenseImport:
    """A file that was read, not yet confirmed."""
    return workflow.expense_imports.prepare(grant, csv(*rows or [CELLS]), by=grant.dossier.referent)
