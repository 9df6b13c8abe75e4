"""What changed between two transmissions of an étape: answers, files, subsidy (I4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from dossiers import comparison
from dossiers.models import DossierStage, Transmission
from dossiers.queries.transmitted import transmitted_sections
from funding.schedule.estimates import Estimate


@dataclass(frozen=True)
class Compared:
    """Two transmissions, the earlier first, and all that the étape has."""

    before: Transmission
    after: Transmission
    transmissions: Sequence[Transmission]
    changes: Sequence[comparison.QuestionChange]

    @property
    def estimates(self) -> tuple[Estimate | None, Estimate | None]:
        before, after = (
            Estimate.from_json(each.estimate) if each.estimate else None for each in (self.before, self.after)
        )
        return before, after

    @property
    def difference(self) -> Decimal:
        """Euros that the later estimate adds to the earlier one; negative when it takes some."""
        before, after = (each.total if each else Decimal(0) for each in self.estimates)
        return after - before


def compared(dossier_stage: DossierStage, first: str = "", second: str = "") -> Compared | None:
    """The transmissions of these numbers, in their order; the last two unless both are numbers of this étape. None
    when it was transmitted once: at most 5 queries, whatever the number of transmissions."""
    transmissions = list(dossier_stage.transmissions.select_related("by").order_by("number"))
    if len(transmissions) < 2:
        return None
    by_number = {str(each.number): each for each in transmissions}
    before, after = transmissions[-2:]
    if first != second and first in by_number and second in by_number:
        before, after = sorted((by_number[first], by_number[second]), key=lambda each: each.number)
    for each in (before, after):
        each.dossier_stage = dossier_stage
    old, new = ([entry for _, entries in transmitted_sections(each) for entry in entries] for each in (before, after))
    return Compared(before, after, transmissions, comparison.changes(old, new))
