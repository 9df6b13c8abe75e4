from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from funding.workflow import templates


class Command(BaseCommand):
    help = "Charge les modèles de convention livrés avec le portail (fixtures/agreements). Relancer ne change rien."

    def handle(self, *args: Any, **options: Any) -> None:
        for path in sorted((settings.BASE_DIR / "fixtures" / "agreements").glob("*.md")):
            template = templates.load(path)
            if options["verbosity"] and template is not None:
                self.stdout.write(f"{template}\u00a0: en place")
