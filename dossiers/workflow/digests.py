"""The daily e-mail of those who instruct (N1): what happened since the last one, if anything did.

A digest tells of what happened until its morning, so that nothing is told twice nor forgotten, whenever it leaves.
After an outage, one tells of all the days that had none. The account is locked, and keeps until when it was told.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q

from accounts.enums import INSTRUCTORS, Digest
from accounts.models import User, UserQuerySet
from dossiers import days, digest_emails, queries

#: How many people one pass writes to; the others come with the next, a minute later.
BATCH = 100
DAY = dt.timedelta(days=1)


def digest(at: dt.datetime) -> int:
    """Write the digests due at `at`; how many people were looked at, those who had no news included."""
    morning = days.settled_morning(at)
    due = list(awaiting(morning).order_by("pk").values_list("pk", flat=True)[:BATCH])
    return sum(digest_of(pk, morning) for pk in due)


def awaiting(morning: dt.datetime) -> UserQuerySet:
    """Those whom nobody told what happened until `morning`."""
    untold = Q(digested_at=None) | Q(digested_at__lt=morning)
    readers: UserQuerySet = User.objects.usable().filter(role__in=INSTRUCTORS, activated_at__lt=morning)
    return readers.filter(untold).exclude(digest=Digest.NONE)


@transaction.atomic
def digest_of(pk: int, morning: dt.datetime) -> bool:
    """Whether it was this pass that saw to it."""
    user = awaiting(morning).filter(pk=pk).select_for_update(skip_locked=True).first()
    if user is None:
        return False
    since = user.digested_at or morning - DAY
    User.objects.filter(pk=pk).update(digested_at=morning)
    news = queries.day_news(user, since, morning)
    if news.total:
        digest_emails.digest(user, news, since=since, morning=morning)
    return True
