"""What a file changes in a trame: the lines that it keeps, changes, adds, and those that it no longer has."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from funding.expense_rules import Entry
from funding.models import Expense

#: A line that is no longer the same is still the one that says as much: it keeps its versions and its files.
LIKENESSES: tuple[Callable[[Entry], Hashable], ...] = (
    lambda entry: (entry.label, entry.spent_on, entry.amount),
    lambda entry: (entry.label, entry.spent_on),
    lambda entry: (entry.label, entry.amount),
)


@dataclass
class Comparison:
    """`changed` holds the line in force with what it becomes."""

    kept: list[Expense] = field(default_factory=list)
    changed: list[tuple[Expense, Entry]] = field(default_factory=list)
    added: list[Entry] = field(default_factory=list)
    removed: list[Expense] = field(default_factory=list)

    @property
    def changes_something(self) -> bool:
        return bool(self.changed or self.added or self.removed)

    @property
    def total(self) -> Decimal:
        """Of the trame once imported, in euros, taxes included."""
        entries = [*self.added, *(entry for _, entry in self.changed)]
        written = sum((each.amount for each in entries), Decimal(0))
        return sum((each.amount for each in self.kept), written)

    @property
    def count(self) -> int:
        """The lines of the trame once imported."""
        return len(self.kept) + len(self.changed) + len(self.added)

    @property
    def removed_with_files(self) -> int:
        return sum(1 for each in self.removed if each.proof_file_id or each.letter_file_id)

    @property
    def without_letter(self) -> int:
        """Lines of staff without a mission letter, once imported: a file joined counts."""
        changed = sum(1 for was, entry in self.changed if entry.lacks_letter and was.letter_file_id is None)
        kept = sum(1 for each in self.kept if each.lacks_letter)
        return changed + kept + sum(1 for each in self.added if each.lacks_letter)

    @property
    def without_proof(self) -> int:
        changed = sum(1 for was, entry in self.changed if not entry.justification and was.proof_file_id is None)
        kept = sum(1 for each in self.kept if each.lacks_proof)
        return changed + kept + sum(1 for each in self.added if not each.justification)


def compare(current: Sequence[Expense], entries: Sequence[Entry]) -> Comparison:
    """Pair the lines in force with those of a file: the same, then those that resemble one and only one another."""
    found = Comparison()
    same: dict[Entry, list[Expense]] = defaultdict(list)
    for expense in current:
        same[Entry.of(expense)].append(expense)
    left: list[Entry] = []
    for entry in entries:
        if same.get(entry):
            found.kept.append(same[entry].pop())
        else:
            left.append(entry)
    gone = [expense for each in same.values() for expense in each]
    for likeness in LIKENESSES:
        pairs = paired(gone, left, likeness)
        found.changed += pairs
        taken = {expense.pk for expense, _ in pairs}
        gone = [each for each in gone if each.pk not in taken]
        becoming = {id(entry) for _, entry in pairs}
        left = [each for each in left if id(each) not in becoming]
    found.added, found.removed = left, gone
    return found


def paired(
    gone: Sequence[Expense], left: Sequence[Entry], likeness: Callable[[Entry], Hashable]
) -> list[tuple[Expense, Entry]]:
    before: dict[Hashable, list[Expense]] = defaultdict(list)
    after: dict[Hashable, list[Entry]] = defaultdict(list)
    for expense in gone:
        before[likeness(Entry.of(expense))].append(expense)
    for entry in left:
        after[likeness(entry)].append(entry)
    return [(each[0], after[key][0]) for key, each in before.items() if len(each) == len(after.get(key, ())) == 1]


def fingerprint(current: Sequence[Expense], key: object) -> str:
    """What a page showed: the lines in force, at their versions, beside the file of that key."""
    lines = sorted(f"{each.line}:{each.version}" for each in current)
    return hashlib.sha256("\n".join([str(key), *lines]).encode()).hexdigest()
