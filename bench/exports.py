"""The export of the list, in its three formats: rows a second and memory, at two sizes (Q75).

    .venv/bin/python -m ecare.embedded throwaway -- .venv/bin/python bench/exports.py [dossiers]

On the volume of `seed_scale`, with the columns of the list first, then with every answer to every form. The memory is
the most that the process held while it wrote a tenth of the dossiers, then all of them: the same when it is constant.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.update(DJANGO_SETTINGS_MODULE="ecare.settings.dev", EMAIL_URL="consolemail://")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from bench.processes import apart, held  # noqa: E402
from dossiers.enums import ExportFormat  # noqa: E402
from dossiers.exports.columns import USUAL, groups, plan  # noqa: E402
from dossiers.exports.rows import chunks, keys_of, rows  # noqa: E402
from dossiers.exports.writers import writer  # noqa: E402
from dossiers.models import DossierStage  # noqa: E402

FLOOR = 5_000  # rows a second, CSV


def write(format: str, columns: list[str], limit: int) -> tuple[int, float, int]:
    """Rows, seconds, and the most that the process held (MiB)."""
    stages = DossierStage.objects.filter(is_instructed=True).order_by("pk")
    start = time.perf_counter()
    keys = keys_of(stages)[:limit]
    columns_of = plan(stages, columns)
    with tempfile.TemporaryDirectory() as folder:
        file = writer(format, Path(folder) / "export", sheet="Dossiers")
        file.heading(columns_of.headings)
        for chunk in chunks(keys):
            for row in rows(stages, chunk, columns_of):
                file.row(row)
        file.close()
    return len(keys), time.perf_counter() - start, held()


def main() -> None:
    dossiers = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    settings.VOLUME_ALLOWED = True
    call_command("prepare", verbosity=0)
    call_command("seed_scale", dossiers=dossiers)
    everything = [each.code for group in groups(DossierStage.objects.all()) for each in group.offered]
    failed = []
    for name, columns in (("columns of the list", USUAL), ("every answer", everything)):
        for format in ExportFormat:
            few, _, least = apart(write, format.value, columns, dossiers // 10)
            many, seconds, most = apart(write, format.value, columns, dossiers)
            rate = many / seconds
            print(
                f"{name:<20} {format.value:<5} {many:>7,} rows in {seconds:6.1f} s: {rate:>7,.0f} rows/s; "
                f"{least} MiB for {few:,}, {most} MiB for {many:,}"
            )
            if format == ExportFormat.CSV and columns is USUAL and rate < FLOOR:
                failed.append(f"{rate:,.0f} rows/s")
    if failed:
        sys.exit(f"Less than {FLOOR:,} rows a second: {failed[0]}")


if __name__ == "__main__":
    main()
