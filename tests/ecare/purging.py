"""What one rule of retention lets go."""

import datetime as dt

from django.utils import timezone

from ecare import retention


def purged(name: str, *, now: dt.datetime | None = None, dry_run: bool = False) -> int:
    """How many rows of that rule go at `now`, or would."""
    (line,) = retention.purge(name, now=now or timezone.now(), dry_run=dry_run)
    return line.count
