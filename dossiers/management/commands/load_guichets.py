from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from dossiers import catalog


class Command(BaseCommand):
    help = "Charge les guichets décrits dans fixtures/guichets/ (sans effet s'ils n'ont pas changé)."

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Path(settings.BASE_DIR) / "fixtures" / "guichets"
        for path in sorted(folder.glob("[0-9]*.yaml")):
            try:
                guichet = catalog.load(path)
            except catalog.InvalidCatalog as error:
                raise CommandError(f"{path.name} : {error}") from error
            self.stdout.write(f"Guichet {guichet.short_title}")
        catalog.load_milestones(folder / "milestones.yaml")
