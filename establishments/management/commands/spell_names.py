"""`manage.py spell_names`: a door to `workflow.spell_names`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from establishments import workflow


class Command(BaseCommand):
    help = (
        "Recalcule les mots par lesquels on trouve un établissement, si les règles d'orthographe ont changé depuis la "
        "dernière fois. « prepare » le fait à chaque mise à jour."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--again", action="store_true", help="même si les règles n'ont pas changé")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            changed = workflow.spell_names(again=options["again"])
        except workflow.Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"Entités dont les mots recherchés ont changé\u00a0: {changed}.")
