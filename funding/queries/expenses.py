"""The trame financière of a subsidy: its totals, its lines, what is missing (F6)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.core.paginator import Page
from django.db.models import Count, Max, Sum
from django.utils import timezone

from ecare import french
from ecare.paging import CountedPaginator
from funding.enums import ExpenseNature
from funding.expense_rules import WHOLE, Terms
from funding.models import EARLIEST, Envelope, Expense, ExpenseClosure, Grant
from funding.models.expenses import WITHOUT_LETTER, WITHOUT_PROOF
from funding.schedule import queries as schedules
from funding.schedule.estimates import Estimate

PAGE_SIZE = 50


@dataclass
class Total:
    """What was spent on an objective, or on a nature."""

    label: str
    count: int = 0
    amount: Decimal = Decimal(0)


@dataclass
class Trame:
    """The trame of a subsidy in figures. `closure` says who closed it, `until` the last day of the guichet."""

    grant: Grant
    terms: Terms
    until: dt.date | None
    closure: ExpenseClosure | None
    by_objective: dict[str, Total]
    by_nature: dict[str, Total] = field(default_factory=dict)
    #: Lines of staff without a mission letter, lines without any proof.
    without_letter: int = 0
    without_proof: int = 0

    @property
    def count(self) -> int:
        return sum(each.count for each in self.by_objective.values())

    @cached_property
    def total(self) -> Decimal:
        """Euros, taxes included."""
        return sum((each.amount for each in self.by_objective.values()), Decimal(0))

    @property
    def is_missing_something(self) -> bool:
        return bool(self.without_letter or self.without_proof)

    @property
    def why_closed(self) -> str:
        """Why nothing can be written in it any more, in French; blank while it is open."""
        if self.closure is not None:
            return f"La trame a été close le {french.moment(self.closure.at)}."
        if self.until is not None and timezone.localdate() > self.until:
            return f"La trame se remplissait jusqu'au {french.day(self.until)} inclus."
        return ""


def terms_of(grant: Grant) -> Terms:
    """What its lines may say: 2 queries, `grant.transmission` being read."""
    first = Envelope.objects.filter(guichet=grant.dossier.guichet_id).values_list("expenses_from", flat=True).first()
    return Terms(objectives_of(grant), first or EARLIEST)


def objectives_of(grant: Grant) -> dict[str, str]:
    """The objectives of its parcours, by code; one for the whole when its barème has no shares: 1 query."""
    assert grant.transmission.estimate is not None  # nothing is granted without one
    estimate = Estimate.from_json(grant.transmission.estimate)
    found = schedules.objectives(estimate.schedule_id, track=estimate.track)
    return {each.code: each.label for each in found} or dict([WHOLE])


def last_written(grant: Grant) -> int:
    """The key of the last line written, in force or not; 0 without any: 1 query."""
    found: int | None = grant.expenses.aggregate(last=Max("pk"))["last"]
    return found or 0


def trame(grant: Grant) -> Trame:
    """The trame of a subsidy: 4 queries, whatever its length."""
    envelope = Envelope.objects.filter(guichet=grant.dossier.guichet_id).first()
    objectives = objectives_of(grant)
    found = Trame(
        grant,
        Terms(objectives, (envelope and envelope.expenses_from) or EARLIEST),
        envelope.expenses_until if envelope else None,
        ExpenseClosure.objects.select_related("by").filter(grant=grant).first(),
        {code: Total(label) for code, label in objectives.items()},
    )
    groups = grant.expenses.in_force().order_by().values("objective", "nature")
    for group in groups.annotate(
        count=Count("pk"),
        total=Sum("amount"),
        letters=Count("pk", filter=WITHOUT_LETTER),
        proofs=Count("pk", filter=WITHOUT_PROOF),
    ):
        nature = ExpenseNature(group["nature"])
        for total in (
            found.by_objective.setdefault(group["objective"], Total(group["objective"])),
            found.by_nature.setdefault(nature, Total(nature.label)),
        ):
            total.count += group["count"]
            total.amount += group["total"]
        found.without_letter += group["letters"]
        found.without_proof += group["proofs"]
    found.by_nature = {nature: found.by_nature[nature] for nature in ExpenseNature if nature in found.by_nature}
    return found


@dataclass(frozen=True)
class Line:
    expense: Expense
    objective_label: str


def lines(trame: Trame, number: str | None) -> Page[Any]:
    """A page of its lines (Line), the most recent expense first: 1 query."""
    expenses = trame.grant.expenses.in_force().select_related("proof_file", "letter_file").order_by("-spent_on", "-pk")
    paginator = CountedPaginator(expenses, PAGE_SIZE, total=trame.count)
    page = paginator.get_page(number)
    labels = trame.terms.objectives
    return Page([Line(each, labels.get(each.objective, each.objective)) for each in page], page.number, paginator)
