"""The PDF documents of a dossier, written one after the other as a worker does: the whole dossier, a receipt (Q76).

    .venv/bin/python -m ecare.embedded throwaway -- .venv/bin/python bench/papers.py

On the transmission of the demonstration that holds the most answers and files; the first document of each warms the
fonts.
"""

import os
import statistics
import sys
import time
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.update(DJANGO_SETTINGS_MODULE="ecare.settings.dev", EMAIL_URL="consolemail://")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from dossiers import pdf  # noqa: E402
from dossiers.dossier_pdf import paper  # noqa: E402
from dossiers.models import DossierStage, Transmission  # noqa: E402

ROUNDS = 10
#: Ceilings, in seconds.
CEILINGS = {"the whole dossier": 1.5, "a receipt": 0.7}


def main() -> None:
    call_command("prepare", demo=True, stdout=sys.stderr)
    sent = Transmission.objects.select_related("dossier_stage__dossier", "dossier_stage__revision", "by")
    last = max(sent, key=lambda each: len(each.answers) + each.files.count())
    stages = list(
        DossierStage.objects.filter(dossier=last.dossier_stage.dossier, first_transmitted_at__isnull=False)
        .with_context()
        .order_by("stage__position")
    )
    acts = {
        "the whole dossier": lambda: paper(stages[0].dossier, stages, at=timezone.now()),
        "a receipt": lambda: pdf.receipt(last),
    }
    print(f"{len(last.answers)} answers, {last.files.count()} files")
    for name, act in acts.items():
        times = []
        for turn in range(ROUNDS + 1):
            start = time.perf_counter()
            written = act()
            if turn:
                times.append(time.perf_counter() - start)
        median = statistics.median(times)
        print(f"{name:18} {median:5.2f} s (at most {CEILINGS[name]}), {len(written) // 1024} KiB")


if __name__ == "__main__":
    main()
