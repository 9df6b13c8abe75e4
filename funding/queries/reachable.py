"""What a subsidy may still reach (F5, F7): the one rule of what is « à venir », and of what may be planned."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from decimal import Decimal

from django.db.models import Exists, OuterRef

from dossiers.enums import StageKind, Status
from dossiers.models import DossierStage
from funding import objectives
from funding.models import Grant, Payment
from funding.queries import objectives as deciding
from funding.queries import payments
from funding.queries.payments import Sums

SETTLED = (Status.VALIDATED, Status.REJECTED)
_ABOUT = DossierStage.objects.filter(dossier=OuterRef("dossier"), stage__kind=StageKind.OBJECTIVES)
#: Whether the étapes about objectives are decided, as a condition on subsidies: `payable` is then all they may reach.
IS_SETTLED = Exists(_ABOUT.filter(status__in=SETTLED)) & ~Exists(_ABOUT.exclude(status__in=SETTLED))


def reachable(grant: Grant) -> Decimal:
    """The euros of the ceiling that no decision has refused: 1 query, 3 more while an étape about objectives is open.

    What is payable once that étape is decided, validated or rejected (`workflow.payable`). Until then, the ceiling less
    the part of each objective now refused: what is not presented yet may still be.
    """
    about = DossierStage.objects.filter(dossier=grant.dossier_id, stage__kind=StageKind.OBJECTIVES)
    stages = list(about.select_related("stage", "revision"))
    if stages and all(each.status in SETTLED for each in stages):
        return grant.payable
    presented = deciding.of_stages(stages).values()
    refused = {row.objective.code for each in presented for row in each.refused}
    if not refused:
        return grant.ceiling
    known = {row.objective.code: row.objective for each in presented for row in each.rows}
    return objectives.payable(grant.ceiling, list(known.values()), known.keys() - refused)


def sums(grant: Grant, rows: Collection[Payment] | None = None) -> Sums:
    """The money of a subsidy with what it may still reach (`reachable`): from its payments once they are read, else 1
    query more."""
    found = payments.sums(grant) if rows is None else payments.summed(grant, rows)
    return replace(found, reachable=reachable(grant))
