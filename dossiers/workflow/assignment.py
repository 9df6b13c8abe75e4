"""Who instructs a dossier (I5): taken by oneself, given by a responsable, or by rule when it is transmitted."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from dossiers import access, desk_emails, queries
from dossiers.enums import EventKind
from dossiers.models import AssignmentRule, Dossier, DossierStage, Event
from dossiers.workflow.table import NotAllowed, Refused, locked, record
from dossiers.workflow.transfer import held
from ecare import french

#: No account has this key: whoever has the dossier.
ANYBODY: Final = 0


class Taken(Refused):
    """Somebody else instructs the dossier already; the message says who, and since when."""


class Moved(Refused):
    """Another than the one who was seen instructs the dossier now."""


@transaction.atomic
def take(dossier_stage: DossierStage, *, by: User) -> None:
    """« Prendre en charge »: make `by` the one who instructs the dossier, if nobody does. Twice does once.

    Raises NotAllowed unless `by` may instruct it, Taken if somebody else does: of two at once, one wins (I2b).
    """
    dossier_stage = locked(dossier_stage)
    check_take(dossier_stage, by=by)
    if dossier_stage.dossier.verifier_id != by.pk:
        give(dossier_stage, by=by, to=by)


def check_take(dossier_stage: DossierStage, *, by: User) -> None:
    """Raise NotAllowed or Taken when `by` may not take the dossier as it was read."""
    if not access.may_instruct(by, dossier_stage):
        raise NotAllowed
    dossier = dossier_stage.dossier
    if dossier.verifier_id not in {None, by.pk}:
        raise Taken(in_words(dossier))


@transaction.atomic
def assign(
    dossier_stage: DossierStage, *, by: User, to: User, seen: int | None = ANYBODY, in_batch: bool = False
) -> None:
    """Give a dossier to `to`, whoever had it, or only if it is still the account of key `seen` (None: nobody). `to` is
    told by e-mail, here or, `in_batch`, once the batch is over.

    Raises NotAllowed unless `by` is a responsable d'instruction, Moved when another than `seen` has it, Refused if `to`
    may not instruct it or has it.
    """
    to = held(to)
    dossier_stage = locked(dossier_stage)
    check_assign(dossier_stage, by=by, to=to, seen=seen)
    event = give(dossier_stage, by=by, to=to)
    if not in_batch:
        desk_emails.given([dossier_stage.dossier], 1, by=by, recipient=to, key=f"event-{event.pk}-given")


def check_assign(dossier_stage: DossierStage, *, by: User, to: User | None, seen: int | None = ANYBODY) -> None:
    """Raise what `assign` would, for the dossier as it was read; without `to`, only what does not depend on it."""
    if not access.may_assign(by):
        raise NotAllowed
    check_seen(dossier_stage.dossier, seen)
    if to is None:
        return
    reference = dossier_stage.dossier.reference
    if not access.may_instruct(to, dossier_stage):
        raise Refused(f"{to.full_name} ne peut pas instruire le dossier {reference}.")
    if dossier_stage.dossier.verifier_id == to.pk:
        raise Refused(f"{to.full_name} instruit déjà le dossier {reference}.")


@transaction.atomic
def release(dossier_stage: DossierStage, *, by: User, seen: int | None = ANYBODY) -> None:
    """Give a dossier back, to be taken by anybody; or only if it is still the account of key `seen` that has it. Twice
    does once.

    Raises NotAllowed unless `by` is the one who has it, or a responsable d'instruction; Moved when another has it.
    """
    dossier_stage = locked(dossier_stage)
    check_release(dossier_stage, by=by, seen=seen)
    if dossier_stage.dossier.verifier_id is not None:
        give(dossier_stage, by=by, to=None)


def check_release(dossier_stage: DossierStage, *, by: User, seen: int | None = ANYBODY) -> None:
    """Raise NotAllowed or Moved when `by` may not release the dossier as it was read."""
    dossier = dossier_stage.dossier
    if dossier.verifier_id != by.pk and not access.may_assign(by):
        raise NotAllowed
    check_seen(dossier, seen)


def check_seen(dossier: Dossier, seen: int | None) -> None:
    """Raise Moved unless the one who instructs is the account of key `seen`, or ANYBODY."""
    if seen == ANYBODY or dossier.verifier_id == seen:
        return
    if dossier.verifier_id is None:
        raise Moved("Personne n'instruit plus ce dossier\u00a0: ouvrez-le avant de l'attribuer.")
    raise Moved(in_words(dossier))


def in_words(dossier: Dossier) -> str:
    """Who instructs a dossier, and since when, in a French sentence."""
    if dossier.verifier is None or dossier.assigned_at is None:
        return "Personne n'instruit ce dossier."
    return f"{dossier.verifier.full_name} instruit ce dossier depuis le {french.moment(dossier.assigned_at)}."


def follow_rule(dossier_stage: DossierStage, *, at: dt.datetime) -> None:
    """Give a dossier that nobody instructs to whom its rule says, in turn, those who are away or may not instruct it
    left out; to nobody when there is no rule, or nobody left. Under the lock of the dossier.

    Nobody is told at once: the daily digest does.
    """
    if dossier_stage.dossier.verifier_id is not None:
        return
    found = queries.falling(dossier_stage)
    if found is None:
        return
    rule = AssignmentRule.objects.select_for_update(of=("self",)).filter(pk=found.pk).first()
    if rule is None:
        return
    able = [
        each for each in queries.in_turn(rule, on=timezone.localdate(at)) if access.may_instruct(each, dossier_stage)
    ]
    if able:
        rule.last = able[0]
        rule.save(update_fields=["last"])
        give(dossier_stage, by=None, to=able[0])


def give(dossier_stage: DossierStage, *, by: User | None, to: User | None) -> Event:
    """Write who instructs, with its line of history. Under the lock of the dossier."""
    dossier = dossier_stage.dossier
    former = dossier.verifier
    dossier.verifier, dossier.assigned_at = to, timezone.now() if to else None
    dossier.save(update_fields=["verifier", "assigned_at"])
    kind = EventKind.ASSIGNED if to else EventKind.RELEASED
    return record(dossier_stage, kind, by=by, former=former, successor=to)
