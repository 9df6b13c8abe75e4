"""The days that the money of this programme may have: beyond them, a year was typed wrong (F6, F7)."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q

#: Nothing was spent nor paid before, and nothing will be after.
EARLIEST, LATEST = dt.date(2020, 1, 1), dt.date(2099, 12, 31)
TOO_OLD = f"Cette date est antérieure à {EARLIEST.year}\u00a0: vérifiez l'année."
TOO_LATE = f"Cette date est postérieure à {LATEST.year}\u00a0: vérifiez l'année."


def plausible(field: str) -> Q:
    """That day is one of these, or there is none."""
    return Q(**{f"{field}__isnull": True}) | Q(**{f"{field}__gte": EARLIEST, f"{field}__lte": LATEST})
