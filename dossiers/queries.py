"""Reads, one function per screen."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any, cast

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts import queries as accounts_queries
from accounts.models import Representation, User
from dossiers import access, conditions, kinds
from dossiers.enums import MilestoneColumn, StageKind, Status
from dossiers.models import (
    Attachment,
    DossierStage,
    Event,
    FormRevision,
    Guichet,
    Milestone,
    ModificationRequest,
    Question,
    Section,
    Stage,
    Transmission,
)
from dossiers.models.dossiers import DossierStageQuerySet
from dossiers.sheet import Sheet
from ecare import french
from establishments import search as establishments_search
from funding.schedule import queries as schedule_queries
from funding.schedule.calculation import Estimate, Terms


def newest_revision(stage: Stage) -> FormRevision | None:
    """The published form that new dossiers take."""
    return stage.revisions.filter(published_at__isnull=False).order_by("-number").first()


def questions(revision: FormRevision) -> list[Question]:
    """The questions of a form, in order."""
    return list(revision.questions.select_related("section").order_by("section__position", "position"))


def question(revision: FormRevision, code: str) -> Question | None:
    return revision.questions.filter(code=code).first()


def sections(revision: FormRevision) -> list[tuple[Section, list[Question]]]:
    """The sections of a form with their questions, in order: 1 query."""
    ordered = revision.questions.select_related("section", "template_file").order_by("section__position", "position")
    return [(section, list(asked)) for section, asked in groupby(ordered, key=lambda each: each.section)]


def pending_request(dossier_stage: DossierStage) -> ModificationRequest | None:
    """The modification that the référent has to make, with its remarks: 2 queries; none outside that status."""
    if dossier_stage.status != Status.MODIFICATION_REQUESTED:
        return None
    return dossier_stage.modification_requests.filter(answered_at__isnull=True).prefetch_related("remarks").first()


def sheet(
    dossier_stage: DossierStage, *, on: dt.datetime | None = None, request: ModificationRequest | None = None
) -> Sheet:
    """The form as the référent is filling it: at most 5 queries, whatever the number of questions and files.

    `on` is the instant whose barème applies, now by default.
    """
    revision = dossier_stage.revision
    answers = {answer.code: (answer.raw, answer.value) for answer in dossier_stage.answers.order_by()}
    return Sheet(
        dossier_stage,
        sections(revision),
        answers=answers,
        files=list(dossier_stage.attachments.active()),
        remarks={remark.code: remark.text for remark in request.remarks.all()} if request else {},
        terms=terms(dossier_stage, on or timezone.now()),
    )


def terms(dossier_stage: DossierStage, on: dt.datetime) -> Terms | None:
    """The barème in force for an étape that carries a subsidy, else None."""
    if not dossier_stage.revision.track_question:
        return None
    return schedule_queries.current(dossier_stage.dossier.guichet.code, on=timezone.localdate(on))


@dataclass(frozen=True)
class Steps:
    """How many étapes a guichet has, and the title of the one after this."""

    total: int
    next_title: str


def steps(dossier_stage: DossierStage) -> Steps:
    """What the stepper says of an étape: 1 query."""
    titles = list(dossier_stage.dossier.guichet.stages.order_by("position").values_list("position", "title"))
    following = [title for position, title in titles if position > dossier_stage.stage.position]
    return Steps(len(titles), following[0] if following else "")


@dataclass(frozen=True)
class TransmittedEntry:
    """One question as it was transmitted, to be read."""

    question: Question
    value: Any
    files: list[Attachment]

    @property
    def code(self) -> str:
        return self.question.code

    @property
    def kind(self) -> kinds.Kind:
        return kinds.of(self.question)

    @property
    def lines(self) -> list[kinds.Line]:
        """The answer in words."""
        return self.kind.lines(self.question, self.value) if self.value is not None else []


def transmitted_sections(
    transmission: Transmission, *, blanks: bool = False
) -> list[tuple[Section, list[TransmittedEntry]]]:
    """What a transmission holds, in the order of its form: what a verifier reads and what a receipt prints.

    With `blanks`, the questions that were asked and left without an answer too.
    """
    by_slot: dict[str, list[Attachment]] = {}
    for link in transmission.files.select_related("attachment").order_by("position"):
        by_slot.setdefault(link.attachment.code, []).append(link.attachment)
    facts: dict[str, dict[str, Any]] = {}
    result = []
    for section, asked in sections(transmission.dossier_stage.revision):
        entries = []
        for question in asked:
            value, files = transmission.answers.get(question.code), by_slot.get(question.code, [])
            if value is not None:
                facts[question.code] = kinds.of(question).facts(value)
            if value is not None or files or (blanks and conditions.holds(question.shown_when, facts)):
                entries.append(TransmittedEntry(question, value, files))
        if entries:
            result.append((section, entries))
    return result


# Home page


@dataclass(frozen=True)
class AnnouncedMilestone:
    text: str


def milestones(column: MilestoneColumn, *, now: dt.datetime) -> list[AnnouncedMilestone]:
    """What the home page announces in a column, soonest first, past dates dropped (P1).

    The établissements column is derived from the windows of the étapes: nothing is typed twice.
    """
    today = timezone.localdate(now)
    dated = [
        (milestone.on, f"{milestone.text} le {french.day(milestone.on)}")
        for milestone in Milestone.objects.filter(column=column, on__gte=today)
    ]
    if column == MilestoneColumn.ESTABLISHMENTS:
        stages = Stage.objects.select_related("guichet").filter(Q(opens_at__gt=now) | Q(closes_at__gt=now))
        for stage in stages:
            name = stage.guichet.short_title
            if stage.opens_at and stage.opens_at > now and stage.opening_text:
                on = timezone.localdate(stage.opens_at)
                dated.append((on, f"{name} : {stage.opening_text} le {french.day(on)}"))
            if stage.closes_at and stage.closes_at > now and stage.closing_text:
                on = timezone.localdate(stage.closes_at - dt.timedelta(microseconds=1))
                dated.append((on, f"{name} : {stage.closing_text} le {french.day(on)}"))
    return [AnnouncedMilestone(text) for _, text in sorted(dated)]


# Dashboard and creation


def open_stages(at: dt.datetime) -> QuerySet[Stage]:
    """First étapes open at `at` with a published form, that is, the guichets where a dossier may be created."""
    return (
        Stage.objects.open_at(at)
        .filter(kind=StageKind.APPLICATION, revisions__published_at__isnull=False)
        .select_related("guichet")
        .distinct()
        .order_by("closes_at", "guichet__position")
    )


SORTS = {
    "reference": "dossier__reference",
    "domaine": "dossier__guichet__short_title",
    "etablissement": "dossier__legal_entity__name",
    "etape": "stage__title",
    "statut": "status",
    "validation": "decided_at",
}


def referent_dossiers(user: User, *, text: str = "", sort: str = "") -> DossierStageQuerySet:
    """A référent's dossiers, newest first unless sorted (`reference`, `-statut`…), found by the words of `text`."""
    stages = access.own_stages(user).with_context()
    for word in establishments_search.normalise(text).split():
        stages = stages.filter(dossier__search_text__contains=word)
    field = SORTS.get(sort.removeprefix("-"))
    if field is None:
        return stages.order_by("-dossier__created_at", "-pk")
    return stages.order_by(f"-{field}" if sort.startswith("-") else field, "-pk")


