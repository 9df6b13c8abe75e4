"""`manage.py seed_scale`: a database of the reference volume, for measures and load tests (S3)."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dossiers.volume import making


class Command(BaseCommand):
    help = (
        "Remplit une base sans compte d'un volume de mesure\u00a0: établissements, comptes, dossiers et historiques "
        "(sans effet la fois suivante\u00a0; refusé avec les réglages de production)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dossiers", type=int, default=making.DOSSIERS, help="nombre de dossiers (100\u00a0000 par défaut)"
        )

    def handle(self, *args: Any, dossiers: int, **options: Any) -> None:
        if making.exists():
            self.stdout.write("Un volume de mesure est déjà en place\u00a0: rien n'a changé.")
            return
        if dossiers < making.FEWEST:
            raise CommandError(f"Demandez au moins {making.FEWEST} dossiers.")
        try:
            made = making.make(dossiers, say=self.stderr.write)
        except making.Refused as reason:
            raise CommandError(str(reason)) from reason
        for name, count in made.counts.items():
            self.stdout.write(f"{count:>9,} {name}".replace(",", "\u202f"))
        self.stdout.write(f"en {made.seconds:.0f} s")
