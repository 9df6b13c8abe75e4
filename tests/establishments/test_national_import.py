"""Q74 on a small country: speed as ratios in one run, memory, and what a process that is killed leaves behind.

`bench/finess.py` measures the same at the real volume.
"""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connection, transaction
from psycopg import sql

from establishments import national
from establishments.workflow import import_extracts
from tests.establishments.clock import server_seconds

KILLS = 10
MEGABYTE = 1024 * 1024
MOST_TIMES_COPY = 120
"""40 for either format, 57 for FINESS+ at the national volume; a row at a time would cost a thousand."""
MOST_MEMORY = 25 * MEGABYTE
"""These 8 MB of JSON would be 50 in memory."""


def seconds(function: Callable[[], Any]) -> float:
    """Time on the processor, of this process and of the server's: a busy machine changes neither."""

    def spent() -> float:
        return time.process_time() + server_seconds()

    start = spent()
    function()
    return spent() - start


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
    country = national.Country(3_000, 5_500)
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


@pytest.fixture
def database_of_its_own(django_db_setup: None) -> Iterator[str]:
    """The address of an empty database beside that of the suite."""
    server = urlsplit(os.environ["DATABASE_URL"])
    name = f"killed_{connection.settings_dict['NAME']}"
    with psycopg.connect(server.geturl(), autocommit=True) as owner:
        quoted = sql.Identifier(name)
        owner.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(quoted))
        owner.execute(sql.SQL("CREATE DATABASE {}").format(quoted))
        yield server._replace(path=f"/{name}").geturl()
        owner.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(quoted))


def test_killed_at_any_moment_it_leaves_the_database_as_it_was(database_of_its_own: str, tmp_path: Path) -> None:
    """Ten moments, the COMMIT included, in both formats. A COMMIT whose answer nobody heard wrote all or nothing."""
    environment = {**os.environ, "DATABASE_URL": database_of_its_own}
    command = [sys.executable, "-m", "tests.establishments.killed", str(tmp_path)]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    kills = [line for line in told if line["moment"] != "answer"]
    assert Counter(line["format"] for line in kills) == {"pair": KILLS, "plus": KILLS}
    assert [line for line in kills if not (line["killed"] and line["as_before"])] == []
    assert [line["whole"] for line in told if line["moment"] == "answer"] == [True, True]
