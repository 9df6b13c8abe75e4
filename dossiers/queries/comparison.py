"""What changed between two transmissions of an étape: answers, files, subsidy (I4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from dossiers import comparison
from dossiers.models import DossierStage, Question, Remark, Transmission
from dossiers.queries.forms import questions
from dossiers.queries.transmitted import transmitted_sections
from funding.schedule.estimates import Estimate


@dataclass(frozen=True)
class Compared:
    """Two transmissions, the earlier first, and all that the étape has."""

    before: Transmission
    after: Transmission
    transmissions: Sequence[Transmission]
    changes: Sequence[comparison.QuestionChange]
    #: What was remarked before the later one, by code of the question.
    remarks: Mapping[str, str]

    @property
    def remarked(self) -> list[tuple[comparison.QuestionChange, str]]:
        """What changed, each with what had been remarked on it, if anything."""
        return [(each, self.remarks.get(each.question.code, "")) for each in self.changes]

    @property
    def unchanged(self) -> list[tuple[Question, str]]:
        """What was remarked and did not change, with the remark, in the order of the form."""
        changed = {each.question.code for each in self.changes}
        asked = questions(self.after.dossier_stage.revision)
        return [(each, self.remarks[each.code]) for each in asked if each.code in self.remarks.keys() - changed]

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
    when it was transmitted once: at most 6 queries, whatever the number of transmissions."""
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
    said = Remark.objects.filter(
        request__transmission__dossier_stage=dossier_stage, request__transmission__number=after.number - 1
    )
    remarks = dict(said.values_list("code", "text"))
    return Compared(before, after, transmissions, comparison.changes(old, new), remarks)
