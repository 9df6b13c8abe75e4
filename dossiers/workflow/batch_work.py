"""A confirmed batch, done behind: one dossier after the other, each in a transaction of its own (I4b, docs/adr/0040).

The transaction of a dossier begins by the row of its batch, which it holds: what is done and what is kept of it stand
or fall together, and of two workers one waits. A worker that dies leaves the dossier at hand undone; another goes on.
A short transaction before it counts the tries: a dossier that kills its worker each time is given up.
"""

from __future__ import annotations

import datetime as dt
import logging

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from dossiers import catalog, desk_emails, template_texts
from dossiers.enums import BatchAction, BatchResult, BatchState
from dossiers.models import Batch, BatchItem, DossierStage
from dossiers.models.batches import BatchQuerySet
from dossiers.workflow import assignment, moves
from dossiers.workflow.table import Refused

logger = logging.getLogger(__name__)

#: A worker that has said nothing for so long is dead: it says something every dossier.
SILENCE = dt.timedelta(minutes=1)
#: How often a dossier is begun.
MOST_TRIES = 3
GIVEN_UP = (
    "Le traitement de ce dossier s'est interrompu trois fois\u00a0: recommencez depuis le dossier, ou écrivez-nous si "
    "cela se répète."
)
#: How many batches one sweep goes on with.
AT_ONCE = 5


class Overtaken(Exception):
    """The batch was stopped, or another worker goes on with it."""


def carry_out(pk: int) -> None:
    """Do a batch that waits, or whose worker died. Doing it twice, or twice at once, does it once."""
    batch = take(pk)
    if batch is None:
        return
    try:
        while step(batch):
            pass
    except Overtaken:
        logger.info("batch %s: another goes on, or it was stopped", batch.public_id)


def take(pk: int) -> Batch | None:
    """Make this worker the one that does the batch; None when another does, or when it is over."""
    now = timezone.now()
    free = Q(state=BatchState.WAITING) | Q(state=BatchState.RUNNING, beat_at__lt=now - SILENCE)
    taken = Batch.objects.filter(free, pk=pk).update(state=BatchState.RUNNING, attempt=F("attempt") + 1, beat_at=now)
    return Batch.objects.get(pk=pk) if taken else None


def step(batch: Batch) -> bool:
    """Do one dossier, or end the batch when none is left: whether to call again. Raises Overtaken."""
    item = begin(batch)
    if item is not None and item.result == BatchResult.WAITING:
        finish(batch, item)
    return item is not None


@transaction.atomic
def begin(batch: Batch) -> BatchItem | None:
    """The next dossier, its try counted, or given up after too many; None once the batch is over. Raises Overtaken."""
    now = timezone.now()
    if not mine(batch).update(beat_at=now):
        raise Overtaken
    waiting = batch.items.filter(result=BatchResult.WAITING).select_related(
        "dossier_stage__dossier__guichet",
        "dossier_stage__dossier__legal_entity",
        "dossier_stage__dossier__referent",
        "dossier_stage__stage",
        "to",
    )
    item = waiting.order_by("position").first()
    if item is None:
        close(batch, BatchState.DONE, now)
        return None
    if item.tries >= MOST_TRIES:
        logger.error("batch %s, item %s: given up", batch.public_id, item.pk)
        item.result, item.reason, item.at = BatchResult.REFUSED, GIVEN_UP, now
    else:
        item.tries += 1
    item.save(update_fields=["tries", "result", "reason", "at"])
    return item


@transaction.atomic
def finish(batch: Batch, item: BatchItem) -> None:
    """Do a dossier that was begun, and keep what became of it. Raises Overtaken."""
    now = timezone.now()
    if not mine(batch).update(beat_at=now):
        raise Overtaken
    item.reason = attempt(batch, item)
    item.result, item.at = BatchResult.REFUSED if item.reason else BatchResult.DONE, now
    item.save(update_fields=["result", "reason", "at"])


def attempt(batch: Batch, item: BatchItem) -> str:
    """Do one dossier, with the rights that the author has now; why not, when it was refused.

    What the database could not do (connection lost, deadlock) is raised: the dossier will be tried again.
    """
    author = User.objects.get(pk=batch.author_id)
    try:
        with transaction.atomic():
            act(batch, item, by=author)
    except Refused as refusal:
        return str(refusal)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("batch %s, item %s failed", batch.public_id, item.pk)
        return "Une erreur l'a empêché\u00a0: recommencez depuis le dossier, ou écrivez-nous si elle se répète."
    return ""


def act(batch: Batch, item: BatchItem, *, by: User) -> None:
    """The action, as for a single dossier: same rights, same lock, same e-mails. Raises what it raises."""
    dossier_stage, read = item.dossier_stage, item.seen_number
    match batch.action:
        case BatchAction.TAKE:
            assignment.take(dossier_stage, by=by)
        case BatchAction.ASSIGN:
            assert item.to is not None
            assignment.assign(dossier_stage, by=by, to=item.to, seen=item.seen_verifier_id, in_batch=True)
        case BatchAction.RELEASE:
            assignment.release(dossier_stage, by=by, seen=item.seen_verifier_id)
        case BatchAction.REQUEST_MODIFICATION:
            due_at = catalog.closing(batch.due_on)
            assert due_at is not None
            message = template_texts.dated(words(batch, "message", dossier_stage), due_at)
            moves.request_modification(dossier_stage, by=by, message=message, remarks={}, due_at=due_at, read=read)
        case BatchAction.VALIDATE:
            moves.validate(dossier_stage, by=by, message=words(batch, "message", dossier_stage), read=read)
        case BatchAction.REJECT:
            moves.reject(dossier_stage, by=by, reason=words(batch, "reason", dossier_stage), read=read)


def words(batch: Batch, name: str, dossier_stage: DossierStage) -> str:
    """What is said to every référent, its fields replaced by what they are in this dossier (I3)."""
    return template_texts.filled(batch.said(name), dossier_stage)


def close(batch: Batch, state: BatchState, at: dt.datetime) -> None:
    """End a batch, under its lock; those to whom dossiers were given are told, in one e-mail each (I5)."""
    Batch.objects.filter(pk=batch.pk).update(state=state, finished_at=at)
    if batch.action == BatchAction.ASSIGN:
        given = batch.items.filter(result=BatchResult.DONE).values("to")
        for recipient in User.objects.filter(pk__in=given).order_by("pk"):
            desk_emails.given_in_batch(batch, recipient)


def mine(batch: Batch) -> BatchQuerySet:
    """The row, as long as this worker is the one that does it."""
    return Batch.objects.filter(pk=batch.pk, state=BatchState.RUNNING, attempt=batch.attempt)


def resume() -> None:
    """Go on with the batches that nobody does: called every minute."""
    silent = timezone.now() - SILENCE
    forgotten = Q(state=BatchState.WAITING) | Q(state=BatchState.RUNNING, beat_at__lt=silent)
    for pk in Batch.objects.filter(forgotten).order_by("confirmed_at").values_list("pk", flat=True)[:AT_ONCE]:
        carry_out(pk)
