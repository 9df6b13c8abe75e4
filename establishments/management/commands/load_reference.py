"""`manage.py load_reference`: a door to `workflow.load_reference`."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from establishments import workflow

_FIXTURES = settings.BASE_DIR / "fixtures"
_FINESS = _FIXTURES / "finess"
SAMPLES = [
    [_FINESS / "finessplus_structures_20260813_sample.json.gz"],
    [_FINESS / "eg_demonstration_20210108.csv.gz", _FINESS / "ej_demonstration_20210108.csv.gz"],
    [_FINESS / "eg_guide_20260511.csv", _FINESS / "ej_guide_20260511.csv"],
]


class Command(BaseCommand):
    help = (
        "Charge les régions, les départements et les nomenclatures FINESS, puis un échantillon réel "
        "d'établissements. Relancée, elle ne change rien."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--no-sample",
            action="store_true",
            help="sans l'échantillon : la base recevra une extraction nationale (import_finess)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            runs = workflow.load_reference(_FIXTURES / "reference", [] if options["no_sample"] else SAMPLES)
        except workflow.Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        created = sum(run.created for run in runs)
        self.stdout.write(f"Nomenclatures chargées. Entités FINESS créées\u00a0: {created}.")
