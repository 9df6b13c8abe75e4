from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from dossiers import storage
from ecare import french


class Command(BaseCommand):
    help = "Supprime les fichiers de plus de 24 heures qu'aucune pièce ni aucun modèle ne nomme."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="les nommer sans les supprimer")

    def handle(self, *args: Any, **options: Any) -> None:
        found = storage.sweep(dry_run=options["dry_run"])
        for name in found:
            self.stdout.write(name)
        fate = ("à supprimer", "à supprimer") if options["dry_run"] else ("supprimé", "supprimés")
        self.stdout.write(f"{french.count(len(found), f'fichier {fate[0]}', f'fichiers {fate[1]}')}.")
