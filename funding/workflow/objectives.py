"""Accepting or refusing an objective (F5). Minds may change until the étape is decided."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from dossiers.enums import EventKind, Status
from dossiers.models import DossierStage
from dossiers.workflow.moves import check_read
from dossiers.workflow.table import NotAllowed, Refused, WrongStatus, locked, record, situation
from ecare import french
from funding import access
from funding.enums import ObjectiveState
from funding.models import ObjectiveDecision
from funding.objectives import Decision, Row
from funding.queries import objectives

KINDS = {
    ObjectiveState.ACCEPTED: EventKind.OBJECTIVE_ACCEPTED,
    ObjectiveState.REFUSED: EventKind.OBJECTIVE_REFUSED,
}


class Late(Refused):
    """Somebody decided on the objective meanwhile; the message says who and what."""


@transaction.atomic
def decide(
    dossier_stage: DossierStage,
    code: str,
    state: ObjectiveState,
    *,
    by: User,
    read: int,
    version: int,
    reason: str = "",
) -> ObjectiveDecision:
    """Accept the objective of that code, or refuse it and say why.

    `read` is the number of the transmission that was read, `version` that of the decision that was shown (0: none).
    The same decision sent twice is taken once. Raises NotAllowed, WrongStatus once the étape is decided, Changed, Late,
    Refused without a reason or when the objective is not presented.
    """
    dossier_stage = locked(dossier_stage)
    if not access.may_decide_objectives(by, dossier_stage):
        raise NotAllowed
    if not dossier_stage.is_current or dossier_stage.status != Status.TRANSMITTED:
        raise WrongStatus(situation(dossier_stage))
    check_read(dossier_stage, read)
    found = objectives.of_stage(dossier_stage)
    row = found.row(code) if found else None
    if row is None or not row.is_presented:
        raise Refused("Le référent ne présente pas cet objectif\u00a0: il n'y a rien à décider.")
    reason = reason.strip() if state == ObjectiveState.REFUSED else ""
    if state == ObjectiveState.REFUSED and not reason:
        raise Refused("Indiquez le motif du refus\u00a0: le référent le lira.")
    already = row.decision
    if already is not None and is_same(already, row, state, reason, by):
        return ObjectiveDecision.objects.get(dossier_stage=dossier_stage, code=code)
    if row.version != version:
        raise Late(told(already, row) if already else "Cet objectif n'est pas encore décidé.")
    decision = ObjectiveDecision.objects.filter(dossier_stage=dossier_stage, code=code).first()
    decision = decision or ObjectiveDecision(dossier_stage=dossier_stage, code=code, version=0)
    decision.state, decision.reason, decision.seen = state, reason, row.reply.seen
    decision.decided_by, decision.decided_at = by, timezone.now()
    decision.version += 1
    decision.save()
    record(dossier_stage, KINDS[state], by=by, message=line(row, reason))
    return decision


def line(row: Row, reason: str) -> str:
    """What history keeps: the objective, why it is refused, what was decided before."""
    before = f"Décision précédente\u00a0: {row.decision.label.lower()}." if row.decision else ""
    return "\n\n".join(filter(None, (row.objective.label, reason, before)))


def is_same(decision: Decision, row: Row, state: ObjectiveState, reason: str, by: User) -> bool:
    """Whether what is asked is what this person has just done."""
    asked = (state, reason, by.pk, row.reply.seen)
    return (decision.state, decision.reason, decision.by_id, decision.seen) == asked


def told(decision: Decision, row: Row) -> str:
    done = "accepté" if decision.state == ObjectiveState.ACCEPTED else "refusé"
    return (
        f"{decision.by} a {done} l'objectif {french.quoted(row.objective.label)} le "
        f"{french.moment(decision.at)}. Relisez sa décision avant de la changer."
    )
