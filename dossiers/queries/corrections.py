"""The contacts that a responsable corrected since they were transmitted (D12, I8).

A transmission is never rewritten, and a receipt is read from it alone. Somebody who is about to write to a contact
needs the one in force: the back-office's page and the exports give it. Paper is a record: the PDF of a dossier keeps
what was transmitted, with the correction beside, its date and its reason.

A contact that its référent may still rewrite, because a modification was asked for, is no correction any more once it
is rewritten: nobody reads it before it is transmitted again (D11).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dossiers import kinds
from dossiers.enums import EventKind
from dossiers.models import Answer, DossierStage, Event, Question, Transmission

Value = dict[str, str]


@dataclass(frozen=True)
class Correction:
    """A contact as it was corrected last: `value` is in force since `at`."""

    value: Value
    at: dt.datetime
    reason: str

    def lines(self, question: Question) -> list[kinds.Line]:
        return kinds.of(question).printed_lines(question, self.value)


def corrections(
    dossier_stage: DossierStage, transmission: Transmission, events: Iterable[Event]
) -> dict[str, Correction]:
    """What was corrected in an étape after `transmission`, by code of the question. `events` are the history of the
    dossier: 1 query, none when it tells of no correction."""
    since = [
        event
        for event in events
        if event.kind == EventKind.CONTACT_CORRECTED
        and event.dossier_stage_id == dossier_stage.pk
        and event.at > transmission.at
    ]
    told = {event.code: event for event in sorted(since, key=lambda each: each.at)}
    if not told:
        return {}
    answers = dossier_stage.answers.filter(code__in=told, value__isnull=False)
    return {
        answer.code: Correction(answer.value, told[answer.code].at, reason_in(told[answer.code]))
        for answer in answers
        if answer.updated_at <= told[answer.code].at and answer.value != transmission.answers.get(answer.code)
    }


def reason_in(event: Event) -> str:
    """Why, as its author wrote it: after the line that says what changed, see `workflow.contacts.correct`."""
    return event.message.partition("\n\n")[2]


def contacts_in_force(sent: Mapping[int, dt.datetime], codes: Collection[str]) -> dict[tuple[int, str], Any]:
    """The contacts corrected since the transmission at `sent` of each étape, by key of the étape and code: 1 query when
    there are none, else 2, whatever the number of étapes."""
    events = Event.objects.filter(kind=EventKind.CONTACT_CORRECTED, dossier_stage__in=list(sent), code__in=codes)
    told = {
        (stage, code): at
        for stage, code, at in events.order_by("at").values_list("dossier_stage_id", "code", "at")
        if at > sent[stage]
    }
    if not told:
        return {}
    answers = Answer.objects.filter(
        dossier_stage__in={stage for stage, _ in told}, code__in={code for _, code in told}, value__isnull=False
    )
    return {
        (answer.dossier_stage_id, answer.code): answer.value
        for answer in answers
        if (answer.dossier_stage_id, answer.code) in told
        and answer.updated_at <= told[answer.dossier_stage_id, answer.code]
    }
