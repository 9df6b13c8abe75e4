"""Writing the audit log, sealing it, and telling whether somebody touched it (Q57).

A line is one insert in the transaction of the change that it tells. Chaining it there would make every request of the
portal wait for the one before; a periodic task seals what was committed, in one order, under a lock of its own.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from ecare.models import AuditEntry, AuditKind, AuditSeal

#: Longer than any transaction: a line dated earlier than that before the last seal was not written by the portal.
WINDOW = dt.timedelta(hours=1)
BATCH = 2_000
FIRST = "0" * 64

#: The address that the current request comes from; None in a command or a task.
address: ContextVar[str | None] = ContextVar("address", default=None)


def record(kind: AuditKind, *, by: Any = None, subject: str = "", **detail: Any) -> None:
    """Add a line, in the transaction of the change if there is one. `by` is the account that acts, None when nobody is
    known. `detail` holds no secret and no identity: names of fields, never what they contain."""
    AuditEntry.objects.create(
        kind=kind,
        actor_id=getattr(by, "pk", None),
        actor_role=getattr(by, "role", ""),
        address=address.get(),
        subject=subject[:200],
        detail=detail,
    )


def seal() -> int:
    """Chain what was committed since the last time; how many lines. Twice at once, one waits for the other."""
    sealed = 0
    while added := _seal_some():
        sealed += added
        if added < BATCH:
            break
    return sealed


@transaction.atomic
def _seal_some() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('ecare.audit', 0))")
    last = AuditSeal.objects.order_by("-position").first()
    waiting = AuditEntry.objects.filter(seal=None).order_by("pk")
    if last is not None:
        waiting = waiting.filter(at__gt=last.sealed_at - WINDOW)
    now = timezone.now()
    seals: list[AuditSeal] = []
    for entry in waiting[:BATCH]:
        seal = AuditSeal(position=last.position + 1 if last else 1, entry=entry, sealed_at=now)
        seal.digest = chained(link(last), seal, entry)
        seals.append(seal)
        last = seal
    AuditSeal.objects.bulk_create(seals)
    return len(seals)


def link(before: AuditSeal | None) -> str:
    """What a seal holds of the one before. Its date too: a line is purged for its age, which nothing else would vouch
    for once it is gone."""
    return f"{before.digest} {_utc(before.sealed_at)}" if before else FIRST


def chained(before: str, seal: AuditSeal, entry: AuditEntry) -> str:
    """The digest of a line at its place. Keyed: who can write to the database but not read the environment of the
    portal cannot compute the chain again after a forgery."""
    said = [
        before,
        seal.position,
        _utc(seal.sealed_at),
        entry.pk,
        _utc(entry.at),
        entry.kind,
        entry.actor_id,
        entry.actor_role,
        entry.address,
        entry.subject,
        entry.detail,
    ]
    text = json.dumps(said, sort_keys=True, ensure_ascii=False)
    return salted_hmac("ecare.audit", text, secret=settings.FINGERPRINT_KEY, algorithm="sha256").hexdigest()


def _utc(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat()


def flaws(*, heads: Iterable[str] = (), now: dt.datetime) -> Iterator[str]:
    """What does not hold in the log, a French sentence each. `heads` (« position:empreinte ») are those written
    elsewhere since, by the task or by a verification: without one, removing the last lines together with their seals
    cannot be seen."""
    purged_before = now - settings.AUDIT_KEPT
    before: AuditSeal | None = None
    missing, whole = set(heads), True
    for seal in AuditSeal.objects.select_related("entry").order_by("position").iterator(chunk_size=2_000):
        missing.discard(str(seal))
        expected = before.position + 1 if before else 1
        if seal.position != expected:
            yield f"Sceaux {expected} à {seal.position - 1} supprimés"
            whole = False
        entry = seal.entry
        if entry is None:
            if seal.sealed_at > purged_before:
                yield f"Ligne {seal.entry_id} supprimée (sceau {seal.position})"
        elif whole and not _holds(before, seal, entry):
            yield f"Ligne {entry.pk} modifiée, ou l'un des sceaux {expected - 1} et {seal.position}"
        elif before is not None and entry.at < before.sealed_at - WINDOW:
            yield f"Ligne {entry.pk} insérée après coup (sceau {seal.position})"
        before, whole = seal, True
    for head in sorted(missing, key=lambda head: int(head.partition(":")[0])):
        yield f"Le sceau {head.partition(':')[0]} n'est plus celui qui avait été relevé"
    late = AuditEntry.objects.filter(seal=None, at__lt=now - WINDOW).order_by("pk")
    for pk in late.values_list("pk", flat=True).iterator():
        yield f"Ligne {pk} insérée après coup, ou jamais scellée"


def _holds(before: AuditSeal | None, seal: AuditSeal, entry: AuditEntry) -> bool:
    # Seals of the first version held the digest alone of the one before.
    links = {link(before), before.digest} if before else {FIRST}
    return seal.digest in {chained(each, seal, entry) for each in links}
