"""`manage.py load_terms`: publish the versions of the terms of use shipped in `fixtures/terms/<number>.md`."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from accounts import workflow
from accounts.models import TermsVersion

FOLDER = Path(settings.BASE_DIR) / "fixtures" / "terms"


class Command(BaseCommand):
    help = "Publie les versions des CGU livrées avec le portail. Une version déjà présente n'est pas touchée."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        for path in sorted(FOLDER.glob("*.md"), key=lambda path: int(path.stem)):
            version, created = TermsVersion.objects.get_or_create(
                number=int(path.stem), defaults={"body": path.read_text(encoding="utf-8")}
            )
            if created:
                workflow.publish_terms(version)
            state = "publiée" if created else "déjà présente"
            self.stdout.write(f"CGU version {version.number} : {state}")
