"""What was transmitted, and what happened since: read by both sides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, When
from django.utils import timezone

from accounts.models import User
from dossiers import access, conditions, eligibility, kinds, neighbours, scores
from dossiers.de_minimis import KIND, Position, position, rows_of
from dossiers.eligibility import Eligibility
from dossiers.enums import INTERNAL, OF_ONE_STAGE, TENTATIVE, Status
from dossiers.models import (
    Attachment,
    DossierStage,
    Event,
    Question,
    Section,
    Transmission,
    TransmittedFile,
)
from dossiers.queries.forms import questions, sections
from ecare.composed import Composed
from funding.schedule.estimates import Estimate


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


FILES = Composed(
    lambda transmission: (
        TransmittedFile.objects.filter(transmission=transmission).select_related("attachment").order_by("position")
    ),
    transmission=-1,
)


def transmitted_sections(
    transmission: Transmission, *, blanks: bool = False
) -> list[tuple[Section, list[TransmittedEntry]]]:
    """What a transmission holds, in the order of its form: what a verifier reads and what a receipt prints.

    With `blanks`, the questions that were asked and left without an answer too.
    """
    by_slot: dict[str, list[Attachment]] = {}
    for link in FILES.rows(transmission=transmission.pk):
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


def eligible(transmission: Transmission) -> Eligibility:
    """Which EG of a transmission count for the subsidy, and why the others do not (F2)."""
    return eligibility.of(transmission.answers.get(transmission.dossier_stage.revision.perimeter_question))


def de_minimis(transmission: Transmission, *, subsidy: Decimal, on: dt.date) -> Position | None:
    """Where the aids declared in a transmission and a subsidy lead on a day (F3); None for a form that asks for no
    aids. No query for a form already read."""
    asked = [question.code for question in questions(transmission.dossier_stage.revision) if question.kind == KIND]
    if not asked:
        return None
    rows = [row for code in asked for row in rows_of(transmission.answers.get(code))]
    return position(rows, subsidy=subsidy, on=on)


def ceiling(transmission: Transmission) -> Position | None:
    """The same on the day of the grant, with what was granted; before it, today, with the estimate. 1 query once
    validated; None for an étape that carries no subsidy."""
    if not transmission.estimate:
        return None
    dossier_stage = transmission.dossier_stage
    granted = neighbours.granted(dossier_stage) if dossier_stage.status == Status.VALIDATED else None
    if granted is not None:
        return de_minimis(transmission, subsidy=granted.amount, on=granted.on)
    return de_minimis(transmission, subsidy=Estimate.from_json(transmission.estimate).total, on=timezone.localdate())


def score(transmission: Transmission) -> scores.Result | None:
    """The score of a self-assessment as it was transmitted: 1 query; None, without any, for a form without axes."""
    revision = transmission.dossier_stage.revision
    if not revision.axes:
        return None
    facts: dict[str, dict[str, Any]] = {}
    asked = []
    for question in questions(revision):
        if conditions.holds(question.shown_when, facts):
            value = transmission.answers.get(question.code)
            asked.append((question, value))
            if value is not None:
                facts[question.code] = kinds.of(question).facts(value)
    return scores.compute(revision.axes, asked)


def events_of(dossier: int) -> QuerySet[Event]:
    """All that happened to a dossier, by its key, newest first, each with the title of its étape in `stage_title`."""
    events = Event.objects.filter(dossier=dossier).select_related("actor", "former", "successor")
    return events.annotate(stage_title=F("dossier_stage__stage__title")).order_by("-at", "-pk")


EVENTS = Composed(events_of, dossier=-1)


def told_apart(events: Iterable[Event]) -> list[Event]:
    """These events of a dossier, which name their étape where they tell of several (D14)."""
    found: list[Any] = list(events)
    several = len({event.dossier_stage_id for event in found}) > 1
    for event in found:
        event.about_stage = (event.stage_title or "") if several and event.kind in OF_ONE_STAGE else ""
    return found


def readable_by(events: QuerySet[Event], reader: User | None) -> QuerySet[Event]:
    """Those that `reader`, who instructs, may read: nothing of the étapes that let no instructeur régional in."""
    if reader is None or access.reads_all(reader):
        return events
    return events.filter(Q(dossier_stage=None) | Q(dossier_stage__stage__in=access.countable_stages(reader)))


def history(dossier_stage: DossierStage, reader: User | None = None) -> QuerySet[Event]:
    """The history of a dossier, newest first, but what instruction alone reads; what is decided along an instruction
    comes with its outcome. `reader` is whoever instructs and reads it; without one, it is its référent."""
    events = readable_by(events_of(dossier_stage.dossier_id), reader).exclude(kind__in=INTERNAL)
    began = Subquery(_began(OuterRef("dossier_stage")).values("at")[:1])
    return events.exclude(kind__in=TENTATIVE, dossier_stage__status=Status.TRANSMITTED, at__gt=began)


def _began(dossier_stage: Any) -> QuerySet[Event]:
    """What put an étape under instruction, newest first: its transmissions, and its reopenings."""
    return Event.objects.filter(dossier_stage=dossier_stage, to_status=Status.TRANSMITTED).order_by("-at", "-pk")


def with_told_until(stages: QuerySet[DossierStage]) -> QuerySet[DossierStage]:
    """Étapes with `told_until`, until when the référent knows what was decided along an instruction; null when he knows
    everything."""
    began = Subquery(_began(OuterRef("pk")).values("at")[:1])
    return stages.annotate(told_until=Case(When(status=Status.TRANSMITTED, then=began)))


def history_read_inside(dossier_stage: DossierStage, reader: User) -> list[Event]:
    """The history of a dossier, newest first, with what instruction alone reads, as `reader` may: 1 query."""
    if access.reads_all(reader):
        return told_apart(EVENTS.rows(dossier=dossier_stage.dossier_id))
    return told_apart(readable_by(events_of(dossier_stage.dossier_id), reader))


def latest_transmission(dossier_stage: DossierStage) -> Transmission | None:
    return dossier_stage.transmissions.select_related("by").order_by("-number").first()


def last_move(dossier_stage: DossierStage) -> Event | None:
    """The last change of status of an étape, its creation included."""
    moves = Event.objects.filter(dossier_stage=dossier_stage.pk).exclude(to_status="")
    return moves.select_related("actor").order_by("-at", "-pk").first()
