"""What the antivirus says of the files (Q28). It works behind: nobody ever waits for it to fill a form."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Iterator

from django.core.files import File
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
#: As many in a row that cannot be read: it is their storage that does not answer.
UNREADABLE_IN_A_ROW = 10


class Unreadable(Exception):
    """A file, or the storage where it is kept, cannot be read for now."""


def scan(attachment_pk: int) -> None:
    """Have the antivirus read a file that waits for it. With the antivirus or the storage away, it goes on waiting."""
    attachment = Attachment.objects.filter(pk=attachment_pk, scan=Scan.PENDING).first()
    if attachment is None:
        return
    try:
        read(attachment)
    except antivirus.Unavailable as error:
        logger.warning("antivirus unavailable, the file waits: %s", error)
    except Unreadable as error:
        logger.warning("file %s cannot be read and waits: %s", attachment.public_id, error)


def scan_waiting() -> None:
    """Have the antivirus read what waits, the oldest first; give up when it is away, or the storage: the next pass
    begins again."""
    if not antivirus.is_configured():
        return
    started, unreadable = time.monotonic(), 0
    waiting = Attachment.objects.filter(scan=Scan.PENDING, uploaded_at__lt=timezone.now() - OWN_TASK)
    for attachment in waiting.order_by("uploaded_at").iterator(chunk_size=50):
        if time.monotonic() - started > PASS_SECONDS:
            return
        try:
            read(attachment)
            unreadable = 0
        except antivirus.Unavailable as error:
            logger.warning("antivirus unavailable, files wait: %s", error)
            return
        except Unreadable as error:
            unreadable += 1
            logger.warning("file %s cannot be read and waits: %s", attachment.public_id, error)
            if unreadable == UNREADABLE_IN_A_ROW:
                return


def read(attachment: Attachment) -> None:
    """Raises antivirus.Unavailable, Unreadable."""
    try:
        with attachment.file.open("rb") as content:
            threat = antivirus.scan(pieces(content))
    except (antivirus.Unscannable, FileNotFoundError) as error:
        logger.error("file %s cannot be scanned: %s", attachment.public_id, error)
        return
    except OSError as error:
        raise Unreadable(error) from error
    record_scan(attachment, threat=threat, at=timezone.now())


def pieces(content: File[bytes]) -> Iterator[bytes]:
    """The content of a file, for the antivirus, which is not to blame for what cannot be read. Raises Unreadable."""
    try:
        yield from content.chunks()
    except OSError as error:
        raise Unreadable(error) from error


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
