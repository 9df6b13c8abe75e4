"""Who is away, and what becomes of their dossiers (I5, docs/adr/0051)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from dossiers import access, queries
from dossiers.enums import BatchAction
from dossiers.models import Absence, Batch
from dossiers.models.assignment import BACKWARDS
from dossiers.workflow import batches
from dossiers.workflow.table import NotAllowed, Refused
from ecare import audit
from ecare.models import AuditKind


@transaction.atomic
def declare(user: User, *, by: User, first_day: dt.date, last_day: dt.date, at: dt.datetime) -> Absence:
    """`user` is away on these days, both included. Twice declares once.

    Raises NotAllowed unless it is `by`, or `by` is a responsable d'instruction; Refused for days that are over.
    """
    if not access.may_declare_absence(by, user):
        raise NotAllowed("Vous ne pouvez pas déclarer cette absence.")
    if last_day < first_day:
        raise Refused(BACKWARDS)
    if last_day < timezone.localdate(at):
        raise Refused("Cette absence est déjà finie\u00a0: indiquez des jours à venir.")
    absence, is_new = Absence.objects.get_or_create(
        user=user, first_day=first_day, last_day=last_day, defaults={"declared_by": by, "declared_at": at}
    )
    if is_new:
        _audit(absence, by=by, change="declared")
    return absence


@transaction.atomic
def withdraw(absence: Absence, *, by: User) -> None:
    """Back before time, or not gone at all. Raises NotAllowed."""
    if not access.may_declare_absence(by, absence.user):
        raise NotAllowed("Vous ne pouvez pas retirer cette absence.")
    _audit(absence, by=by, change="withdrawn")
    absence.delete()


def spread(user: User, *, by: User, among: Sequence[User], at: dt.datetime) -> Batch:
    """A batch that gives the open dossiers of `user` to these colleagues, in turn: as many as a batch holds, those
    transmitted first (see `left`). Raises NotAllowed, Refused when there is none."""
    held = queries.held_by(user)
    if not held.exists():
        raise Refused(f"{user.full_name} n'a plus aucun dossier à instruire.")
    query = f"verificateur={user.public_id}"
    return batches.prepare(held[: batches.MOST], BatchAction.ASSIGN, by=by, at=at, query=query, to=among)


def left(held: int) -> int:
    """How many of that many open dossiers `spread` leaves to another batch."""
    return max(0, held - batches.MOST)


def _audit(absence: Absence, *, by: User, change: str) -> None:
    days = f"{absence.first_day.isoformat()}/{absence.last_day.isoformat()}"
    audit.record(AuditKind.ADMINISTERED, by=by, subject=f"dossiers.absence {absence.user.public_id}", **{change: days})
