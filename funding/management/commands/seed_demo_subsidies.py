"""`manage.py seed_demo_subsidies`: a subsidy at each step, over the demonstration (F4 to F7)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from funding.demo import loading


class Command(BaseCommand):
    help = "Ajoute à la démonstration des subventions, de la convention au versement (sans effet la fois suivante)."

    def handle(self, *args: Any, **options: Any) -> None:
        if loading.exists():
            self.stdout.write("Les subventions de la démonstration sont déjà en place : rien n'a changé.")
            return
        try:
            loading.load()
        except loading.Impossible as reason:
            raise CommandError(str(reason)) from reason
        self.stdout.write("Les subventions de la démonstration sont en place.")
