"""What the outbox keeps for a time: see `ecare.retention`."""

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, Value, When

from ecare.retention import Rule
from notifications.enums import FORGOTTEN, State
from notifications.models import Email


def old_emails(now: dt.datetime) -> QuerySet[Email]:
    """E-mails that nothing waits for any more, and that still say something: their text, or, when they are about no
    dossier, whose they were. Their line stays: its key is what keeps an event from being told twice."""
    said = ~Q(text="") | ~Q(html="") | ~Q(last_error="") | (Q(about="") & ~Q(to=FORGOTTEN))
    return Email.objects.filter(said, created_at__lt=now - settings.EMAILS_KEPT).exclude(state=State.QUEUED)


@transaction.atomic
def erase(keys: Collection[Any], now: dt.datetime) -> int:
    """An e-mail « En échec » for that long is given up with its text."""
    rows = old_emails(now).filter(pk__in=keys).select_for_update(skip_locked=True)
    held = list(rows.values_list("pk", flat=True))
    to = Case(When(about="", then=Value(FORGOTTEN)), default=F("to"))
    return Email.objects.filter(pk__in=held).update(text="", html="", last_error="", next_attempt_at=None, to=to)


RULES = [
    Rule("emails", "Textes d'e-mails, effacés", old_emails, "created_at", erase, kept="EMAILS_KEPT"),
]
