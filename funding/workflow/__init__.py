"""Every write of the room: one function per change, with its actor (architecture.md)."""

from dossiers.workflow import NotAllowed, Refused
from funding.workflow import (
    agreements,
    checking,
    controls,
    envelopes,
    expense_imports,
    expenses,
    grants,
    mending,
    objectives,
    payable,
    payment_imports,
    payments,
    templates,
)

__all__ = [
    "NotAllowed",
    "Refused",
    "agreements",
    "checking",
    "controls",
    "envelopes",
    "expense_imports",
    "expenses",
    "grants",
    "mending",
    "objectives",
    "payable",
    "payment_imports",
    "payments",
    "templates",
]
