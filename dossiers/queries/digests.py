"""What somebody who instructs has not been told yet (N1)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from accounts.enums import Digest
from accounts.models import User
from dossiers import access
from dossiers.enums import EventKind, Status
from dossiers.models import DossierStage, Event, ModificationRequest
from dossiers.models.dossiers import DossierStageQuerySet
from dossiers.queries.lines import SOON

#: A digest names that many dossiers of each sort; the list has them all.
MOST_NAMED = 5


@dataclass(frozen=True)
class News:
    """So many dossiers, the first of them by name."""

    count: int
    named: list[DossierStage]


@dataclass(frozen=True)
class DayNews:
    """A dossier is told once: given to the reader by rule, or transmitted for the first time, or transmitted again."""

    assigned: News
    transmitted: News
    answered: News
    due_soon: News

    @property
    def total(self) -> int:
        return self.assigned.count + self.transmitted.count + self.answered.count + self.due_soon.count


def day_news(user: User, since: dt.datetime, until: dt.datetime) -> DayNews:
    """What became true after `since` and until `until` of the dossiers that `user` chose and may read, and still waits:
    at most 8 queries."""
    readable = access.instructed_stages(user)
    chosen = readable.filter(dossier__verifier=user) if user.digest == Digest.MINE else readable
    given = Event.objects.filter(
        dossier=OuterRef("dossier"), kind=EventKind.ASSIGNED, successor=user, at__gt=since, at__lte=until
    )
    assigned = readable.filter(Exists(given.filter(actor=None)), dossier__verifier=user)
    waiting = chosen.filter(status=Status.TRANSMITTED, transmitted_at__gt=since, transmitted_at__lte=until)
    waiting = waiting.exclude(pk__in=assigned.values("pk"))
    # What a colleague gave was told at once; what one takes oneself is known.
    waiting = waiting.exclude(Exists(given.filter(at__gte=OuterRef("transmitted_at"))))
    due_soon = chosen.filter(due_at__gt=until, due_at__lte=until + SOON)
    asked = ModificationRequest.objects.filter(dossier_stage=OuterRef("pk"), answered_at=None, at__lte=since)
    return DayNews(
        assigned=news(assigned.order_by("-dossier__assigned_at", "-pk")),
        transmitted=news(waiting.filter(first_transmitted_at__gt=since).order_by("transmitted_at", "pk")),
        answered=news(waiting.filter(first_transmitted_at__lte=since).order_by("transmitted_at", "pk")),
        due_soon=news(due_soon.exclude(Exists(asked), due_at__lte=since + SOON).order_by("due_at", "pk")),
    )


def news(stages: DossierStageQuerySet) -> News:
    count = stages.count()
    return News(count, list(stages.with_context()[:MOST_NAMED]) if count else [])