def waiting_for_referent(user: User, *, now: dt.datetime) -> list[DossierStage]:
    """What a référent should do first: requested modifications, then drafts, the nearest deadline first."""
    stages = access.own_stages(user).with_context().filter(status__in=[Status.DRAFT, Status.MODIFICATION_REQUESTED])
    editable = [each for each in stages if each.is_editable(now)]
    far = dt.datetime.max.replace(tzinfo=dt.UTC)
    return sorted(editable, key=lambda each: (each.status == Status.DRAFT, each.deadline or far))


@dataclass(frozen=True)
class AvailableGuichets:
    """The guichets for the user's types of establishment, and the others."""

    own: list[Guichet]
    others: list[Guichet]


def available_guichets(user: User) -> AvailableGuichets:
    """Every guichet with its étapes, for « Présentation des guichets disponibles »: 3 queries."""
    kinds_represented = set(accounts_queries.establishments_of(user).values_list("establishment_type", flat=True))
    guichets = list(Guichet.objects.prefetch_related("stages"))
    own = [guichet for guichet in guichets if kinds_represented & set(guichet.audience)]
    return AvailableGuichets(own, [guichet for guichet in guichets if guichet not in own])


def creatable(user: User, *, at: dt.datetime) -> list[tuple[Stage, Representation]]:
    """The pairs (étape open now, establishment of the user) that the guichet's audience allows and that have no
    dossier yet of this user: 3 queries."""
    representations = list(accounts_queries.establishments_of(user))
    own = set(access.own_stages(user).values_list("dossier__guichet_id", "dossier__legal_entity_id"))
    return [
        (stage, representation)
        for stage in open_stages(at)
        for representation in representations
        if representation.establishment_type in stage.guichet.audience
        and (stage.guichet_id, representation.legal_entity_id) not in own
    ]


