"""`manage.py import_finess FILE…`: a door to `workflow.import_extracts`."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from establishments import workflow
from establishments.importing.reading import Extract, Progress
from establishments.models import ImportRun

_SHOWN = 20


class Bar(Progress):
    """A bar over the bytes of all the files, when somebody is there to see it."""

    def __init__(self, extracts: list[Extract]) -> None:
        self._sizes = [extract.size for extract in extracts]
        self._before = 0
        self._bar = tqdm(
            total=sum(self._sizes),
            unit="o",
            unit_scale=True,
            desc="Lecture",
            file=sys.stderr,
            disable=not sys.stderr.isatty(),
        )

    def advance(self, position: int) -> None:
        self._bar.update(self._before + position - self._bar.n)

    def next_file(self) -> None:
        self._before += self._sizes.pop(0)
        self._bar.update(self._before - self._bar.n)
        if not self._sizes:
            self._bar.close()


class Command(BaseCommand):
    help = (
        "Importe une extraction FINESS\u00a0: le JSON FINESS+ ou le couple cs1100501 / cs1100502 (ou cs1100507), "
        "compressés ou non. Le format est reconnu. Un second import des mêmes fichiers ne change rien."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="*", type=Path, metavar="FICHIER")
        parser.add_argument(
            "--accept-closures",
            action="store_true",
            help="importe même si plus de 10\u00a0%% des entités ouvertes seraient fermées",
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="lit et compare tout, dit ce que l'import ferait, puis n'écrit rien",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["files"]:
            raise CommandError("Indiquez au moins un fichier.")
        try:
            run = workflow.import_extracts(
                options["files"], accept_closures=options["accept_closures"], dry_run=options["dry_run"], progress=Bar
            )
        except workflow.Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        self._report(run)
        if options["dry_run"]:
            self.stdout.write("Essai\u00a0: rien n'a été écrit.")

    def _report(self, run: ImportRun) -> None:
        for line in run.described_files:
            self.stdout.write(line)
        self.stdout.write(
            f"Lues\u00a0: {run.read}. Créées\u00a0: {run.created}. Modifiées\u00a0: {run.updated}. "
            f"Fermées\u00a0: {run.closed}. Rejetées\u00a0: {run.rejected}."
        )
        for line in run.described_counts:
            self.stdout.write(f"  {line}")
        if run.message:
            self.stdout.write(run.message)
        for rejection in run.rejections[:_SHOWN]:
            self.stderr.write(f"{rejection['file']}, {rejection['place']}\u00a0: {rejection['reason']}")
        if run.rejected > _SHOWN:
            self.stderr.write(f"… et {run.rejected - _SHOWN} autres, dans l'administration (imports FINESS).")
        if not (run.created or run.updated or run.closed):
            self.stdout.write("Rien n'a changé.")
