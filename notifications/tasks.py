"""Doors of the workers to `delivery`. Primary keys only, so that no text ever stands in the broker (Q3)."""

from celery import shared_task

from notifications import delivery


@shared_task
def deliver(email_id: int) -> None:
    delivery.deliver(email_id)


@shared_task
def deliver_code(email_id: int) -> None:
    delivery.deliver(email_id)


@shared_task
def sweep() -> None:
    delivery.sweep(connections=delivery.SWEEP_CONNECTIONS)
