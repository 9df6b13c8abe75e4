from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dossiers import storage
from ecare import french


class Command(BaseCommand):
    help = "Supprime les fichiers de plus de 24 heures qu'aucune pièce ni aucun modèle ne nomme."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="les nommer sans les supprimer")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = storage.sweep(dry_run=options["dry_run"])
        except storage.NotSwept as refusal:
            raise CommandError(told(refusal)) from refusal
        for name in found:
            self.stdout.write(name)
        fate = ("à supprimer", "à supprimer") if options["dry_run"] else ("supprimé", "supprimés")
        self.stdout.write(f"{french.count(len(found), f'fichier {fate[0]}', f'fichiers {fate[1]}')}.")


def told(refusal: storage.NotSwept) -> str:
    """What was done and what was not, and why."""
    if not refusal.left:
        return f"Rien n'a été supprimé\u00a0: le stockage des fichiers ne répond pas ({refusal})."
    deleted = french.count(refusal.deleted, "fichier supprimé", "fichiers supprimés")
    left = french.count(refusal.left, "fichier que le stockage a gardé", "fichiers que le stockage a gardés")
    return f"{deleted}, {left}\u00a0: le journal dit pourquoi. La commande peut être relancée."
