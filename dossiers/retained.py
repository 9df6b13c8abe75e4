"""What the room of dossiers keeps for a time: see `ecare.retention`."""

import datetime as dt

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from dossiers.enums import BatchState
from dossiers.models import Absence, Batch, Export, ParkedInput, Presence
from dossiers.queries.desk import SEEN_FOR
from dossiers.workflow import exports
from ecare.retention import Rule, deleting

#: A batch is prepared to be confirmed at once.
PREPARED_FOR = dt.timedelta(days=2)
#: Long enough to see why a rule gave nothing.
ABSENT_FOR = dt.timedelta(days=31)


def parked_too_long(now: dt.datetime) -> QuerySet[ParkedInput]:
    """What nobody came back for; the page that could still use it is too old for that as well."""
    return ParkedInput.objects.filter(at__lt=now - settings.PARKED_KEPT)


def exports_too_old(now: dt.datetime) -> QuerySet[Export]:
    """Exports whose link is over (I7)."""
    return Export.objects.expired(now)


def presences_over(now: dt.datetime) -> QuerySet[Presence]:
    """Pages that were left."""
    return Presence.objects.filter(at__lt=now - SEEN_FOR)


def batches_given_up(now: dt.datetime) -> QuerySet[Batch]:
    """Batches that nobody confirmed: what they saw of the dossiers is old."""
    return Batch.objects.filter(state=BatchState.PREPARED, prepared_at__lt=now - PREPARED_FOR)


def absences_over(now: dt.datetime) -> QuerySet[Absence]:
    """Absences that ended a month ago: nothing reads them."""
    return Absence.objects.filter(last_day__lt=timezone.localdate(now) - ABSENT_FOR)


RULES = [
    Rule("absences", "Absences finies", absences_over, "last_day", deleting(absences_over)),
    Rule("batches", "Lots jamais confirmés", batches_given_up, "prepared_at", deleting(batches_given_up)),
    Rule("parked", "Saisies mises de côté", parked_too_long, "at", deleting(parked_too_long), kept="PARKED_KEPT"),
    Rule("presences", "Présences sur les dossiers", presences_over, "at", deleting(presences_over)),
    Rule("exports", "Exports", exports_too_old, "finished_at", exports.expire, kept="EXPORTS_KEPT"),
]
