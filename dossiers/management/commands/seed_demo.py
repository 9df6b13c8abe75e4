"""`manage.py seed_demo`: accounts for every role, dossiers in every status, guichets open today (S3)."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from dossiers.demo import cast, loading


class Command(BaseCommand):
    help = "Crée comptes et dossiers de démonstration, guichets ouverts aujourd'hui (sans effet la fois suivante)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--force", action="store_true", help="même hors développement : le mot de passe des comptes est public"
        )

    def handle(self, *, force: bool, **options: Any) -> None:
        if not settings.DEV_PAGES and not force:
            raise CommandError(
                "Ces comptes ont un mot de passe public : ils ne sont créés que sur un poste de développement. "
                "« --force » passe outre."
            )
        if loading.exists():
            self.stdout.write("La démonstration est déjà en place : rien n'a changé.\n")
        else:
            try:
                loading.load()
            except loading.Impossible as reason:
                raise CommandError(str(reason)) from reason
        self.stdout.write(cast.table())
