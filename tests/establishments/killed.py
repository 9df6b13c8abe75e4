"""Imports killed (SIGKILL) at chosen moments, in processes and in a database of their own: what is left each time.

    DATABASE_URL=… python -m tests.establishments.killed FOLDER

The database is empty; FOLDER receives the files. Writes a line of JSON a kill. The CSV pair comes to a directory that
holds nothing: the index and the keys are put aside meanwhile. The JSON is the extract of the day after: its rows are
compared.
"""

import datetime as dt
import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import django

if __name__ == "__main__":
    django.setup()

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from establishments import national, workflow

ENTITIES, SITES = 80, 140
DAY = dt.date(2026, 8, 13)
ROWS, STATEMENTS = 3, 6
"""Kills while rows are copied, and at statements; the tenth is the COMMIT."""
_ROWS = """
    SELECT string_agg(format('SELECT %L, md5(string_agg(t::text, E''\\n'' ORDER BY t::text)) FROM %s t', relname,
                             oid::regclass), ' UNION ALL ')
    FROM pg_class WHERE relname LIKE 'establishments\\_%' AND relkind = 'r'
"""
_SHAPE = """
    SELECT indexname, indexdef FROM pg_indexes WHERE tablename LIKE 'establishments\\_%'
    UNION ALL SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conname LIKE 'establishments\\_%'
"""
_FREE = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


class Moments:
    """Counts the steps of an import: rows copied, statements, the COMMIT. At one of them, the process dies: before the
    step when its number is even, else while the server is at it."""

    def __init__(self, kind: str = "", number: int = 0) -> None:
        self.counts: Counter[str] = Counter()
        self._killed_at = (kind, number)

    def reached(self, kind: str) -> bool:
        """True when the process is to die during the step that follows, if it has not died here."""
        self.counts[kind] += 1
        if (kind, self.counts[kind]) != self._killed_at:
            return False
        if kind == "commit" or self.counts[kind] % 2 == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        threading.Timer(0.001, os.kill, (os.getpid(), signal.SIGKILL)).start()
        return True

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        dies = self.reached("statement")
        result = execute(sql, params, many, context)
        if dies:
            time.sleep(60)
        return result

    def watch(self) -> None:
        """From here on, in this process."""

        def counted(function: Callable[..., Any], kind: str) -> Callable[..., Any]:
            @wraps(function)
            def step(*args: Any, **options: Any) -> Any:
                dies = self.reached(kind)
                result = function(*args, **options)
                if dies:
                    time.sleep(60)
                return result

            return step

        psycopg.Copy.write_row = counted(psycopg.Copy.write_row, "row")  # type: ignore[method-assign]
        connection.commit = counted(connection.commit, "commit")


def forked(work: Callable[[], None]) -> int:
    """Do it in a child process, which then leaves; returns its wait status."""
    connection.close()  # each process opens its own
    child = os.fork()
    if not child:
        try:
            work()
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1]


def shape() -> set[tuple[str, str]]:
    """The indexes and the constraints."""
    with connection.cursor() as cursor:
        cursor.execute(_SHAPE)
        return {*cursor.fetchall()}


def state() -> set[tuple[str, str]]:
    """What each table holds, and its shape, once the server has done with whoever was killed."""
    with connection.cursor() as cursor:
        while cursor.execute(_FREE).fetchall():
            time.sleep(0.005)
        cursor.execute(_ROWS)
        cursor.execute(cursor.fetchone()[0])
        return {*cursor.fetchall()} | shape()


def moments(paths: list[Path], folder: Path) -> list[tuple[str, int]]:
    """Ten moments spread over an import of these files."""
    told = folder / "counts.json"

    def count() -> None:
        seen = Moments()
        seen.watch()
        with connection.execute_wrapper(seen):
            workflow.import_extracts(paths, dry_run=True)
        told.write_text(json.dumps(seen.counts))

    forked(count)
    counts = json.loads(told.read_text())
    chosen = [("row", 1 + counts["row"] * n // ROWS) for n in range(ROWS)]
    chosen += [("statement", counts["statement"] * (n + 1) // STATEMENTS) for n in range(STATEMENTS)]
    return [*chosen, ("commit", 1)]


def kill(paths: list[Path], kind: str, number: int) -> bool:
    """Import in a process that dies at that moment; whether it did."""

    def work() -> None:
        seen = Moments(kind, number)
        seen.watch()
        with connection.execute_wrapper(seen):
            workflow.import_extracts(paths)

    return os.WIFSIGNALED(forked(work))


def die_without_the_answer(paths: list[Path]) -> None:
    """Import in a process that dies once the COMMIT is sent, before the server answers."""

    def work() -> None:
        def commit() -> None:
            connection.connection.pgconn.send_query(b"COMMIT")
            os.kill(os.getpid(), signal.SIGKILL)

        connection.commit = commit
        workflow.import_extracts(paths)

    forked(work)


def is_whole(paths: list[Path]) -> bool:
    """Whether these files are imported, and all that the import wrote is there."""
    run = workflow.import_extracts(paths)
    return not (run.created or run.updated or run.closed) and run.message.startswith("Mêmes fichiers")


def main(folder: Path) -> None:
    def tell(**line: object) -> None:
        sys.stdout.write(json.dumps(line) + "\n")

    call_command("migrate", "establishments", verbosity=0)
    workflow.load_reference(settings.BASE_DIR / "fixtures" / "reference")
    usual = shape()
    today = national.Country(ENTITIES, SITES, DAY)
    tomorrow = national.Country(ENTITIES, SITES, DAY + dt.timedelta(1), drift=0.1)
    pair, plus = national.write_pair(folder, today), [national.write_plus(folder / "plus.json", tomorrow)]
    for name, paths in (("pair", pair), ("plus", plus)):
        before = state()
        for kind, number in moments(paths, folder):
            killed = kill(paths, kind, number)
            as_before = state() == before
            tell(format=name, moment=kind, number=number, killed=killed, as_before=as_before)
        die_without_the_answer(paths)
        if state() == before:
            workflow.import_extracts(paths)
        tell(format=name, moment="answer", whole=is_whole(paths) and shape() == usual)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
