"""Days as files write them, instants as the database keeps them; Europe/Paris."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.utils import timezone

#: Days beyond which nothing of ours stands: what is typed there is a mistake.
FIRST, LAST = dt.date(2000, 1, 1), dt.date(2199, 12, 31)
#: What was written before an instant is committed by then.
SETTLED = dt.timedelta(minutes=2)
Written = dt.date | dt.datetime | None


def opening(day: Written) -> dt.datetime | None:
    """Midnight at the beginning of a day; an instant is itself."""
    if day is None or isinstance(day, dt.datetime):
        return day
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))


def closing(day: Written) -> dt.datetime | None:
    """The first instant after a day: a closing date means until 23:59:59; an instant is itself, the first refused."""
    if day is None or isinstance(day, dt.datetime):
        return day
    return opening(day + dt.timedelta(days=1))


def opening_day(instant: dt.datetime | None) -> Written:
    """What `opening` reads back: a day when the instant is midnight, else the instant in Paris."""
    if instant is None:
        return None
    local = timezone.localtime(instant)
    return local.date() if local.time() == dt.time.min else local


def closing_day(instant: dt.datetime | None) -> Written:
    """What `closing` reads back."""
    day = opening_day(instant)
    return day if day is None or isinstance(day, dt.datetime) else day - dt.timedelta(days=1)


def morning(day: dt.date) -> dt.datetime:
    """When the e-mails of a day leave, those that nobody's doing causes: `DAILY_EMAILS_HOUR`, in Paris."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time(settings.DAILY_EMAILS_HOUR)))


def last_morning(at: dt.datetime) -> dt.date:
    """The day whose morning came last, at `at`."""
    today = timezone.localdate(at)
    return today if at >= morning(today) else today - dt.timedelta(days=1)


def settled_morning(at: dt.datetime) -> dt.datetime:
    """The last morning of which all that came before is known at `at`: what tells of a day looks no further."""
    return morning(last_morning(at - SETTLED))
