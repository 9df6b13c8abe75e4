"""Bring a database to what this version of the code needs: one command for a laptop, a container or a server."""

import hashlib
import io
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from ecare import keys

REFERENCE = {
    "load_reference": "Nomenclatures et établissements",
    "load_terms": "Conditions générales d'utilisation",
    "load_schedules": "Barèmes",
    "load_guichets": "Guichets",
    "load_agreements": "Modèles de convention",
    "load_help": "Aide",
}


class Command(BaseCommand):
    help = "Applique les migrations et charge les référentiels qui ont changé."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true", help="remplit une base encore sans compte")

    def handle(self, *, demo: bool, **options: Any) -> None:
        self.step("Migrations")
        call_command("migrate", interactive=False, verbosity=0)
        self.try_keys()
        is_new = not get_user_model()._default_manager.exists()
        stamp = settings.VAR_DIR / "reference.sha256"
        digest = digest_of(settings.BASE_DIR / "fixtures")
        if is_new or not stamp.exists() or stamp.read_text() != digest:
            for command, title in REFERENCE.items():
                self.step(title)
                call_command(command, stdout=io.StringIO())
            stamp.parent.mkdir(parents=True, exist_ok=True)
            stamp.write_text(digest)
        # Nothing to do, nearly always: the rules change with the code, not with the files.
        call_command("spell_names", stdout=io.StringIO())
        if demo and is_new:
            self.step("Données de démonstration")
            accounts = io.StringIO()
            call_command("seed_demo", stdout=accounts)
            call_command("seed_demo_subsidies", stdout=io.StringIO())
            (settings.VAR_DIR / "demo.txt").write_text(accounts.getvalue())

    def try_keys(self) -> None:
        """Raises CommandError when the keys are not those of what is stored."""
        try:
            with connection.cursor() as cursor:
                keys.check(cursor)
        except keys.KeyMissing as missing:
            raise CommandError(
                f"Aucune clé de ENCRYPTION_KEYS n'ouvre tout ce qui est enregistré ({missing}). Remettez celle qui "
                "manque après la première\u00a0: sans elle, les pages qui montrent un IBAN échouent et les "
                "applications d'authentification ne servent plus."
            ) from missing
        except keys.FingerprintKeyChanged as changed:
            raise CommandError(
                f"FINGERPRINT_KEY n'est pas celle de ce qui est enregistré ({changed}). Remettez-la\u00a0: avec une "
                "autre, le point de vigilance des IBAN communs ne voit plus rien, et le journal d'audit paraît altéré."
            ) from changed

    def step(self, title: str) -> None:
        self.stdout.write(f"  {title}…")


def digest_of(folder: Path) -> str:
    """What the reference files hold, so that loading them again is only done when they changed."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
