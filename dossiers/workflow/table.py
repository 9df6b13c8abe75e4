"""The state machine of an étape: one table. Nobody sets a status elsewhere (product.md, « Statuses of an étape »)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from django.db import connection

from accounts.models import User
from dossiers import access, queries
from dossiers.enums import EventKind, Status
from dossiers.models import Dossier, DossierStage, Event
from ecare import audit, french
from ecare.composed import Composed
from ecare.models import AuditKind


class Actor(Enum):
    REFERENT = "référent"
    INSTRUCTOR = "instructeur"
    LEAD = "responsable d'instruction"


@dataclass(frozen=True)
class Move:
    """From which statuses, to which, by whom, and the line that history keeps."""

    sources: frozenset[Status]
    target: Status
    by: Actor
    event: EventKind


MOVES: dict[str, Move] = {
    "transmit": Move(
        frozenset({Status.DRAFT, Status.MODIFICATION_REQUESTED}),
        Status.TRANSMITTED,
        Actor.REFERENT,
        EventKind.TRANSMITTED,
    ),
    "request_modification": Move(
        frozenset({Status.TRANSMITTED}),
        Status.MODIFICATION_REQUESTED,
        Actor.INSTRUCTOR,
        EventKind.MODIFICATION_REQUESTED,
    ),
    "validate": Move(frozenset({Status.TRANSMITTED}), Status.VALIDATED, Actor.INSTRUCTOR, EventKind.VALIDATED),
    "reject": Move(frozenset({Status.TRANSMITTED}), Status.REJECTED, Actor.INSTRUCTOR, EventKind.REJECTED),
    "reopen": Move(frozenset({Status.VALIDATED, Status.REJECTED}), Status.TRANSMITTED, Actor.LEAD, EventKind.REOPENED),
}


#: The lines of history that give an étape its first status.
BEGINNINGS = frozenset({EventKind.CREATED, EventKind.STAGE_STARTED})


class Refused(Exception):
    """A change that the rules do not allow; its text is a French sentence for the person who asked."""


class NotAllowed(Refused):
    """The actor is not one who may: shown as a page that does not exist (D16)."""

    def __init__(self, reason: str = "Vous ne pouvez pas faire cette action sur ce dossier.") -> None:
        super().__init__(reason)


class WrongStatus(Refused):
    """The étape is no longer in a status from which this change starts."""


ACTORS = {
    Actor.REFERENT: access.is_referent,
    Actor.INSTRUCTOR: access.may_instruct,
    Actor.LEAD: access.may_reopen,
}


# What every change to a dossier begins by (docs/adr/0030).
LOCK = Composed(lambda dossier: Dossier.objects.select_for_update(of=("self",)).filter(pk=dossier), dossier=-1)
NOW = Composed(
    lambda key, dossier: (
        DossierStage.objects.with_context().select_related("stage__guichet").filter(pk=key, dossier=dossier)
    ),
    key=-1,
    dossier=-2,
)


def locked(dossier_stage: DossierStage) -> DossierStage:
    """The étape read again under the lock of its dossier. One lock a dossier: saves, files, transmissions, decisions
    and transfers follow one another. Must be called in a transaction. Raises DoesNotExist for what is gone."""
    assert connection.in_atomic_block
    if LOCK.first(dossier=dossier_stage.dossier_id) is None:
        raise Dossier.DoesNotExist
    return reread(dossier_stage)


def reread(dossier_stage: DossierStage) -> DossierStage:
    """The étape as it now stands, in another object: 1 query. Raises DoesNotExist."""
    now = NOW.first(key=dossier_stage.pk, dossier=dossier_stage.dossier_id)
    if now is None:
        raise DossierStage.DoesNotExist
    return now


def is_due(name: str, dossier_stage: DossierStage) -> bool:
    """Whether the étape stands where this change starts. One that the dossier left for the next no longer changes."""
    return dossier_stage.is_current and dossier_stage.status in MOVES[name].sources


def is_actor(name: str, dossier_stage: DossierStage, user: User) -> bool:
    """Whether `user` is one who makes this change, when its time comes."""
    return ACTORS[MOVES[name].by](user, dossier_stage)


def allowed_moves(dossier_stage: DossierStage, user: User) -> set[str]:
    """The moves that the table allows `user` now: what the pages offer. Deadlines are checked by each move."""
    return {name for name in MOVES if is_due(name, dossier_stage) and is_actor(name, dossier_stage, user)}


def check(
    name: str, dossier_stage: DossierStage, *, by: User, told: Callable[[DossierStage], str] | None = None
) -> Move:
    """The row of the table for this change.

    Raises NotAllowed if `by` is not the actor of the row, WrongStatus (which says who did what, as `told` does:
    `situation` by default) if the étape stands elsewhere or if the dossier has gone on. Call it under the lock.
    """
    move = MOVES[name]
    if not is_actor(name, dossier_stage, by):
        raise NotAllowed
    if not is_due(name, dossier_stage):
        raise WrongStatus((told or situation)(dossier_stage))
    return move


def situation(dossier_stage: DossierStage) -> str:
    """Why a change comes too late: the status now, who set it and when."""
    if not dossier_stage.is_current:
        gone_on = DossierStage.objects.select_related("stage").get(dossier=dossier_stage.dossier_id, is_current=True)
        return in_words(dossier_stage, gone_on=gone_on)
    return in_words(dossier_stage, last=queries.last_move(dossier_stage))


def in_words(dossier_stage: DossierStage, *, last: Event | None = None, gone_on: DossierStage | None = None) -> str:
    """The same, once read: `gone_on` is the étape that the dossier left this one for, `last` its last change of
    status."""
    if gone_on is not None:
        return (
            f"L'étape {french.quoted(gone_on.stage.title)} a commencé le {french.moment(gone_on.created_at)}\u00a0: "
            f"l'étape {french.quoted(dossier_stage.stage.title)} ne change plus."
        )
    label = french.quoted(dossier_stage.status_label)
    if last is None:
        return f"Cette étape est au statut {label}."
    if last.kind == EventKind.TRANSMITTED:
        return f"Le dossier a été transmis le {french.moment(last.at)}, par {last.author}."
    return f"Cette étape est au statut {label} depuis le {french.moment(last.at)}, par décision de {last.author}."


def record(
    dossier_stage: DossierStage,
    kind: EventKind,
    *,
    by: User | None,
    from_status: str = "",
    message: str = "",
    code: str = "",
    former: User | None = None,
    successor: User | None = None,
) -> Event:
    """Write the line of history of a change, in the transaction of that change, and in the audit log. `message` is what
    people said: it names no account, `former` and `successor` do. `code` is that of the question that it is about."""
    audit.record(AuditKind.DOSSIER, by=by, subject=dossier_stage.dossier.reference, change=kind, before=from_status)
    return Event.objects.create(
        dossier=dossier_stage.dossier,
        dossier_stage=dossier_stage,
        kind=kind,
        actor=by,
        from_status=from_status,
        to_status=dossier_stage.status if from_status or kind in BEGINNINGS else "",
        message=message,
        code=code,
        former=former,
        successor=successor,
    )
