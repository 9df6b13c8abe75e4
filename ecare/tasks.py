"""Periodic work of the ground floor."""

import logging

from celery import shared_task
from django.utils import timezone

from ecare import audit, retention
from ecare.models import AuditSeal

logger = logging.getLogger(__name__)


@shared_task
def purge(*names: str) -> None:
    """What has been kept long enough: called every night, and more often for the counts of limits, which are many."""
    for line in retention.purge(*names, now=timezone.now()):
        if line.count:
            logger.info("purged %s: %d", line.rule.name, line.count)


@shared_task
def seal_audit() -> None:
    """Called every minute. The head goes to the logs of the machine, out of reach of who would rewrite the database."""
    if audit.seal():
        logger.info("audit log sealed up to %s", AuditSeal.objects.latest("position"))
