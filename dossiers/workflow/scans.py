"""What the antivirus says of the files (Q28). It works behind: nobody ever waits for it to fill a form."""

from __future__ import annotations

import datetime as dt
import logging
import time

from django.db import transaction
from django.utils import timezone

from dossiers import antivirus, emails
from dossiers.enums import EventKind, Scan
from dossiers.models import Attachment
from dossiers.workflow.table import locked, record
from ecare import audit
from ecare.models import AuditKind

logger = logging.getLogger(__name__)

#: A file just deposited has its own task.
OWN_TASK = dt.timedelta(minutes=1)
#: The beat starts a pass every minute: one that lasts less never piles up on the next.
PASS_SECONDS = 50.0


def scan(attachment_pk: int) -> None:
    """Have the antivirus read a file that waits for it. With the antivirus away, the file goes on waiting."""
    attachment = Attachment.objects.filter(pk=attachment_pk, scan=Scan.PENDING).first()
    if attachment is None:
        return
    try:
        read(attachment)
    except antivirus.Unavailable as error:
        logger.warning("antivirus unavailable, the file waits: %s", error)


def scan_waiting() -> None:
    """Have the antivirus read what waits, the oldest first; give up at once when it is away."""
    if not antivirus.is_configured():
        return
    started = time.monotonic()
    waiting = Attachment.objects.filter(scan=Scan.PENDING, uploaded_at__lt=timezone.now() - OWN_TASK)
    for attachment in waiting.order_by("uploaded_at").iterator(chunk_size=50):
        if time.monotonic() - started > PASS_SECONDS:
            return
        try:
            read(attachment)
        except antivirus.Unavailable as error:
            logger.warning("antivirus unavailable, files wait: %s", error)
            return


def read(attachment: Attachment) -> None:
    """Raises antivirus.Unavailable."""
    try:
        with attachment.file.open("rb") as content:
            threat = antivirus.scan(content.chunks())
    except (antivirus.Unscannable, FileNotFoundError) as error:
        logger.error("file %s cannot be scanned: %s", attachment.public_id, error)
        return
    record_scan(attachment, threat=threat, at=timezone.now())


@transaction.atomic
def record_scan(attachment: Attachment, *, threat: str, at: dt.datetime) -> None:
    """Keep what the antivirus found in a file: nothing, or a threat that its owner is told of. The first answer stays:
    said twice, it is kept once."""
    dossier_stage = locked(attachment.dossier_stage)
    result = Scan.INFECTED if threat else Scan.CLEAN
    waiting = Attachment.objects.filter(pk=attachment.pk, scan=Scan.PENDING)
    if not waiting.update(scan=result, scanned_at=at, threat=threat[:200]) or not threat:
        return
    attachment.refresh_from_db(fields=["scan", "scanned_at", "threat"])
    audit.record(
        AuditKind.FILE_REFUSED,
        subject=dossier_stage.dossier.reference,
        question=attachment.code,
        file=str(attachment.public_id),
        why="infected",
        threat=attachment.threat,
    )
    event = record(dossier_stage, EventKind.FILE_INFECTED, by=None, message=f"{attachment.name} ({attachment.threat})")
    emails.infected(event, attachment)
