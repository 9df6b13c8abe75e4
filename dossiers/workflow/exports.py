"""An export from its asking to its end (I7), whatever the table. It is made behind, by one worker at a time, which says
that it lives.

A worker that dies is replaced: the next one takes a new try, and what the former still writes is thrown away. The file
is put in the storage before the row says that it is ready, so that a ready export always has its file.
"""

from __future__ import annotations

import datetime as dt
import logging
import tempfile
from collections.abc import Collection, Iterable
from contextlib import closing
from pathlib import Path

from django.core.files import File
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from dossiers import emails, storage
from dossiers.enums import ExportFormat, ExportState
from dossiers.exports import tables
from dossiers.exports.writers import writer
from dossiers.models import Export
from dossiers.models.exports import ExportQuerySet
from dossiers.models.saved_views import LONGEST_QUERY
from dossiers.workflow.table import NotAllowed, Refused
from ecare import audit
from ecare.models import AuditKind
from notifications import broker

logger = logging.getLogger(__name__)

#: A worker that has said nothing for so long is dead: it says something every chunk of rows.
SILENCE = dt.timedelta(minutes=2)
#: After so many tries the fault is not the worker's.
TRIES = 3
#: What one person may have made at once.
AT_ONCE = 3
TASK = "dossiers.tasks.produce_export"


class Overtaken(Exception):
    """The export was cancelled, or another worker took it over: what is being written is for nobody."""


@transaction.atomic
def ask(
    user: User, *, query: str, format: ExportFormat, columns: list[str], at: dt.datetime, table: str = tables.LISTED
) -> Export:
    """Have a table under these choices written to a file: the list, or that of another room. Raises NotAllowed, or
    Refused when too many wait, or when what was chosen is too long to be kept: cut, it would be another choice."""
    asked = tables.named(table)
    if not asked.scope(user):
        raise NotAllowed("Vous ne pouvez pas exporter ces données.")
    if len(query) > LONGEST_QUERY:
        raise Refused("Cette recherche est trop longue pour être exportée\u00a0: raccourcissez-la dans la liste.")
    User.objects.select_for_update().get(pk=user.pk)  # asked twice at once, the second counts the first
    if Export.objects.of(user).under_way().count() >= AT_ONCE:
        raise Refused(f"{AT_ONCE} exports sont déjà en cours\u00a0: attendez la fin de l'un d'eux, ou annulez-le.")
    export = Export.objects.create(owner=user, table=table, query=query, format=format, columns=columns, asked_at=at)
    chosen = {"table": table, "format": format, **asked.audited(export)}
    audit.record(AuditKind.EXPORTED, by=user, subject=str(export.public_id), **chosen)
    transaction.on_commit(lambda: broker.tell(TASK, export.pk))
    return export


def cancel(export: Export, *, by: User, at: dt.datetime) -> None:
    """Give an export up. Raises NotAllowed for somebody else's, Refused when it is over."""
    if export.owner_id != by.pk:
        raise NotAllowed("Cet export n'est pas le vôtre.")
    if not Export.objects.under_way().filter(pk=export.pk).update(state=ExportState.CANCELLED, finished_at=at):
        raise Refused("Cet export est déjà terminé.")


def produce(pk: int) -> None:
    """Make an export that waits, or whose worker died. Doing it twice, or twice at once, does it once."""
    export = take(pk)
    if export is None:
        return
    if not tables.named(export.table).scope(export.owner):
        end(export, ExportState.CANCELLED)
        return
    try:
        with tempfile.TemporaryDirectory(prefix="ecare-export-") as folder:
            path = Path(folder) / export.name
            write(export, path)
            deliver(export, path)
    except Overtaken:
        logger.info("export %s: given up", export.public_id)
    except storage.NotStored:
        give_back(export)  # the storage may have room again
    except Exception:
        logger.exception("export %s failed", export.public_id)
        give_back(export)


