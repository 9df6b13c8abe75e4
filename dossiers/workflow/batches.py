"""A batch before it is done: which dossiers, which action, what is said, and the confirmation (I4b, docs/adr/0040)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from accounts.models import User
from dossiers import access, queries
from dossiers.enums import BatchAction, BatchResult, BatchState
from dossiers.models import Batch, BatchItem
from dossiers.models.batches import OVER, WITHOUT_WORDS
from dossiers.models.dossiers import DossierStageQuerySet
from dossiers.models.saved_views import LONGEST_QUERY
from dossiers.workflow import batch_work
from dossiers.workflow.moves import Changed
from dossiers.workflow.obstacles import obstacles
from dossiers.workflow.table import NotAllowed, Refused
from ecare import french
from notifications import broker

#: Dossiers in one batch: read at once by its pre-flight, done in less than a minute.
MOST = 1_000
TASK = "dossiers.tasks.carry_out_batch"


@transaction.atomic
def prepare(
    stages: DossierStageQuerySet,
    action: BatchAction,
    *,
    by: User,
    at: dt.datetime,
    query: str = "",
    to: Sequence[User] = (),
) -> Batch:
    """Keep these étapes, in their order, for one action to be confirmed; with `to`, to be given in turn to those.

    `stages` are those that `by` may read, `query` the filters of the list they come from. Raises NotAllowed, Refused
    when there is none, or too many, or when these filters are too long to be kept: cut, they would be others.
    """
    if not access.may_batch(by, action):
        raise NotAllowed("Vous ne pouvez pas faire cette action.")
    if len(query) > LONGEST_QUERY:
        raise Refused("Cette recherche est trop longue pour en préparer un lot\u00a0: raccourcissez-la dans la liste.")
    rows = queries.selected(stages, MOST)
    if not rows:
        raise Refused("Cochez au moins un dossier de la liste.")
    if len(rows) > MOST:
        raise Refused(
            f"Plus de {french.integer(MOST)} dossiers sont concernés\u00a0: un lot en compte {french.integer(MOST)} au "
            "plus. Filtrez d'abord la liste."
        )
    batch = Batch.objects.create(
        author=by, action=action, query=query, prepared_at=at, is_complete=bool(to) or action in WITHOUT_WORDS
    )
    BatchItem.objects.bulk_create(
        BatchItem(
            batch=batch,
            position=position,
            dossier_stage_id=stage,
            seen_number=number,
            seen_verifier_id=verifier,
            to=to[position % len(to)] if to else None,
        )
        for position, (stage, number, verifier) in enumerate(rows)
    )
    return batch


@transaction.atomic
def complete(batch: Batch, *, by: User, parameters: dict[str, Any] | None = None, to: User | None = None) -> None:
    """Say what the action asks for: `parameters` for the référent, or `to` whom dossiers are given. May be said again
    until the confirmation. Raises NotAllowed, Refused once confirmed."""
    batch = own(batch, by)
    if not batch.is_prepared:
        raise Refused(f"Ce lot est confirmé depuis le {french.moment(batch.confirmed_at or batch.prepared_at)}.")
    if to is not None:
        batch.items.update(to=to)
    batch.parameters, batch.is_complete = parameters or {}, True
    batch.save(update_fields=["parameters", "is_complete"])


@transaction.atomic
def confirm(batch: Batch, *, by: User, count: int, at: dt.datetime) -> None:
    """Have the batch done on the `count` dossiers that the page said could be. Twice does once.

    What is blocked now is put aside, with why: it is not done even if it becomes possible. Raises NotAllowed, Refused
    when nothing can be done, Changed when another number can.
    """
    batch = own(batch, by)
    if not batch.is_prepared:
        return
    if not batch.is_complete:
        raise Refused("Complétez le lot avant de le confirmer.")
    blocked = obstacles(batch, by=by)
    possible = batch.items.count() - len(blocked)
    if not possible:
        raise Refused("Aucun dossier de ce lot ne peut être traité\u00a0: les motifs sont ci-dessous.")
    if possible != count:
        now = french.count(possible, "dossier", "dossiers")
        raise Changed(
            f"La situation a changé depuis l'affichage de cette page\u00a0: {now} au lieu de "
            f"{french.integer(count)}. Vérifiez avant de confirmer."
        )
    put_aside(batch, blocked, at)
    batch.state, batch.confirmed_at = BatchState.WAITING, at
    batch.save(update_fields=["state", "confirmed_at"])
    transaction.on_commit(lambda: broker.tell(TASK, batch.pk))


def put_aside(batch: Batch, reasons: dict[int, str], at: dt.datetime) -> None:
    """Keep why these items are not done."""
    items = [
        BatchItem(pk=pk, batch=batch, result=BatchResult.REFUSED, reason=reason, at=at)
        for pk, reason in reasons.items()
    ]
    BatchItem.objects.bulk_update(items, ["result", "reason", "at"], batch_size=500)


@transaction.atomic
def stop(batch: Batch, *, by: User, at: dt.datetime) -> None:
    """« Arrêter »: what is not done is not done any more, the dossier at hand excepted. Raises NotAllowed, Refused once
    over."""
    batch = own(batch, by)
    if batch.state in OVER:
        raise Refused("Ce lot est déjà terminé.")
    if batch.is_prepared:
        raise Refused("Ce lot n'est pas confirmé\u00a0: rien n'est à arrêter.")
    left = batch.items.filter(result=BatchResult.WAITING)
    left.update(result=BatchResult.REFUSED, reason="Le lot a été arrêté avant ce dossier.", at=at)
    batch_work.close(batch, BatchState.STOPPED, at)


def own(batch: Batch, by: User) -> Batch:
    """The batch read again under its lock. Raises NotAllowed unless `by` prepared it."""
    found = Batch.objects.select_for_update().get(pk=batch.pk)
    if found.author_id != by.pk or not by.is_active:
        raise NotAllowed("Ce lot n'est pas le vôtre.")
    return found
