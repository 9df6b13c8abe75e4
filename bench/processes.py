"""A measure in a process of its own, and the most memory that it held."""

import multiprocessing
import re
from collections.abc import Callable
from pathlib import Path

from django.db import connection

Measured = tuple[int, float, int]  # rows, seconds, MiB
MOST = re.compile(r"VmHWM:\s+(\d+) kB")


def held() -> int:
    """The most that this process held, in MiB."""
    found = MOST.search(Path("/proc/self/status").read_text())
    return int(found[1]) // 1024 if found else 0


def apart(act: Callable[..., Measured], *arguments: object) -> Measured:
    """What `act` measured in a process of its own: what it held is its own."""
    connection.close()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(act, arguments)
