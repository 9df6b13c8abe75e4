"""What costs a core is done a little at a time in each process, so that the other pages stay as fast (Q55)."""

import threading


class Busy(Exception):
    """Too many wait for their turn in this process: try again in a few seconds."""


class Gate:
    """Lets `at_once` run in a process and `waiting` more wait, each for `patience` seconds at most.

    Beyond what a core can do, threads would all end up waiting for one, and no page would be served: whoever comes then
    is told at once to come back."""

    def __init__(self, *, at_once: int, waiting: int, patience: float) -> None:
        self._room = threading.BoundedSemaphore(at_once + waiting)
        self._running = threading.BoundedSemaphore(at_once)
        self._patience = patience

    def __enter__(self) -> None:
        if not self._room.acquire(blocking=False):
            raise Busy
        if not self._running.acquire(timeout=self._patience):
            self._room.release()
            raise Busy

    def __exit__(self, *_: object) -> None:
        self._running.release()
        self._room.release()
