"""Doors of the workers to `workflow`: doing twice does once."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from funding.workflow import checking, envelopes


@shared_task
def count_budgets() -> None:
    """What the budgets become: called every ten minutes."""
    envelopes.count(timezone.now())


@shared_task
def check_money() -> None:
    """Whether every sum agrees with what it is made of: called every night."""
    checking.run(timezone.now())
