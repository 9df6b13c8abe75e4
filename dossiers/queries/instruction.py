"""The back-office: the list and a dossier."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import cast

from django.core.paginator import Page, Paginator
from django.db.models import Count

from dossiers import kinds, scores
from dossiers.eligibility import Eligibility
from dossiers.enums import EventKind, Status
from dossiers.models import (
    DossierStage,
    Event,
    ModificationRequest,
    Section,
    Transmission,
)
from dossiers.models.dossiers import DossierStageQuerySet
from dossiers.queries.register import RegisterNews, register_news
from dossiers.queries.transmitted import TransmittedEntry, eligible, history, score, transmitted_sections
from funding.schedule.estimates import Estimate

PAGE_SIZE = 50
# The column of the URL (`tri=reference`, `tri=-transmission`…) and what it sorts on.
INSTRUCTION_SORTS = {
    "reference": ["dossier__reference"],
    "etablissement": ["dossier__legal_entity__sort_name"],
    "guichet": ["dossier__guichet__short_title", "stage__position"],
    "region": ["dossier__legal_entity__region__name"],
    "referent": ["dossier__referent__last_name", "dossier__referent__first_name"],
    "statut": ["status"],
    "verificateur": ["dossier__verifier__last_name", "dossier__verifier__first_name"],
    "transmission": ["transmitted_at"],
}
#: What a row of the list shows, and what says whether it may be acted upon.
LISTED = (
    *("status", "transmitted_at", "first_transmitted_at", "stage__title", "stage__regional_role"),
    *("dossier__reference", "dossier__guichet__short_title", "dossier__guichet__regional_role"),
    *("dossier__legal_entity__finess", "dossier__legal_entity__name", "dossier__legal_entity__long_name"),
    *("dossier__legal_entity__region_codes", "dossier__legal_entity__region__name"),
    *("dossier__referent__first_name", "dossier__referent__last_name"),
    *("dossier__verifier__first_name", "dossier__verifier__last_name"),
)
NEWEST_FIRST = "-transmission"


def instruction_sort(asked: str) -> str:
    """The sort asked for if there is such a column, else the last transmitted first."""
    return asked if asked.removeprefix("-") in INSTRUCTION_SORTS else NEWEST_FIRST


def instruction_order(sort: str) -> list[str]:
    """The fields of a sort that `instruction_sort` gave, then the key, which tells equals apart."""
    sign = "-" if sort.startswith("-") else ""
    return [f"{sign}{field}" for field in (*INSTRUCTION_SORTS[sort.removeprefix("-")], "pk")]


def counters(stages: DossierStageQuerySet) -> dict[str, int]:
    """How many dossiers stand at each status, and in all under the empty key: 1 query."""
    counts = dict(stages.order_by().values_list("status").annotate(Count("pk")))
    return {"": sum(counts.values()), **{status: counts.get(status, 0) for status in Status if status != Status.DRAFT}}


class InstructionPages(Paginator):  # type: ignore[type-arg]  # not subscriptable at run time
    """Pages of the instruction list. The total comes from the counters; a page is found by its keys, then fetched with
    all it names: in one query, PostgreSQL would join everything before it cuts the page."""

    def __init__(self, stages: DossierStageQuerySet, *, sort: str, total: int) -> None:
        """`sort` is one that `instruction_sort` gave."""
        self.order = instruction_order(sort)
        self.total = total
        super().__init__(stages.order_by(*self.order), PAGE_SIZE)

    @cached_property
    def count(self) -> int:
        return self.total

    def page(self, number: int | str) -> Page[DossierStage]:
        number = self.validate_number(number)
        start = (number - 1) * PAGE_SIZE
        stages = cast(DossierStageQuerySet, self.object_list)
        keys = list(stages.values_list("pk", flat=True)[start : start + PAGE_SIZE])
        rows = (
            DossierStage.objects.select_related(
                *(
                    "dossier__guichet",
                    "dossier__legal_entity__region",
                    "dossier__referent",
                    "dossier__verifier",
                    "stage",
                )
            )
            .only(*LISTED)
            .filter(pk__in=keys)
            .order_by(*self.order)
        )
        return Page(list(rows), number, self)


@dataclass(frozen=True)
class InstructedEntry(TransmittedEntry):
    """One answer as a verifier reads it: the IBAN masked (Q60), his remark beside it."""

    remark: str = ""

    @property
    def lines(self) -> list[kinds.Line]:
        return self.kind.printed_lines(self.question, self.value) if self.value is not None else []


@dataclass(frozen=True)
class Instructed:
    """A dossier as the back-office shows it: nothing of what the référent is correcting (D11)."""

    transmission: Transmission
    earlier: list[Transmission]
    #: The last modification asked for, answered or not.
    request: ModificationRequest | None
    sections: list[tuple[Section, list[InstructedEntry]]]
    history: list[Event]

    @property
    def entries(self) -> list[InstructedEntry]:
        return [entry for _, entries in self.sections for entry in entries]

    @property
    def notes(self) -> list[Event]:
        """What instruction wrote for itself, newest first."""
        return [event for event in self.history if event.kind == EventKind.NOTED]

    @property
    def has_files(self) -> bool:
        return any(entry.files for entry in self.entries)

    @property
    def size_of_files(self) -> int:
        """In bytes."""
        return sum(file.size for entry in self.entries for file in entry.files)

    @property
    def estimate(self) -> Estimate | None:
        return Estimate.from_json(self.transmission.estimate) if self.transmission.estimate else None

    @cached_property
    def eligibility(self) -> Eligibility:
        """Which EG count for the subsidy, and why the others do not (F2), as transmitted."""
        return eligible(self.transmission)

    @cached_property
    def score(self) -> scores.Result | None:
        return score(self.transmission)

    @cached_property
    def register_news(self) -> list[RegisterNews]:
        """What FINESS says otherwise since: at most 2 queries."""
        return register_news(self.transmission, self.entries)


def instructed(dossier_stage: DossierStage) -> Instructed:
    """What was last transmitted, and everything around it: at most 7 queries. The étape was transmitted."""
    transmission, *earlier = dossier_stage.transmissions.select_related("by").order_by("-number")
    transmission.dossier_stage = dossier_stage
    requests = dossier_stage.modification_requests.select_related("by").prefetch_related("remarks")
    request = requests.order_by("-at").first()
    remarks = {remark.code: remark.text for remark in request.remarks.all()} if request else {}
    return Instructed(
        transmission=transmission,
        earlier=earlier,
        request=request,
        sections=[
            (
                section,
                [
                    InstructedEntry(entry.question, entry.value, entry.files, remarks.get(entry.code, ""))
                    for entry in entries
                ],
            )
            for section, entries in transmitted_sections(transmission, blanks=True)
        ],
        history=list(history(dossier_stage, internal=True)),
    )
