"""`manage.py seed_demo`: accounts for every role, dossiers in every status, guichets open today (S3)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dossiers.demo import cast, loading


class Command(BaseCommand):
    help = "Crée comptes et dossiers de démonstration, guichets ouverts aujourd'hui (sans effet la fois suivante)."

    def handle(self, *args: Any, **options: Any) -> None:
        if loading.exists():
            self.stdout.write("La démonstration est déjà en place : rien n'a changé.\n")
        else:
            try:
                loading.load()
            except loading.Impossible as reason:
                raise CommandError(str(reason)) from reason
        self.stdout.write(cast.table())
