"""Q74 on a small country: speed as ratios in one run, memory, and what a process killed halfway leaves behind.

`bench/finess.py` measures the same at the real volume.
"""

import datetime as dt
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from establishments import national, workflow
from establishments.importing import merging
from establishments.importing.reading import Progress
from establishments.models import ImportRun, RegisterChange
from establishments.workflow import import_extracts

KILLS = 10
MEGABYTE = 1024 * 1024
MOST_TIMES_COPY = 150
"""At the national volume, 40 for the CSV pair and 55 for FINESS+; a row at a time would cost a thousand."""
MOST_MEMORY = 40 * MEGABYTE
"""These 17 MB of JSON would be 100 in memory."""


def seconds(function: Callable[[], Any]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def copied(pair: list[Path]) -> float:
    """Seconds that a bare COPY of the lines of a CSV pair takes, the best of three."""

    def copy_once() -> None:
        with connection.cursor() as cursor:
            for path, columns in zip(pair, (23, 32), strict=True):
                fields = ", ".join(f"f{n} text" for n in range(columns))
                cursor.execute(f"DROP TABLE IF EXISTS alone; CREATE TEMP TABLE alone ({fields})")
                with path.open("rb") as lines, cursor.copy("COPY alone FROM STDIN (FORMAT csv, DELIMITER ';')") as copy:
                    lines.readline()
                    copy.write(lines.read())

    return min(seconds(copy_once) for _ in range(3))


def peak_memory() -> int:
    status = Path("/proc/self/status").read_text().split()
    return int(status[status.index("VmHWM:") + 1]) * 1024


def forget_peak() -> int:
    """Start measuring the peak again from here; returns what is in memory now."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak_memory()


@pytest.mark.django_db
@pytest.mark.usefixtures("nomenclature")
def test_import_is_fast_small_in_memory_and_faster_the_second_time(tmp_path: Path) -> None:
    country = national.Country(6_000, 11_000)
    pair = national.write_pair(tmp_path, country)
    plus = [national.write_plus(tmp_path / "plus.json", country)]
    floor = copied(pair)
    for paths in (pair, plus):
        before = forget_peak()
        with transaction.atomic():
            first = seconds(lambda paths=paths: import_extracts(paths))
            grown = peak_memory() - before
            assert grown < MOST_MEMORY, f"{grown / MEGABYTE:.0f} MB"
            again = min(seconds(lambda paths=paths: import_extracts(paths)) for _ in range(2))
            assert again * 3 < first
            assert first < floor * MOST_TIMES_COPY, f"{first / floor:.0f} times a bare COPY"
            transaction.set_rollback(True)


class Moments(Progress):
    """Counts the steps of an import, those of its reading and its statements; at one of them, the process is killed, or
    some thousandths of a second later: in the middle of the statement."""

    def __init__(self, killed_at: int = -1) -> None:
        self.count = 0
        self._killed_at = killed_at

    def step(self) -> None:
        self.count += 1
        if self.count == self._killed_at:
            threading.Timer(random.random() * 0.005, os.kill, (os.getpid(), signal.SIGKILL)).start()

    def advance(self, position: int) -> None:
        self.step()

    def __call__(self, execute: Callable, sql: str, params: Any, many: bool, context: dict) -> Any:
        self.step()
        return execute(sql, params, many, context)


def in_another_process(paths: list[Path], killed_at: int) -> int:
    """Import in a child process, killed at that step; returns its wait status."""
    connection.close()  # each process opens its own
    child = os.fork()
    if not child:
        moments = Moments(killed_at)
        try:
            with connection.execute_wrapper(moments):
                import_extracts(paths, progress=lambda extracts: moments)
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1]


def state() -> tuple[str, int, int]:
    return merging.fingerprint(), ImportRun.objects.count(), RegisterChange.objects.count()


def free_of_the_last_one() -> None:
    """The server may still be at a statement of a client that was killed: tell it, and wait for its lock."""
    deadline = time.monotonic() + 60
    locks = """
        SELECT count(pg_terminate_backend(pid)) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
        WHERE locktype = 'advisory' AND datname = current_database() AND pid <> pg_backend_pid()
    """
    with connection.cursor() as cursor:
        while cursor.execute(locks).fetchone()[0]:
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.skipif(
    "KILL_IMPORTS" not in os.environ,
    reason='kills processes beside those of the suite: KILL_IMPORTS=1 make test ARGS="tests/establishments -k killed"',
)
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("nomenclature")
def test_killed_halfway_it_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    workflow.import_extracts([national.write_plus(tmp_path / "1.json", national.Country(1_200, 2_100))])
    drifted = national.Country(1_200, 2_100, dt.date(2026, 8, 14), drift=0.1)
    paths = [national.write_plus(tmp_path / "2.json", drifted)]
    before = state()
    steps = Moments()
    with connection.execute_wrapper(steps):
        import_extracts(paths, dry_run=True, progress=lambda extracts: steps)
    for n in range(KILLS):
        status = in_another_process(paths, killed_at=1 + int(steps.count * 0.8 * (n + random.random()) / KILLS))
        assert os.WIFSIGNALED(status), "it had ended before it was killed"
        free_of_the_last_one()
        assert state() == before
    run = workflow.import_extracts(paths)
    assert run.updated
    assert RegisterChange.objects.filter(run=run).count() > 100