def take(pk: int) -> Export | None:
    """Make this worker the one that makes the export; None when another does, or when it is over."""
    now = timezone.now()
    free = Q(state=ExportState.WAITING) | Q(state=ExportState.RUNNING, beat_at__lt=now - SILENCE)
    taken = Export.objects.filter(free, pk=pk).update(
        state=ExportState.RUNNING, attempt=F("attempt") + 1, beat_at=now, done=0, total=None
    )
    return Export.objects.select_related("owner").get(pk=pk) if taken else None


def write(export: Export, path: Path) -> None:
    """Write the file row after row, with the rights of its owner. Raises Overtaken."""
    table = tables.named(export.table)
    export.scope = table.scope(export.owner)
    content = table.content(export)
    beat(export, done=0, total=content.total, scope=export.scope)
    with closing(writer(export.format, path, sheet=table.SHEET)) as file:
        file.heading(content.headings)
        done = 0
        for chunk in content.chunks:
            for row in chunk.rows:
                file.row(row)
            done += chunk.done
            # Rows may have come since they were counted.
            beat(export, done=done, total=max(done, content.total))


def beat(export: Export, **fields: object) -> None:
    """Say that the worker lives, and how far it is. Raises Overtaken."""
    if not mine(export).update(beat_at=timezone.now(), **fields):
        raise Overtaken


def deliver(export: Export, path: Path) -> None:
    """Keep the file, then say that it is ready, on the page and by e-mail. Raises Overtaken, storage.NotStored."""
    with path.open("rb") as content:
        name = storage.store(File(content, name=export.name), folder="exports")
    try:
        finish(export, name=name, size=path.stat().st_size)
    except BaseException:
        storage.discard(name)
        raise


@transaction.atomic
def finish(export: Export, *, name: str, size: int) -> None:
    now = timezone.now()
    if not mine(export).update(state=ExportState.READY, file=name, size=size, finished_at=now):
        raise Overtaken
    export.refresh_from_db()
    emails.export_ready(export)


def give_back(export: Export) -> None:
    """After a failure: let another try, or say that it failed for good."""
    if export.attempt < TRIES:
        mine(export).update(state=ExportState.WAITING)
    else:
        end(export, ExportState.FAILED)


def end(export: Export, state: ExportState) -> None:
    mine(export).update(state=state, finished_at=timezone.now())


def mine(export: Export) -> ExportQuerySet:
    """The row, as long as this worker is the one that makes it."""
    return Export.objects.filter(pk=export.pk, state=ExportState.RUNNING, attempt=export.attempt)


def resume() -> None:
    """Find the exports that nobody makes: called every minute. One whose workers all died fails."""
    silent = timezone.now() - SILENCE
    lost = Export.objects.filter(state=ExportState.RUNNING, beat_at__lt=silent, attempt__gte=TRIES)
    lost.update(state=ExportState.FAILED, finished_at=timezone.now())
    forgotten = Q(state=ExportState.WAITING) | Q(state=ExportState.RUNNING, beat_at__lt=silent)
    for pk in Export.objects.filter(forgotten).order_by("asked_at").values_list("pk", flat=True)[:AT_ONCE]:
        produce(pk)


def expire(keys: Collection[int], now: dt.datetime) -> int:
    """Let go of these exports, the rows then the files: see `ecare.retention`."""
    with transaction.atomic():
        due = Export.objects.expired(now).filter(pk__in=keys).select_for_update(skip_locked=True)
        held = list(due.values_list("pk", "file"))
        Export.objects.filter(pk__in=[pk for pk, _ in held]).delete()
    for _, name in held:
        if name:
            storage.discard(name)
    return len(held)


def may_download(export: Export, user: User, at: dt.datetime) -> bool:
    """Whether the file may leave: ready, in time, its owner's, who still reads what he read when it was made."""
    return export.pk in downloadable([export], user, at)


def downloadable(exports: Iterable[Export], user: User, at: dt.datetime) -> set[int]:
    """The keys of those whose file may leave; what `user` reads is asked once a table, whatever their number."""
    ready = [
        each
        for each in exports
        if each.state == ExportState.READY
        and each.owner_id == user.pk
        and each.expires_at is not None
        and at < each.expires_at
    ]
    scopes = {table: tables.named(table).scope(user) for table in {each.table for each in ready}}
    return {each.pk for each in ready if each.scope == scopes[each.table]}
