"""What no référent can read: written about a dossier since its own can no longer sign in, and kept for the next
(Q38)."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, F, IntegerField, Max, OuterRef, Subquery
from django.db.models.functions import Coalesce

from accounts.models import User
from dossiers import days, handover_emails
from dossiers.enums import EventKind
from dossiers.models import Dossier, DossierStage, Event
from dossiers.models.dossiers import DossierStageQuerySet
from notifications.models import Email, EmailQuerySet

#: A dossier is given with these lines of its history: what was kept before is read by whoever received it.
GIVEN = (EventKind.TRANSFERRED, EventKind.REASSIGNED)


def kept(since: dt.datetime | None, until: dt.datetime | None) -> EmailQuerySet:
    """The messages kept for a next référent, after `since` and until `until` alone when they are said."""
    found = Email.objects.kept()
    if since is not None:
        found = found.filter(created_at__gt=since)
    if until is not None:
        found = found.filter(created_at__lte=until)
    return found


def left(*, since: dt.datetime | None = None, until: dt.datetime | None = None) -> DossierStageQuerySet:
    """The current étapes of the dossiers whose référent can no longer sign in as one, with `unread`: how many messages
    were kept for the next since it is his, after `since` and until `until` alone when they are said."""
    given = Event.objects.filter(dossier=OuterRef("dossier"), kind__in=GIVEN).order_by("-at", "-pk").values("at")[:1]
    own = kept(since, until).filter(about=OuterRef("dossier__reference"), created_at__gt=OuterRef("held_since"))
    counted = own.order_by().values("about").annotate(count=Count("pk")).values("count")
    held = DossierStage.objects.current().filter(dossier__in=Dossier.objects.left())
    return held.annotate(held_since=Coalesce(Subquery(given), F("dossier__created_at"))).annotate(
        unread=Coalesce(Subquery(counted, output_field=IntegerField()), 0)
    )


def news(since: dt.datetime | None, until: dt.datetime) -> DossierStageQuerySet:
    """Those of which something was kept after `since` and until `until`, the oldest dossier first."""
    about = kept(since, until).values("about")
    named = left(since=since, until=until).filter(dossier__reference__in=about, unread__gt=0)
    return named.with_context().order_by("dossier")


def told_until(lead: User) -> dt.datetime | None:
    """The last morning until which `lead` was told what was kept; None before the first. The key of each e-mail says
    it."""
    key = handover_emails.unread_key(lead)
    last = Email.objects.filter(key__startswith=key).aggregate(last=Max("key"))["last"]
    return days.morning(dt.date.fromisoformat(last.removeprefix(key))) if last else None
