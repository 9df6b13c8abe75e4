"""Working out the points of vigilance behind, and what people say of them (I6).

Whatever changes an étape leaves it to be appraised again; the worker does it at once, the sweep what was missed. An
import of the register makes everything due. One appraisal at a time writes: no two ever wait for each other.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Collection
from functools import partial

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from dossiers import access, vigilance
from dossiers.enums import EventKind, FlagKind
from dossiers.models import Appraisal, DossierStage, Flag, Transmission
from dossiers.queries import vigilance as reading
from dossiers.workflow import lines
from dossiers.workflow.table import NotAllowed, Refused, locked, record
from establishments import activity
from notifications import broker

BATCH = 50
#: The beat starts a pass every minute: one that lasts less never piles up on the next.
PASS_SECONDS = 50.0
#: The key of the lock that one appraisal at a time holds.
LOCK = 6_140_006


class Examined(Refused):
    """What is asked has changed, or somebody has examined it already; the message says which."""


def doubt(dossier_stage: DossierStage) -> None:
    """Have the points of vigilance of an étape, and of those it meets, worked out again once this transaction is over:
    1 query."""
    Appraisal.objects.bulk_create(
        [Appraisal(dossier_stage=dossier_stage, at=None)],
        update_conflicts=True,
        unique_fields=["dossier_stage"],
        update_fields=["at"],
    )
    transaction.on_commit(partial(broker.tell, "dossiers.tasks.appraise"))


def appraise_due() -> int:
    """Appraise what waits, the étapes that changed first, then what an import of the register may have changed.

    Returns how many étapes were. Called by the worker each time one is transmitted or decided, and every minute.
    """
    started, done = time.monotonic(), 0
    imported = activity.last_change()
    while time.monotonic() - started < PASS_SECONDS:
        keys = list(due(imported).values_list("pk", flat=True)[:BATCH])
        if not keys:
            return done
        done += appraise(keys)
    return done


def due(imported: dt.datetime | None) -> QuerySet[Appraisal]:
    late = Q(at__isnull=True)
    if imported is not None:
        late |= Q(at__lt=imported)
    return Appraisal.objects.filter(late).order_by(F("at").asc(nulls_first=True), "pk")


def appraise(keys: Collection[int]) -> int:
    """Work out the points of vigilance of these étapes, and of those that met them or meet them now; returns how many
    of these were transmitted."""
    done, rewritten = appraise_at_once(keys)
    # Apart: who decides holds the line of his dossier, then waits for its appraisal.
    lines.rewrite(rewritten)
    return done


@transaction.atomic
def appraise_at_once(keys: Collection[int]) -> tuple[int, list[int]]:
    """The same, and the étapes whose points were written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    now = timezone.now()
    # Locked before they are read: a change that comes meanwhile waits, then makes them due again.
    before = {each.pk: each for each in Appraisal.objects.select_for_update().filter(pk__in=keys)}
    read = reading.last_transmissions(before.keys())
    changed = note_traces(read, before)
    neighbours = reading.last_transmissions(met(changed) - before.keys()) if changed else []
    rewrite(read + neighbours)
    Appraisal.objects.filter(pk__in=before).update(at=now)
    return len(read), [each.dossier_stage_id for each in read + neighbours]


def note_traces(read: Collection[Transmission], before: dict[int, Appraisal]) -> list[tuple[Appraisal, Appraisal]]:
    """Write by what each étape may be met; returns those that changed, as they were and as they are."""
    changed = []
    for transmission in read:
        was = before[transmission.dossier_stage_id]
        sites = sorted({site["finess"] for site in reading.sites_of(transmission)})
        now = Appraisal(pk=was.pk, at=was.at, sites=sites, account=reading.account_of(transmission))
        if was.at is None or (was.sites, was.account) != (now.sites, now.account):
            changed.append((was, now))
    Appraisal.objects.bulk_update([now for _, now in changed], ["sites", "account"])
    return changed


def met(changed: Collection[tuple[Appraisal, Appraisal]]) -> set[int]:
    """The étapes that share an EG, an account or an EJ with these, as they were or as they are."""
    both = [each for pair in changed for each in pair]
    sites = {site for each in both for site in each.sites}
    accounts = {each.account for each in both if each.account}
    entities = DossierStage.objects.filter(pk__in=[each.pk for each in both]).values("dossier__legal_entity")
    found = Q(dossier_stage__dossier__legal_entity__in=entities)
    if accounts:
        found |= Q(account__in=accounts)
    keys = set(Appraisal.objects.filter(found).values_list("pk", flat=True))
    if sites:
        keys |= set(Appraisal.objects.filter(sites__overlap=list(sites)).values_list("pk", flat=True))
    return keys


def rewrite(read: Collection[Transmission]) -> None:
    """Write the points found: what says the same keeps its examination, what says otherwise is to be examined."""
    known: dict[tuple[int, str], Flag] = {
        (flag.dossier_stage_id, flag.kind): flag
        for flag in Flag.objects.filter(dossier_stage__in=[each.dossier_stage_id for each in read])
    }
    added, altered = [], []
    for key, case in reading.cases(read).items():
        for kind, finding in vigilance.findings(case).items():
            flag = known.pop((key, kind), None)
            if flag is None:
                added.append(Flag(dossier_stage_id=key, kind=kind, text=finding.text, others=finding.others))
            elif (flag.text, flag.others) != (finding.text, finding.others):
                flag.text, flag.others, flag.raised_at = finding.text, finding.others, timezone.now()
                flag.examined_at, flag.examined_by, flag.note = None, None, ""
                altered.append(flag)
    Flag.objects.filter(pk__in=[flag.pk for flag in known.values()]).delete()
    Flag.objects.bulk_create(added)
    fields = ["text", "others", "raised_at", "examined_at", "examined_by", "note"]
    Flag.objects.bulk_update(altered, fields)


@transaction.atomic
def examine(dossier_stage: DossierStage, kind: FlagKind, *, by: User, note: str, read: str) -> Flag:
    """Mark a point of vigilance as examined, with what was found; `read` is when what `by` had before them was raised
    (ISO 8601): what is explained alike may be about another dossier.

    Raises NotAllowed unless `by` may instruct the étape, Examined if the point went, says otherwise or was examined by
    somebody else meanwhile, Refused without a note. Examined by the same person with the same note: done once.
    """
    dossier_stage = locked(dossier_stage)
    if not access.may_instruct(by, dossier_stage):
        raise NotAllowed
    if not note.strip():
        raise Refused("Dites ce que vous avez constaté\u00a0: vos collègues le liront.")
    flag = Flag.objects.select_for_update(of=("self",)).filter(dossier_stage=dossier_stage, kind=kind).first()
    if flag is None:
        raise Examined("Ce point de vigilance n'a plus lieu d'être\u00a0: le dossier ou le répertoire a changé.")
    if flag.raised_at.isoformat() != read:
        raise Examined("Ce point de vigilance a changé depuis que vous avez ouvert cette page\u00a0: relisez-le.")
    if flag.is_examined:
        if (flag.examined_by_id, flag.note) == (by.pk, note.strip()):
            return flag
        assert flag.examined_by is not None
        raise Examined(f"{flag.examined_by.full_name} a déjà examiné ce point.")
    flag.examined_at, flag.examined_by, flag.note = timezone.now(), by, note.strip()
    flag.save(update_fields=["examined_at", "examined_by", "note"])
    lines.rewrite([dossier_stage.pk])
    record(dossier_stage, EventKind.FLAG_EXAMINED, by=by, message=f"{flag.get_kind_display()}\n\n{flag.note}")
    return flag
