"""The sums that do not agree, as those who pay read them."""

from __future__ import annotations

from django.db.models import QuerySet

from funding.models import Discrepancy, Grant


def of_grant(grant: Grant) -> QuerySet[Discrepancy]:
    """What the nightly check last found wrong on a subsidy: 1 query."""
    return of_grants().filter(grant=grant)


def of_grants() -> QuerySet[Discrepancy]:
    """What it last found wrong on subsidies, the first found first: 1 query."""
    found = Discrepancy.objects.filter(grant__isnull=False, gone_at=None).select_related("grant__dossier")
    return found.order_by("found_at", "pk")
