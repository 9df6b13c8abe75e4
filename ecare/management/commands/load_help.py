"""`manage.py load_help`: the questions and answers shipped in `fixtures/help/`."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from ecare import help_texts


class Command(BaseCommand):
    help = "Ajoute les questions de l'aide livrées avec le portail. Une question déjà présente n'est pas touchée."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        added = help_texts.load(settings.BASE_DIR / "fixtures" / "help")
        self.stdout.write(f"Aide : {added} question(s) ajoutée(s)")
