"""What a file that waits would change in a trame (F6)."""

from __future__ import annotations

from dataclasses import dataclass

from funding.expense_comparison import Comparison, compare, fingerprint
from funding.expense_rules import Entry
from funding.models import ExpenseImport, Grant


@dataclass(frozen=True)
class Review:
    """`read` is the fingerprint of what is shown."""

    waiting: ExpenseImport
    entries: list[Entry]
    comparison: Comparison
    read: str


def review(grant: Grant) -> Review | None:
    """The file that waits beside the trame as it is; None when none waits: 2 queries."""
    waiting = ExpenseImport.objects.filter(grant=grant).first()
    if waiting is None:
        return None
    entries = [Entry.from_json(each) for each in waiting.lines]
    current = list(grant.expenses.in_force().order_by("-spent_on", "-pk"))
    return Review(waiting, entries, compare(current, entries), fingerprint(current, waiting.key))