def transferable(user: User, colleague: User) -> DossierStageQuerySet:
    """The dossiers of `user` that `colleague` may receive: those of the EJ that he represents too."""
    entities = accounts_queries.establishments_of(colleague).values("legal_entity")
    return access.own_stages(user).with_context().filter(dossier__legal_entity__in=entities).order_by("-pk")


def history(dossier_stage: DossierStage) -> QuerySet[Event]:
    """The history of a dossier, newest first."""
    return Event.objects.filter(dossier=dossier_stage.dossier_id).select_related("actor").order_by("-at", "-pk")


def latest_transmission(dossier_stage: DossierStage) -> Transmission | None:
    return dossier_stage.transmissions.select_related("by").order_by("-number").first()


# Instruction

PAGE_SIZE = 50
# The column of the URL (`tri=reference`, `tri=-transmission`…) and what it sorts on.
INSTRUCTION_SORTS = {
    "reference": ["dossier__reference"],
    "etablissement": ["dossier__legal_entity__sort_name"],
    "guichet": ["dossier__guichet__short_title", "stage__position"],
    "region": ["dossier__legal_entity__region__name"],
    "referent": ["dossier__referent__last_name", "dossier__referent__first_name"],
    "statut": ["status"],
    "transmission": ["transmitted_at"],
}
NEWEST_FIRST = "-transmission"


def instruction_sort(asked: str) -> str:
    """The sort asked for if there is such a column, else the last transmitted first."""
    return asked if asked.removeprefix("-") in INSTRUCTION_SORTS else NEWEST_FIRST


def counters(stages: DossierStageQuerySet) -> dict[str, int]:
    """How many dossiers stand at each status, and in all under the empty key: 1 query."""
    counts = dict(stages.order_by().values_list("status").annotate(Count("pk")))
    return {"": sum(counts.values()), **{status: counts.get(status, 0) for status in Status if status != Status.DRAFT}}


class InstructionPages(Paginator):  # type: ignore[type-arg]  # not subscriptable at run time
    """Pages of the instruction list. The total comes from the counters; a page is found by its keys, then fetched with
    all it names: in one query, PostgreSQL would join everything before it cuts the page."""

    def __init__(self, stages: DossierStageQuerySet, *, sort: str, total: int) -> None:
        """`sort` is one that `instruction_sort` gave."""
        sign = "-" if sort.startswith("-") else ""
        self.order = [f"{sign}{field}" for field in (*INSTRUCTION_SORTS[sort.removeprefix("-")], "pk")]
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
        rows = DossierStage.objects.with_context().filter(pk__in=keys).order_by(*self.order)
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
    def estimate(self) -> Estimate | None:
        return Estimate.from_json(self.transmission.estimate) if self.transmission.estimate else None


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
        history=list(history(dossier_stage)),
    )


def last_move(dossier_stage: DossierStage) -> Event | None:
    """The last change of status of an étape, its creation included."""
    moves = Event.objects.filter(dossier_stage=dossier_stage.pk).exclude(to_status="")
    return moves.select_related("actor").order_by("-at", "-pk").first()
