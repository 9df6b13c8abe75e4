"""What the room of accounts keeps for a time: see `ecare.retention`."""

import datetime as dt

from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from accounts.browsers import COOKIE_AGE
from accounts.models import KnownBrowser, Session
from accounts.workflow import departure, email_change, inactivity
from ecare.retention import Rule, deleting


def sessions_over(now: dt.datetime) -> QuerySet[Session]:
    return Session.objects.filter(expire_date__lte=now)


def pauses_over(now: dt.datetime) -> QuerySet[AccessAttempt]:
    """Wrong passwords that count no longer, with the address they came from."""
    return AccessAttempt.objects.filter(attempt_time__lte=now - settings.AXES_COOLOFF_TIME)


def browsers_forgotten(now: dt.datetime) -> QuerySet[KnownBrowser]:
    """Their cookie is over as well."""
    return KnownBrowser.objects.filter(last_seen_at__lte=now - dt.timedelta(seconds=COOKIE_AGE))


SEEN = Coalesce("last_login", "activated_at")
RULES = [
    Rule(
        "never-activated",
        "Comptes jamais activés",
        departure.never_activated,
        "created_at",
        departure.purge_never_activated,
        kept="NEVER_ACTIVATED_KEPT",
    ),
    Rule("inactive-told", "Titulaires de comptes inactifs, prévenus", inactivity.to_tell, SEEN, inactivity.tell),
    Rule("inactive", "Comptes inactifs", inactivity.inactive, SEEN, inactivity.close, kept="INACTIVE_KEPT"),
    Rule(
        "email-changes",
        "Changements d'adresse jamais confirmés",
        email_change.never_confirmed,
        "asked_at",
        email_change.purge_email_changes,
    ),
    Rule("sessions", "Sessions terminées", sessions_over, "expire_date", deleting(sessions_over)),
    Rule("pauses", "Mots de passe faux qui ne comptent plus", pauses_over, "attempt_time", deleting(pauses_over)),
    Rule("browsers", "Navigateurs connus, oubliés", browsers_forgotten, "last_seen_at", deleting(browsers_forgotten)),
]
