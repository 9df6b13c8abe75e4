"""Telling the workers that an e-mail waits. A courtesy that saves seconds: the sweep needs none of it (N3)."""

from __future__ import annotations

import logging

from celery import Task

from notifications import tasks
from notifications.breaker import Breaker

logger = logging.getLogger(__name__)

NEWS_SECONDS = 60
# After a failed publication this process stops trying for a while: a frozen broker would otherwise cost its
# timeout to every request (Q46).
breaker = Breaker(rest_seconds=20)


def wake(*, is_code: bool) -> bool:
    """Tell the workers. Never raises, never waits long; False when the sweep will have to find out."""
    if not breaker.allows():
        return False
    try:
        # Past its time, the call is dropped unread: the sweep came by meanwhile.
        task_for(is_code=is_code).apply_async(retry=False, ignore_result=True, expires=NEWS_SECONDS)
    except Exception as error:  # whatever the broker does, the person who acted is not concerned
        breaker.failed()
        logger.warning("broker unreachable, the sweep will deliver: %s", type(error).__name__)
        return False
    breaker.worked()
    return True


def task_for(*, is_code: bool) -> Task:
    """A sign-in code has a queue of its own, where no broadcast stands before it (Q49)."""
    return tasks.deliver_code if is_code else tasks.deliver
