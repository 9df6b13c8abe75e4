"""What the room of dossiers keeps for a time: see `ecare.retention`."""

import datetime as dt

from django.conf import settings
from django.db.models import QuerySet

from dossiers.models import ParkedInput
from ecare.retention import Rule, deleting


def parked_too_long(now: dt.datetime) -> QuerySet[ParkedInput]:
    """What nobody came back for; the page that could still use it is too old for that as well."""
    return ParkedInput.objects.filter(at__lt=now - settings.PARKED_KEPT)


RULES = [
    Rule("parked", "Saisies mises de côté", parked_too_long, "at", deleting(parked_too_long), kept="PARKED_KEPT"),
]
