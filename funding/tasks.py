"""Doors of the workers to `workflow`: doing twice does once."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from funding.workflow import envelopes


@shared_task
def count_budgets() -> None:
    """What the budgets become: called every ten minutes."""
    envelopes.count(timezone.now())
