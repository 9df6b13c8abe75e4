"""Every sum of every subsidy compared with what it is made of: one pass, by the rules that write them.

Nothing is held in memory but a few thousand rows, whatever their number.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery, TextField
from django.db.models.functions import Cast, JSONObject

from dossiers.enums import Status
from dossiers.models import DossierStage, Event
from funding import objectives as rules
from funding.enums import AgreementState, ControlState, DiscrepancyKind, ObjectiveState
from funding.models import Agreement, Consumption, Control, Grant, ObjectiveDecision, Payment
from funding.queries import envelopes, objectives
from funding.queries.payments import NOTHING, TOTALS, Sums
from funding.schedule import queries
from funding.schedule.terms import Objective

CHUNK = 2_000
#: How many subsidies are read again at once, among those where decisions may no longer stand.
READ_AGAIN = 500
#: Longer than a change takes: what a budget was counted on may have been committed that much later.
SETTLING = dt.timedelta(minutes=5)
#: Budgets are counted every ten minutes: one that was not for so long is not behind, it is no longer counted.
ABANDONED = dt.timedelta(hours=1)

BUDGETS = {
    "in_instruction": DiscrepancyKind.BUDGET_IN_INSTRUCTION,
    "to_grant": DiscrepancyKind.BUDGET_TO_GRANT,
    "granted": DiscrepancyKind.BUDGET_GRANTED,
    "released": DiscrepancyKind.BUDGET_RELEASED,
    "paid": DiscrepancyKind.BUDGET_PAID,
}


@dataclass(frozen=True)
class Found:
    """A sum that does not agree, in euros, on a subsidy or on a budget."""

    kind: DiscrepancyKind
    expected: Decimal
    found: Decimal
    grant: int | None = None
    envelope: int | None = None


@dataclass(frozen=True)
class Suspect:
    """A subsidy whose payable amount is to be judged from all that was presented and decided."""

    grant: int
    dossier: int
    ceiling: Decimal
    payable: Decimal
    objectives: Sequence[Objective]


def of_grants() -> Iterator[Found]:
    """What does not agree, subsidy after subsidy: 1 query and 1 per barème and parcours, then 3 for every 500 subsidies
    whose étape was transmitted again after a decision."""
    shares: dict[tuple[int, str], Sequence[Objective]] = {}
    suspects: list[Suspect] = []
    row: Any
    for row in gathered().iterator(chunk_size=CHUNK):
        yield from of_sums(row)
        key = (int(row.schedule), row.track)
        if key not in shares:
            shares[key] = queries.objectives(key[0], track=key[1])
        if row.is_retransmitted or row.payable != rules.payable(row.ceiling, shares[key], row.accepted):
            suspects.append(Suspect(row.pk, row.dossier_id, row.ceiling, row.payable, shares[key]))
        if len(suspects) == READ_AGAIN:
            yield from of_objectives(suspects)
            suspects.clear()
    yield from of_objectives(suspects)


def gathered() -> QuerySet[Any]:
    """The subsidies, each with what its sums are made of, read by one statement: nothing that happens meanwhile looks
    like a difference. JSON has no exact decimals: they travel as text."""
    lowered = Control.objects.filter(grant=OuterRef("pk"), state=ControlState.LOWERED).order_by("-number")
    payments = Payment.objects.filter(grant=OuterRef("pk")).order_by().values("grant").annotate(**TOTALS)
    decisions = ObjectiveDecision.objects.filter(
        dossier_stage__dossier=OuterRef("dossier"), dossier_stage__status=Status.VALIDATED
    )
    return (
        Grant.objects.order_by("pk")
        .annotate(
            lowered_to=Subquery(lowered.values("ceiling")[:1]),
            totals=Subquery(payments.values(json=JSONObject(**{name: Cast(name, TextField()) for name in TOTALS}))),
            is_signed=Exists(Agreement.objects.filter(grant=OuterRef("pk"), state=AgreementState.ACCEPTED)),
            total=F("transmission__estimate__total"),
            schedule=F("transmission__estimate__schedule"),
            track=F("transmission__estimate__track"),
            accepted=ArraySubquery(decisions.filter(state=ObjectiveState.ACCEPTED).order_by().values("code")),
            is_retransmitted=Exists(decisions.filter(dossier_stage__transmissions__at__gt=F("decided_at"))),
        )
        .defer("reason")
    )


def of_sums(row: Any) -> Iterator[Found]:
    """What does not agree in a row of `gathered`, its objectives left out."""
    totals: dict[str, Any] = {name: Decimal(amount) for name, amount in (row.totals or {}).items()}
    sums = Sums(ceiling=row.ceiling, payable=row.payable, **totals)
    estimated = Decimal(row.total)
    ceiling = row.amount if row.lowered_to is None else row.lowered_to
    planned, given_back = sums.engaged + sums.planned, sums.given_back + sums.asked_back
    for kind, expected, found, is_wrong in (
        (DiscrepancyKind.ESTIMATE, estimated, row.estimated, row.estimated != estimated),
        (DiscrepancyKind.CEILING, ceiling, row.ceiling, row.ceiling != ceiling),
        (DiscrepancyKind.PLANNED, row.ceiling, planned, sums.planned and planned > row.ceiling),
        # Lowered afterwards, a subsidy may be under what was ordered: never under what was granted.
        (DiscrepancyKind.ORDERED, row.amount, sums.engaged, sums.engaged > row.amount),
        (DiscrepancyKind.GIVEN_BACK, sums.paid, given_back, given_back > sums.paid),
        (DiscrepancyKind.UNSIGNED, NOTHING, sums.left, row.needs_agreement and not row.is_signed and sums.left),
    ):
        if is_wrong:
            yield Found(kind, expected, found, grant=row.pk)


def of_objectives(suspects: Sequence[Suspect]) -> Iterator[Found]:
    """Those whose payable amount is not that of the objectives accepted, decisions that no longer stand left out:
    3 queries, none without any."""
    if not suspects:
        return
    validated = DossierStage.objects.filter(dossier__in=[each.dossier for each in suspects], status=Status.VALIDATED)
    stages = list(validated.select_related("stage", "revision"))
    dossiers = {each.pk: each.dossier_id for each in stages}
    accepted: defaultdict[int, set[str]] = defaultdict(set)
    for pk, each in objectives.of_stages(stages).items():
        accepted[dossiers[pk]].update(row.objective.code for row in each.accepted)
    for one in suspects:
        expected = rules.payable(one.ceiling, one.objectives, accepted[one.dossier])
        if one.payable != expected:
            yield Found(DiscrepancyKind.PAYABLE, expected, one.payable, grant=one.grant)


def counted() -> QuerySet[Consumption]:
    """What the budgets were last counted at."""
    return Consumption.objects.filter(envelope__budget__gt=0).select_related("envelope").order_by("envelope_id")


def of_budget(consumption: Consumption) -> list[Found]:
    """The sums of a budget that are not those of its dossiers today: 3 queries."""
    amounts = envelopes.amounts(consumption.envelope.guichet_id)
    return [
        Found(kind, getattr(amounts, name), getattr(consumption, name), envelope=consumption.envelope_id)
        for name, kind in BUDGETS.items()
        if getattr(amounts, name) != getattr(consumption, name)
    ]


def has_moved(consumption: Consumption, at: dt.datetime) -> bool:
    """Whether something happened on the guichet since its budget was counted, not long ago: its sums cannot be judged
    before they are counted again. 1 query, none for a budget that is no longer counted."""
    if consumption.at < at - ABANDONED:
        return False
    since = consumption.at - SETTLING
    return Event.objects.filter(dossier__guichet=consumption.envelope.guichet_id, at__gt=since).exists()


def by_batch(found: Iterable[Found], size: int) -> Iterator[list[Found]]:
    """The same, so many at a time."""
    left = iter(found)
    while batch := list(islice(left, size)):
        yield batch
