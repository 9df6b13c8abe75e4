"""`manage.py reencrypt`: write again, under the first key of ENCRYPTION_KEYS, everything that is encrypted (Q60)."""

from typing import Any

from cryptography.fernet import InvalidToken
from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from ecare.encryption import EncryptedTextField, SecretJSONField

BATCH = 500


class Command(BaseCommand):
    help = "Chiffre à nouveau avec la première clé de ENCRYPTION_KEYS. Demande le rôle propriétaire des tables."

    def handle(self, *args: Any, **options: Any) -> None:
        for model in apps.get_models():
            names = [
                field.attname
                for field in model._meta.concrete_fields
                if isinstance(field, (EncryptedTextField, SecretJSONField))
            ]
            if not names:
                continue
            try:
                done = rewrite(model, names)
            except InvalidToken as error:
                raise CommandError(
                    f"{model._meta.verbose_name_plural}\u00a0: aucune clé de ENCRYPTION_KEYS n'ouvre ce qui est "
                    "enregistré. Remettez l'ancienne clé après la nouvelle, puis relancez la commande\u00a0: ce qui "
                    "est fait le reste."
                ) from error
            self.stdout.write(f"{model._meta.verbose_name_plural}\u00a0: {done}")


def rewrite(model: Any, names: list[str]) -> int:
    """How many rows. Batch by batch, each under a lock: nobody writes in between, and a stop halfway loses nothing."""
    last, done = 0, 0
    table = connection.ops.quote_name(model._meta.db_table)
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # nothing is left to check when triggers change
            rows = list(
                model._base_manager.select_for_update().filter(pk__gt=last).only("pk", *names).order_by("pk")[:BATCH]
            )
            if not rows:
                return done
            # What was transmitted says the same under another key: its trigger, which cannot know it, waits.
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            model._base_manager.bulk_update(rows, names)
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        last, done = rows[-1].pk, done + len(rows)
