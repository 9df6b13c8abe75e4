"""Import of a FINESS extract of the size of the country's, beside a bare COPY of the same rows in the same run (Q74).

    .venv/bin/python -m ecare.embedded throwaway -- .venv/bin/python bench/finess.py [EJ EG]

Prints, for each format: rows a second, time as a multiple of the COPY, peak memory of the process; for a first import,
the same files again, the next day's without a change, then a file in which 3 % moved, closed or changed name. It writes
in the database it is given: give it a throwaway one.
"""

import datetime as dt
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "ecare.settings.test"
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from establishments import national, workflow  # noqa: E402
from establishments.models import RegisterChange  # noqa: E402

DAY = dt.date(2026, 8, 13)
COLUMNS = (23, 32)
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Measure:
    seconds: float
    rows: int
    memory: int
    """Highest resident memory of the process, in bytes."""


def copy_alone(paths: list[Path]) -> float:
    """Seconds that PostgreSQL takes to receive the lines of the CSV pair, as text, in tables without an index."""
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        with connection.cursor() as cursor:
            for path, columns in zip(paths, COLUMNS, strict=True):
                fields = ", ".join(f"f{n} text" for n in range(columns))
                cursor.execute(f"DROP TABLE IF EXISTS alone; CREATE TEMP TABLE alone ({fields})")
                statement = "COPY alone FROM STDIN (FORMAT csv, DELIMITER ';')"
                with path.open("rb") as lines, cursor.copy(statement) as copy:
                    lines.readline()  # the header has four fields
                    while chunk := lines.read(MEGABYTE):
                        copy.write(chunk)
        best = min(best, time.perf_counter() - start)
    return best


def imported(*paths: Path) -> Measure:
    """One import in a process of its own, as the command does it."""
    command = [sys.executable, __file__, "--child", *map(str, paths)]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return Measure(float(answer[0]), int(answer[1]), int(answer[2]))


def child(paths: list[Path]) -> None:
    start = time.perf_counter()
    run = workflow.import_extracts(paths, accept_closures=True)
    seconds = time.perf_counter() - start
    status = Path("/proc/self/status").read_text().split()
    peak = int(status[status.index("VmHWM:") + 1]) * 1024
    sys.stdout.write(f"{seconds} {run.read} {peak}\n")


def forget_everything() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE establishments_legalentity, establishments_importrun CASCADE")


def compare(name: str, floor: float, files: dict[str, list[Path]]) -> None:
    print(f"\n{name}")
    forget_everything()
    first = None
    for step, paths in files.items():
        measure = imported(*paths)
        first = first or measure
        print(
            f"  {step:<22} {measure.seconds:6.2f} s  {measure.rows / measure.seconds:9,.0f} rows/s"
            f"  {measure.seconds / floor:5.1f} x COPY  {measure.memory / MEGABYTE:4.0f} MB"
            f"  first / this: {first.seconds / measure.seconds:5.1f}"
        )
    print(f"  changes kept in the register: {RegisterChange.objects.count():,}")


def main(entities: int, sites: int) -> None:
    call_command("migrate", verbosity=0)
    workflow.load_reference(ROOT / "fixtures" / "reference")
    with tempfile.TemporaryDirectory() as name:
        today = national.Country(entities, sites, DAY)
        tomorrow = national.Country(entities, sites, DAY + dt.timedelta(1))
        drifted = national.Country(entities, sites, DAY + dt.timedelta(2), drift=0.03)
        countries = {
            "first import": today,
            "the same files": today,
            "next day, no change": tomorrow,
            "3 % drift": drifted,
        }
        folder = Path(name)
        pairs = {step: national.write_pair(folder, country) for step, country in countries.items()}
        plus = {
            step: [national.write_plus(folder / f"plus-{country.day}.json", country)]
            for step, country in countries.items()
        }
        for label, paths in (("CSV pair", pairs["first import"]), ("FINESS+", plus["first import"])):
            print(f"{label}: {sum(path.stat().st_size for path in paths) / MEGABYTE:,.0f} MB")
        floor = copy_alone(pairs["first import"])
        rows = entities + sites
        print(f"{rows:,} rows; bare COPY: {floor:.2f} s, {rows / floor:,.0f} rows/s")
        compare("CSV pair", floor, pairs)
        compare("FINESS+ (JSON)", floor, plus)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child([Path(path) for path in sys.argv[2:]])
    else:
        main(*(int(number) for number in sys.argv[1:3]) if len(sys.argv) > 2 else (national.ENTITIES, national.SITES))
