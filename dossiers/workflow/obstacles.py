"""What would keep a batch from some of its dossiers, read ahead: « 8 sur 10 ; 2 bloqués : motif » (I4b).

The rules are those of each change: the same functions, on dossiers read together instead of one by one under its lock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from accounts.models import User
from dossiers import neighbours, queries
from dossiers.enums import BatchAction
from dossiers.models import Batch, BatchItem, DossierStage
from dossiers.workflow import assignment, moves
from dossiers.workflow.table import MOVES, Refused, check, in_words, is_due


def obstacles(batch: Batch, *, by: User) -> dict[int, str]:
    """Why not, by key of the item, for those that could not be done by `by` now: at most 6 queries, whatever their
    number. Before it is said to whom dossiers are given, what depends on it is left out."""
    items = list(queries.items_to_check(batch))
    told = None
    if batch.action in MOVES:
        told = teller([item.dossier_stage for item in items if not is_due(batch.action, item.dossier_stage)])
    stages = [item.dossier_stage for item in items] if batch.action == BatchAction.VALIDATE else []
    unready = neighbours.why_not_validated(stages)
    found = {}
    for item in items:
        try:
            check_item(batch, item, by=by, told=told)
            if obstacle := unready.get(item.dossier_stage_id):
                raise Refused(obstacle)
        except Refused as refusal:
            found[item.pk] = str(refusal)
    return found


def check_item(batch: Batch, item: BatchItem, *, by: User, told: Callable[[DossierStage], str] | None) -> None:
    """Raise Refused, or one of its kinds, when the action cannot be done on that dossier as it was read."""
    dossier_stage = item.dossier_stage
    holder = dossier_stage.dossier.verifier_id
    match batch.action:
        case BatchAction.TAKE:
            assignment.check_take(dossier_stage, by=by)
            if holder == by.pk:
                raise Refused("Vous instruisez déjà ce dossier.")
        case BatchAction.ASSIGN:
            assignment.check_assign(dossier_stage, by=by, to=item.to, seen=item.seen_verifier_id)
        case BatchAction.RELEASE:
            assignment.check_release(dossier_stage, by=by, seen=item.seen_verifier_id)
            if holder is None:
                raise Refused("Personne n'instruit ce dossier.")
        case move:
            check(move, dossier_stage, by=by, told=told)
            if item.last_number > item.seen_number:  # type: ignore[attr-defined]  # see `items_to_check`
                raise moves.Changed(moves.TRANSMITTED_AGAIN)


def teller(stages: Sequence[DossierStage]) -> Callable[[DossierStage], str]:
    """`situation`, for these étapes: what it reads of each is read at once."""
    last = queries.last_moves(stages)
    gone_on = queries.current_stages([each for each in stages if not each.is_current])

    def told(dossier_stage: DossierStage) -> str:
        return in_words(
            dossier_stage,
            last=last.get(dossier_stage.pk),
            gone_on=None if dossier_stage.is_current else gone_on[dossier_stage.dossier_id],
        )

    return told
