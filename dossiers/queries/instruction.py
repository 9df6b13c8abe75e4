"""The back-office: the list and a dossier."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, partial
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, QuerySet, Subquery, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, JSONObject, NullIf

from accounts import queries as accounts_queries
from accounts.models import User
from dossiers import access, kinds, scores
from dossiers.eligibility import Eligibility
from dossiers.enums import EventKind
from dossiers.models import (
    Attachment,
    DossierStage,
    Event,
    Line,
    ModificationRequest,
    Remark,
    Section,
    Transmission,
)
from dossiers.models.dossiers import DossierStageQuerySet
from dossiers.queries.corrections import Correction, corrections
from dossiers.queries.register import RegisterNews, register_news
from dossiers.queries.transmitted import TransmittedEntry, eligible, history_read_inside, score, transmitted_sections
from ecare import french
from ecare.composed import Composed
from ecare.expressions import Among
from ecare.paging import KeyedPaginator
from establishments.enums import EstablishmentType
from establishments.models import shown_name
from funding.schedule.estimates import Estimate

PAGE_SIZE = 50
# The column of the URL (`tri=reference`, `tri=-transmission`…) and what it sorts on.
INSTRUCTION_SORTS = {
    "reference": ["reference"],
    "etablissement": ["entity_name"],
    "guichet": ["passage"],
    "type": ["type_name"],
    "region": ["region_name"],
    "referent": ["referent_name"],
    "statut": ["status", "transmitted_at"],
    "echeance": ["nearest_due"],
    "verificateur": ["verifier_name"],
    "transmission": ["transmitted_at"],
}
# Those which read something else in descending order: a dossier without a due date comes last both ways.
DESCENDING_SORTS = {"echeance": ["farthest_due"]}
NEWEST_FIRST = "-transmission"
# The columns that are read only when they are shown: the usual list does without the last transmissions.
READ_WHEN_SHOWN = frozenset({"parcours", "montant", "departement"})


def instruction_sort(asked: str) -> str:
    """The sort asked for if there is such a column, else the last transmitted first."""
    return asked if asked.removeprefix("-") in INSTRUCTION_SORTS else NEWEST_FIRST


def instruction_order(sort: str, *, path: str = "") -> list[str]:
    """The fields of a line that a sort given by `instruction_sort` reads, then the key, which tells equals apart.
    `path` leads to the line (`"line__"`)."""
    column = sort.removeprefix("-")
    fields, sign = INSTRUCTION_SORTS[column], ""
    if sort.startswith("-"):
        fields, sign = DESCENDING_SORTS.get(column, fields), "-"
    return [f"{sign}{path}{field}" for field in (*fields, "dossier_stage_id")]


@dataclass(frozen=True, slots=True)
class Row:
    """What a row of the list shows, and what says whether it may be acted upon."""

    reference: str
    status: str
    due_at: dt.datetime | None
    transmitted_at: dt.datetime
    stage: str
    guichet: str
    establishment_type: str
    finess: str
    entity_name: str
    entity_long_name: str
    region: str | None
    referent: str
    verifier: str
    regional_role: str
    region_codes: list[str]
    # Of `READ_WHEN_SHOWN`; the amount as an estimate keeps it.
    departement: str | None = None
    departement_name: str | None = None
    track: str | None = None
    total: str | None = None

    @property
    def amount(self) -> Decimal | None:
        """The subsidy estimated by the last transmission, in euros; None for an étape that estimates none."""
        return Decimal(self.total) if self.total else None

    @property
    def entity(self) -> str:
        return shown_name(self.entity_name, self.entity_long_name)

    @property
    def due_on(self) -> dt.datetime | None:
        """The last moment that the référent has."""
        return french.last_instant(self.due_at) if self.due_at else None

    @property
    def establishment_type_label(self) -> str:
        return str(EstablishmentType(self.establishment_type).label)


def last_estimate(key: str) -> Subquery:
    """What the last transmission of an étape estimated, under that key of it; None when it estimated nothing."""
    last = Transmission.objects.filter(dossier_stage=OuterRef("pk")).order_by("-number")
    return Subquery(last.values(read=KeyTextTransform(key, "estimate"))[:1])


def listed(stages: DossierStageQuerySet, *, more: bool) -> QuerySet[Any, Any]:
    """The key of each étape, then the fields of its `Row`, with `more` those read only when they are shown."""
    own, guichet = "stage__regional_role", "dossier__guichet__regional_role"
    shown_only: list[Any] = [
        "dossier__legal_entity__departement",
        "dossier__legal_entity__departement__name",
        last_estimate("track_label"),
        last_estimate("total"),
    ]
    return stages.values_list(
        "pk",
        "dossier__reference",
        "status",
        "due_at",
        "transmitted_at",
        "stage__title",
        "dossier__guichet__short_title",
        "dossier__establishment_type",
        "dossier__legal_entity__finess",
        "dossier__legal_entity__name",
        "dossier__legal_entity__long_name",
        "dossier__legal_entity__region__name",
        accounts_queries.full_name("dossier__referent"),
        accounts_queries.full_name("dossier__verifier"),
        Coalesce(NullIf(own, Value("")), guichet),
        "dossier__legal_entity__region_codes",
        *(shown_only if more else ()),
    )


def rows_of(keys: list[int], *, more: bool) -> QuerySet[Any, Any]:
    return listed(DossierStage.objects.filter(Among(F("pk"), Value(keys))), more=more)


ROWS = {more: Composed(partial(rows_of, more=more), keys=[-1]) for more in (False, True)}


def instruction_pages(
    lines: QuerySet[Line], *, user: User, sort: str, total: int, shown: Collection[str]
) -> KeyedPaginator:
    """Pages of the instruction list (Row): `lines` are some of those that `user` may read, `sort` is one that
    `instruction_sort` gave, the total comes from the counters, and `shown` are the columns."""
    more = not READ_WHEN_SHOWN.isdisjoint(shown)

    def fetch(keys: list[int]) -> dict[int, Row]:
        if access.reads_all(user):
            found = ROWS[more].tuples(keys=keys)
        else:
            found = list(listed(access.instructed_stages(user).filter(pk__in=keys), more=more))
        return {key: Row(*values) for key, *values in found}

    return KeyedPaginator(lines.order_by(*instruction_order(sort)), fetch, PAGE_SIZE, total=total)


@dataclass(frozen=True)
class InstructedEntry(TransmittedEntry):
    """One answer as a verifier reads it: the IBAN masked (Q60), his remark beside it."""

    remark: str = ""
    #: Of a contact that a responsable corrected since: `value` is what it has become.
    correction: Correction | None = None

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
    def files(self) -> list[Attachment]:
        return [file for entry in self.entries for file in entry.files]

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


def last_request(key: int) -> QuerySet[ModificationRequest]:
    """The last modification asked for on an étape, with its remarks in `said`."""
    remarks = Remark.objects.filter(request=OuterRef("pk")).order_by("pk")
    said = ArraySubquery(remarks.values(remark=JSONObject(code="code", text="text")))
    asked = ModificationRequest.objects.filter(dossier_stage=key).select_related("by").annotate(said=said)
    return asked.order_by("-at")[:1]


TRANSMISSIONS = Composed(
    lambda key: Transmission.objects.filter(dossier_stage=key).select_related("by").order_by("-number"), key=-1
)
LAST_REQUEST = Composed(last_request, key=-1)


def instructed(dossier_stage: DossierStage, reader: User) -> Instructed:
    """What was last transmitted, and everything around it as `reader` may know it: at most 6 queries. The étape was
    transmitted."""
    transmission, *earlier = TRANSMISSIONS.rows(key=dossier_stage.pk)
    transmission.dossier_stage = dossier_stage
    request: Any = LAST_REQUEST.first(key=dossier_stage.pk)
    remarks = {each["code"]: each["text"] for each in request.said} if request else {}
    events = history_read_inside(dossier_stage, reader)
    corrected = corrections(dossier_stage, transmission, events)
    return Instructed(
        transmission=transmission,
        earlier=earlier,
        request=request,
        sections=[
            (
                section,
                [
                    InstructedEntry(
                        entry.question,
                        corrected[entry.code].value if entry.code in corrected else entry.value,
                        entry.files,
                        remarks.get(entry.code, ""),
                        corrected.get(entry.code),
                    )
                    for entry in entries
                ],
            )
            for section, entries in transmitted_sections(transmission, blanks=True)
        ],
        history=events,
    )
