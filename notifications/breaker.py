"""What a process does when a server it needs is away: ask it rarely, instead of waiting for it every time."""

from __future__ import annotations

import time


class Breaker:
    """After a failure, lets one caller every `rest_seconds` find out whether the server is back."""

    def __init__(self, rest_seconds: float) -> None:
        self.rest_seconds = rest_seconds
        self.resting_until = 0.0

    def allows(self) -> bool:
        if not self.resting_until:
            return True
        now = time.monotonic()
        if now < self.resting_until:
            return False
        self.resting_until = now + self.rest_seconds  # the others rest on while this one tries
        return True

    def failed(self) -> None:
        self.resting_until = time.monotonic() + self.rest_seconds

    def worked(self) -> None:
        self.resting_until = 0.0
