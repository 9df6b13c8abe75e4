"""Many people at once: threads that each hold a connection of their own and start together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection

from dossiers import workflow

Call = Callable[[], Any]
#: A deadlock or a lost thread fails the test instead of stopping the suite.
PATIENCE = 60


# `connection` is each thread's own: it has to be looked up inside the thread.


@contextmanager
def of(size: int) -> Iterator[Callable[..., list[Any]]]:
    """`together(*calls)` runs that many calls at once and gives, in order, what each returned, or the refusal that
    the rules of the portal opposed to it. Anything else it raised is raised."""
    barrier = threading.Barrier(size)

    def start(call: Call) -> Any:
        barrier.wait(PATIENCE)
        try:
            return call()
        except workflow.Refused as refusal:
            return refusal

    def together(*calls: Call) -> list[Any]:
        assert len(calls) == size
        futures = [threads.submit(start, call) for call in calls]
        return [future.result(PATIENCE) for future in futures]

    with ThreadPoolExecutor(size) as threads:
        try:
            # The connections are opened before, so that the calls really meet.
            together(*[lambda: connection.ensure_connection()] * size)
            yield together
        finally:
            barrier.reset()
            for future in [threads.submit(start, lambda: connection.close()) for _ in range(size)]:
                future.result(PATIENCE)


def at_once(*calls: Call) -> list[Any]:
    """One round of `of`."""
    with of(len(calls)) as together:
        return together(*calls)
