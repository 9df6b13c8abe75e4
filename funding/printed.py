"""The subsidy on the paper of a dossier (D15, F4): what was granted, what was told of its objectives, what is paid.

The same for both sides: what instruction decides meanwhile is told with the outcome of the étape (docs/adr/0057), and
paper leaves the portal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dossiers.enums import Status
from dossiers.models import Dossier, DossierStage
from funding import queries
from funding.enums import PaymentState
from funding.models import Payment
from funding.objectives import Objectives, Row
from funding.queries import Subsidy, controls, objectives, payments, reachable
from funding.queries.controls import Controlled
from funding.queries.payments import Sums

#: Once an étape is there, its référent was told what was decided of each objective.
TOLD = (Status.VALIDATED, Status.MODIFICATION_REQUESTED)


@dataclass(frozen=True)
class Outcome:
    """The objectives of an étape, as far as its référent was told."""

    dossier_stage: DossierStage
    objectives: Objectives

    @property
    def is_told(self) -> bool:
        return self.dossier_stage.status in TOLD

    @property
    def is_rejected(self) -> bool:
        return self.dossier_stage.status == Status.REJECTED

    @property
    def summary(self) -> str:
        """« 3 objectifs sur 5 acceptés : 42 300 € sur 102 000 € », or that they are being examined."""
        if self.is_rejected:
            return "L'étape est rejetée\u00a0: aucun objectif n'est retenu"
        return self.objectives.summary if self.is_told else "Présentés, à l'étude"

    @property
    def rows(self) -> list[tuple[Row, str]]:
        return [(row, self.said(row)) for row in self.objectives.rows]

    def said(self, row: Row) -> str:
        """Where an objective stands, in French."""
        if not row.is_presented:
            return "Non présenté"
        if self.is_rejected:
            return "Non retenu"
        if self.is_told and row.state and row.decision:
            return row.decision.label
        return "À l'étude"


@dataclass(frozen=True)
class Printed:
    subsidy: Subsidy
    sums: Sums
    payments: list[Payment]
    outcomes: list[Outcome]
    controls: list[Controlled]


def of(dossier: Dossier, stages: Sequence[DossierStage]) -> Printed | None:
    """The subsidy of a dossier, for somebody who may read `stages` of it: None, in 1 query, before it is granted;
    12 queries at most then, whatever it holds. None without a query as long as no étape of these may carry one."""
    if not any(each.status == Status.VALIDATED for each in stages):
        return None
    found = queries.subsidy(dossier)
    if found is None or found.grant.dossier_stage_id not in {each.pk for each in stages}:
        return None
    rows = list(payments.schedule(found.grant).exclude(state=PaymentState.CANCELLED))
    presented = objectives.of_stages(stages)
    return Printed(
        found,
        reachable.sums(found.grant, rows),
        rows,
        [Outcome(each, presented[each.pk]) for each in stages if each.pk in presented],
        controls.of(found.grant)[::-1],
    )
