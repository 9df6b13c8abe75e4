"""Doors of the workers to `workflow`: they take primary keys, and doing twice does once."""

from __future__ import annotations

import logging

from celery import Task, shared_task
from django.utils import timezone

from dossiers import storage, workflow
from dossiers.workflow import batch_work, exports, lines, revisions, tallies
from notifications import broker

logger = logging.getLogger(__name__)


@shared_task
def follow_newest(stage_id: int, after: int = 0) -> None:
    """A form was published: the drafts of its étape follow it, a batch after the other."""
    if last := revisions.follow_some(stage_id=stage_id, after=after):
        broker.tell("dossiers.tasks.follow_newest", stage_id, last)


@shared_task
def sweep_drafts() -> None:
    """What was missed: called every minute."""
    revisions.follow_some()


@shared_task
def scan(attachment_pk: int) -> None:
    """A file was just deposited."""
    workflow.scan(attachment_pk)


@shared_task
def sweep_scans() -> None:
    """Files that still wait for the antivirus: called every minute."""
    workflow.scan_waiting()


@shared_task(bind=True, max_retries=6)
def sweep_files(self: Task[..., None]) -> None:
    """Files that belong to nothing: called every night, and again ten minutes later when the storage does not answer,
    for an hour. After that it is an error."""
    try:
        storage.sweep()
    except storage.NotSwept as error:
        logger.warning("files are not swept, the storage does not answer: %s", error)
        raise self.retry(exc=error, countdown=600) from error


@shared_task
def announce() -> None:
    """Étapes that opened and closings put off, told to whom they concern: called every minute."""
    workflow.announce(timezone.now())


@shared_task
def remind() -> None:
    """Closings and due dates that come near, told to those who have not transmitted: called every minute."""
    workflow.remind(timezone.now())


@shared_task
def digest() -> None:
    """What those who instruct are told every morning: called every minute."""
    workflow.digest(timezone.now())


@shared_task
def watch_referents() -> None:
    """Dossiers left by somebody who cannot sign in any more and what was written to them since, requests that nobody
    decided: called every minute."""
    now = timezone.now()
    workflow.vacancies.watch(now)
    workflow.vacancies.tell_unread(now)
    workflow.takeovers.expire(now)


@shared_task
def produce_export(export_pk: int) -> None:
    """An export was just asked for."""
    exports.produce(export_pk)


@shared_task
def sweep_exports() -> None:
    """Exports that nobody makes: called every minute."""
    exports.resume()


@shared_task
def carry_out_batch(batch_pk: int) -> None:
    """A batch was just confirmed."""
    batch_work.carry_out(batch_pk)


@shared_task
def sweep_batches() -> None:
    """Batches that nobody does: called every minute."""
    batch_work.resume()


@shared_task
def count_dossiers() -> None:
    """What the statistics are read from: called every ten minutes."""
    tallies.refresh(timezone.now())


@shared_task
def mend_lines() -> None:
    """Lines of the list that people, the register or titles changed: called every ten minutes."""
    lines.mend()


@shared_task
def appraise() -> None:
    """A dossier was transmitted or decided, or FINESS was imported: called every minute too."""
    workflow.vigilance.appraise_due()
