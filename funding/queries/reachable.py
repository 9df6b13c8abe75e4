"""What a subsidy may still reach (F5, F7): the one rule of what is « à venir », and of what may be planned."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef

from dossiers import queries as dossiers
from dossiers.enums import StageKind, Status
from dossiers.models import DossierStage
from funding import objectives
from funding.models import Grant, Payment
from funding.objectives import Row
from funding.queries import objectives as deciding
from funding.queries import payments
from funding.queries.payments import Sums

SETTLED = (Status.VALIDATED, Status.REJECTED)
_ABOUT = DossierStage.objects.filter(dossier=OuterRef("dossier"), stage__kind=StageKind.OBJECTIVES)
#: Whether the étapes about objectives are decided, as a condition on subsidies: `payable` is then all they may reach.
IS_SETTLED = Exists(_ABOUT.filter(status__in=SETTLED)) & ~Exists(_ABOUT.exclude(status__in=SETTLED))


def reachable(grant: Grant) -> tuple[Decimal, bool]:
    """The euros of the ceiling that no decision told has refused, and whether what may be paid follows objectives at
    all: 2 queries, or 4 once an étape about objectives presents some.

    What is payable once that étape is decided, validated or rejected (`workflow.payable`). Until then, the ceiling less
    the part of each objective refused when it last came back: what is not presented yet may still be, and what
    instruction decides meanwhile is told with its outcome (`dossiers.queries.with_told_until`).
    """
    about = DossierStage.objects.filter(dossier=grant.dossier_id, stage__kind=StageKind.OBJECTIVES)
    stages: list[Any] = list(dossiers.with_told_until(about.select_related("stage", "revision")))
    if stages and all(each.status in SETTLED for each in stages):
        return grant.payable, deciding.has_shares(grant)
    presented = deciding.of_stages(stages)
    refused = {
        row.objective.code
        for each in stages
        if each.pk in presented
        for row in told(presented[each.pk].refused, until=each.told_until)
    }
    if not refused:
        return grant.ceiling, bool(presented) or deciding.has_shares(grant)
    known = {row.objective.code: row.objective for each in presented.values() for row in each.rows}
    return objectives.payable(grant.ceiling, list(known.values()), known.keys() - refused), True


def told(rows: Iterable[Row], *, until: dt.datetime | None) -> Iterable[Row]:
    """Those decided by `until`; all of them when it is None."""
    return (row for row in rows if until is None or (row.decision is not None and row.decision.at <= until))


def sums(grant: Grant, rows: Collection[Payment] | None = None) -> Sums:
    """The money of a subsidy with what it may still reach (`reachable`): from its payments once they are read, else 1
    query more."""
    found = payments.sums(grant) if rows is None else payments.summed(grant, rows)
    reach, follows_objectives = reachable(grant)
    return replace(found, reachable=reach, follows_objectives=follows_objectives)
