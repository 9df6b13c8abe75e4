"""Telling the workers that something waits. A courtesy that saves seconds: the sweep needs none of it (N3)."""

from __future__ import annotations

import logging
import time

from celery import Task, current_app

from notifications import tasks

logger = logging.getLogger(__name__)

# Past its time, the news is dropped unread: the sweep came by meanwhile.
NEWS_SECONDS = 60
# After a failed publication this process stops trying for a while: a frozen broker would otherwise cost its
# timeout to every request (Q46).
REST_SECONDS = 20.0


class Breaker:
    """After a failure, lets one caller every `REST_SECONDS` find out whether the broker is back."""

    def __init__(self) -> None:
        self.resting_until = 0.0

    def allows(self) -> bool:
        if not self.resting_until:
            return True
        now = time.monotonic()
        if now < self.resting_until:
            return False
        self.resting_until = now + REST_SECONDS  # the others rest on while this one tries
        return True

    def failed(self) -> None:
        self.resting_until = time.monotonic() + REST_SECONDS

    def worked(self) -> None:
        self.resting_until = 0.0


breaker = Breaker()


def wake(*, is_code: bool) -> bool:
    """Tell the workers. Never raises, never waits long; False when the sweep will have to find out."""
    return tell(task_for(is_code=is_code).name)


def tell(task: str, *args: int) -> bool:
    """Ask the workers for a task whose work a sweep finds anyway. By its name: what is told of a change does not import
    the tasks, which import it. Never raises, never waits long."""
    if not breaker.allows():
        return False
    try:
        current_app.send_task(task, args, retry=False, ignore_result=True, expires=NEWS_SECONDS)
    except Exception as error:  # whatever the broker does, the person who acted is not concerned
        breaker.failed()
        logger.warning("broker unreachable, the sweep will deliver: %s", type(error).__name__)
        return False
    breaker.worked()
    return True


def task_for(*, is_code: bool) -> Task:
    """A sign-in code has a queue of its own, where no broadcast stands before it (Q49)."""
    return tasks.deliver_code if is_code else tasks.deliver
