"""Password hashing with the parameters of the OWASP list, so that a sign-in costs milliseconds and a theft years."""

import threading

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher


class Busy(Exception):
    """Too many hashes are waiting in this process: try again in a few seconds."""


class Gate:
    """Lets `at_once` hashes run in a process and `waiting` more wait, each for `patience` seconds at most.

    A hash takes a core and 19 MiB. Beyond what a core can do, threads would all end up waiting for one, and no page
    would be served: whoever comes then is told at once to come back, and the other pages stay as fast."""

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


GATE = Gate(at_once=1, waiting=settings.HASHES_WAITING, patience=2)


class Argon2id(Argon2PasswordHasher):
    """Argon2id, 19 MiB, two passes, one lane (OWASP password storage; Q11). About 25 ms on one core."""

    time_cost = 2
    memory_cost = 19 * 1024  # KiB
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with GATE:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with GATE:
            return super().verify(password, encoded)


class FastArgon2id(Argon2id):
    """The same algorithm with the smallest parameters, for the test suite only."""

    time_cost = 1
    memory_cost = 8  # KiB
