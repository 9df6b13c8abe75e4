"""`manage.py purge`: let go of what has been kept long enough (S3, Q59)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from ecare import french, retention


class Command(BaseCommand):
    help = "Supprime ce qui a été conservé assez longtemps, et dit quoi, combien, depuis quand. Sans danger à relancer."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Compter sans rien supprimer.")
        parser.add_argument(
            "--only",
            action="append",
            default=[],
            choices=[rule.name for rule in retention.rules()],
            help="Cette règle seule ; peut être répétée.",
        )

    def handle(self, *args: Any, dry_run: bool = False, only: list[str], **options: Any) -> None:
        if dry_run:
            self.stdout.write("Rien n'est supprimé : ce qui le serait.")
        for line in retention.purge(*only, now=timezone.now(), dry_run=dry_run):
            kept = f" ({french.count(line.rule.period.days, 'jour', 'jours')})" if line.rule.period else ""
            oldest = f", le plus ancien du {french.day(line.oldest)}" if line.oldest and line.count else ""
            self.stdout.write(f"{line.rule.title}{kept} : {french.integer(line.count)}{oldest}")
