"""Doors of the workers to `delivery`. They carry nothing: what is due stands in the outbox, and no text of an e-mail
ever stands in the broker (Q3)."""

from celery import shared_task

from notifications import delivery


@shared_task
def deliver() -> None:
    """Something was just posted."""
    delivery.sweep()


@shared_task
def deliver_code() -> None:
    """A sign-in code was just posted; this task has its own queue (Q49)."""
    delivery.sweep(delivery.Scope.CODES)


@shared_task
def sweep() -> None:
    """What was missed: called every 15 seconds."""
    delivery.sweep()
