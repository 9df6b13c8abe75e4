"""What a subsidy may still reach, as its référent reads it (F5, F7): the one rule of what is « à venir »."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from dossiers.enums import Status
from dossiers.models import DossierStage
from funding import objectives
from funding.models import Grant
from funding.queries import objectives as deciding
from funding.queries import payments
from funding.queries.payments import Sums


def reachable(grant: Grant) -> Decimal:
    """The euros of the ceiling that no decision has refused: 4 queries, 1 before an étape about objectives.

    An objective refused gives nothing more, nor does one that a validated étape did not present, nor any of a rejected
    one. Once the étape is validated this is what is payable (`workflow.payable`); the ceiling until something is
    refused.
    """
    stages = list(DossierStage.objects.filter(dossier=grant.dossier_id).select_related("stage", "revision"))
    presented = deciding.of_stages(stages)
    statuses = {each.pk: each.status for each in stages}
    known = {row.objective.code: row.objective for each in presented.values() for row in each.rows}
    lost = {code for pk, each in presented.items() for code in refused(each, statuses[pk])}
    if not lost:
        return grant.ceiling
    return objectives.payable(grant.ceiling, list(known.values()), known.keys() - lost)


def refused(presented: objectives.Objectives, status: str) -> set[str]:
    """The codes of the objectives that give nothing more, the étape being at that status."""
    if status == Status.REJECTED:
        gone = list(presented.rows)
    elif status == Status.VALIDATED:
        gone = [row for row in presented.rows if not row.is_accepted]
    else:
        gone = presented.refused
    return {row.objective.code for row in gone}


def sums(grant: Grant) -> Sums:
    """The money of a subsidy, with what it may still reach: 5 queries."""
    return replace(payments.sums(grant), reachable=reachable(grant))
