"""Doors of the workers to `workflow`: doing twice does once."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from funding.workflow import checking, envelopes


@shared_task
def count_budgets() -> None:
    """What the budgets become: called every ten minutes."""
    envelopes.count(timezone.now())


#: A budget whose guichet moves is judged once it was counted again: looked at so many times more, so many seconds
#: apart.
TIMES, APART = 4, 900


@shared_task
def check_money(times: int = TIMES) -> None:
    """Whether every sum agrees with what it is made of: called every night, then again as long as a budget could not be
    judged, `times` more at most."""
    if checking.run(timezone.now()).unsettled and times:
        check_money.apply_async(kwargs={"times": times - 1}, countdown=APART)
