from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from funding.schedule import fixtures, workflow


class Command(BaseCommand):
    help = "Charge les barèmes livrés avec le portail (fixtures/schedules). Relancer ne change rien."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="*", type=Path, help="Par défaut, tous ceux de fixtures/schedules.")

    def handle(self, *args: Any, **options: Any) -> None:
        paths = options["files"] or sorted((settings.BASE_DIR / "fixtures" / "schedules").glob("*.yaml"))
        for path in paths:
            try:
                schedule, loaded = fixtures.load(path)
            except (OSError, workflow.Refused) as error:
                raise CommandError(str(error)) from error
            if options["verbosity"]:
                self.stdout.write(f"{schedule}\u00a0: {loaded.value}")
