"""Filling an étape: every answer a référent writes before transmitting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models.functions import Now

from accounts.models import User
from dossiers import access, de_minimis, kinds, queries
from dossiers.models import Answer, Dossier, DossierStage, ParkedInput, Question
from dossiers.sheet import Entry, Sheet
from dossiers.workflow import revisions
from dossiers.workflow.parking import forget
from dossiers.workflow.table import NotAllowed, Refused, locked
from ecare import french
from ecare.composed import Composed

FROZEN = (
    "Cette réponse ne peut plus être modifiée ici depuis la transmission du dossier\u00a0: "
    "écrivez au support pour la changer."
)
LOCKED = "La demande de modification ne porte pas sur cette réponse\u00a0: elle ne peut pas être modifiée."


class Closed(Refused):
    """The deadline has passed, or has not come."""


class NotOpen(Refused):
    """The question can no longer be changed, or the verifier did not ask for it."""


@dataclass
class Saved:
    """What a save did: the answers written, and those that someone else had changed meanwhile."""

    written: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)


@revisions.followed
@transaction.atomic
def save_answers(
    dossier_stage: DossierStage,
    raws: dict[str, kinds.Raw],
    *,
    bases: dict[str, str],
    by: User,
    at: dt.datetime,
) -> Saved:
    """Keep what was typed, valid or not (D6).

    `raws` holds what each question's fields contained; `bases` the fingerprint of each answer when the page was made.
    An answer that someone else changed meanwhile is not overwritten: its code comes back in `conflicts`. Questions that
    are not open to correction are left as they are (D11, D12). What had been put aside is dropped, now that it is saved
    or that its author chose otherwise. Raises NotAllowed, Closed.
    """
    dossier_stage = locked(dossier_stage)
    check_editable(dossier_stage, by=by, at=at)
    closed = closed_questions(dossier_stage)
    questions = {question.code: question for question in queries.questions(dossier_stage.revision)}
    stored = {answer.code: answer for answer in dossier_stage.answers.all()}
    context = kinds.Context(dossier_stage.dossier.legal_entity)
    saved = Saved()
    changed: list[Answer] = []
    for code, raw in raws.items():
        question = questions.get(code)
        if question is None or not kinds.of(question).has_fields or code in closed:
            continue
        answer = stored.get(code)
        current: kinds.Raw = answer.raw if answer else {}
        base = bases.get(code, kinds.digest(current))
        if raw == current or kinds.digest(raw) == base:
            continue
        if kinds.digest(current) != base:
            saved.conflicts.append(code)
            continue
        changed.append(
            Answer(
                dossier_stage=dossier_stage,
                code=code,
                raw=raw,
                value=kinds.of(question).clean(question, raw, context),
                updated_at=at,
            )
        )
        saved.written.append(code)
    if changed:
        write(dossier_stage, changed)
    if not saved.conflicts:
        ParkedInput.objects.filter(user=by, dossier_stage=dossier_stage).delete()
    return saved


@dataclass
class Kept:
    """What the save of one answer did: the form as it now stands, and the questions that it opened or closed."""

    sheet: Sheet
    entry: Entry
    toggled: list[Entry]
    #: The answer that someone else had saved, when this one came too late.
    is_conflict: bool = False


@transaction.atomic
def save_answer(
    reference: str,
    code: str,
    read: Callable[[Question], kinds.Raw],
    *,
    base: str,
    by: User,
    at: dt.datetime,
    was_parked: bool = False,
) -> Kept:
    """Keep one answer, as `save_answers` would, of the dossier of `by` that has this reference (D6).

    `read` gives what was typed for the question. At most 8 queries with those of the session, 9 for a perimeter, which
    reads its sites. Raises NotAllowed, Closed, NotOpen.
    """
    dossier_stage = own_locked(reference, by=by)
    check_editable(dossier_stage, by=by, at=at)
    sheet = queries.standing(dossier_stage)
    entry = sheet.entry(code)
    if entry is None or not entry.kind.has_fields:
        raise NotAllowed("Ce formulaire ne pose pas cette question.")
    if not entry.editable:
        raise NotOpen(FROZEN if entry.frozen else LOCKED)
    raw = read(entry.question)
    if raw != entry.stored and entry.base != base:
        return Kept(sheet, entry, [], is_conflict=True)
    shown = {each.code for each in sheet.shown}
    if raw != entry.stored:
        entry.retype(raw, entry.kind.clean(entry.question, raw, sheet.context))
        sheet.settle()
        write(dossier_stage, [answer_of(dossier_stage, entry, at=at)])
        entry.keep()
        entry.corrected = sheet.correction is not None
    if was_parked:
        forget(dossier_stage, code, by=by)
    toggled = [each for each in sheet.entries if each.shown != (each.code in shown)]
    revision = dossier_stage.revision
    moved = [entry, *toggled]
    asked = {revision.track_question, revision.perimeter_question}
    if any(each.code in asked or each.kind.code == de_minimis.KIND for each in moved):
        sheet.terms = queries.terms(dossier_stage, at)
    return Kept(sheet, entry, toggled)


LOCKED_OWN = Composed(
    lambda reference, referent: Dossier.objects.select_for_update(of=("self",)).filter(
        reference=reference, referent=referent
    ),
    reference="-",
    referent=-1,
)


def own_locked(reference: str, *, by: User) -> DossierStage:
    """The current étape of the dossier of `by`, on its newest form, read under the lock of its dossier. That lock comes
    first, by itself, as everywhere: taken after the row of the étape, a file put in a slot at the same instant would
    wait for ever. Raises NotAllowed."""
    LOCKED_OWN.first(reference=reference, referent=by.pk)
    dossier_stage = access.own_stage(by, reference)
    if dossier_stage is None:
        raise NotAllowed("Vous n'êtes pas le référent de ce dossier.")
    return revisions.follow(dossier_stage)


def answer_of(dossier_stage: DossierStage, entry: Entry, *, at: dt.datetime) -> Answer:
    return Answer(dossier_stage=dossier_stage, code=entry.code, raw=entry.raw, value=entry.value, updated_at=at)


def write(dossier_stage: DossierStage, answers: list[Answer]) -> None:
    Answer.objects.bulk_create(
        answers,
        update_conflicts=True,
        unique_fields=["dossier_stage", "code"],
        update_fields=["raw", "value", "updated_at"],
    )
    # To the minute: each pause of somebody who types would write this row, its indexes and its lock once more.
    if dossier_stage.saved_at is None or answers[0].updated_at - dossier_stage.saved_at > dt.timedelta(minutes=1):
        touch(dossier_stage)


def check_editable(dossier_stage: DossierStage, *, by: User, at: dt.datetime) -> None:
    """Raise NotAllowed unless `by` is the référent, Closed unless the étape may be edited at `at` (D10)."""
    if not access.is_referent(by, dossier_stage):
        raise NotAllowed("Vous n'êtes pas le référent de ce dossier.")
    if dossier_stage.is_editable(at):
        return
    deadline = dossier_stage.deadline
    if deadline is not None and at >= deadline:
        departement = dossier_stage.dossier.legal_entity.departement_id
        raise Closed(
            f"Le délai est dépassé depuis le {french.moment(deadline)}{french.overseas(deadline, departement)} : "
            "le dossier ne peut plus être modifié ni transmis. Ce que vous aviez enregistré est conservé."
        )
    raise Closed(
        f"Ce dossier est au statut « {dossier_stage.status_label} » : il ne peut pas être modifié pour le moment."
    )


def closed_questions(dossier_stage: DossierStage) -> dict[str, str]:
    """The questions that the référent may not change now, with the reason: contacts once transmitted (D12, Q&A 1.10),
    and what a request for modification does not open (D11). No query before the first transmission."""
    if dossier_stage.first_transmitted_at is None:
        return {}
    entries = queries.standing(dossier_stage).entries
    return {entry.code: FROZEN if entry.frozen else LOCKED for entry in entries if not entry.editable}


def touch(dossier_stage: DossierStage) -> None:
    DossierStage.objects.filter(pk=dossier_stage.pk).update(saved_at=Now())
