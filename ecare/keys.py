"""Whether the keys of the environment are those of what is stored: told at the start, before anybody meets it (Q60).

A key that is missing makes an error of each page that shows a secret. A fingerprint key that is another breaks nothing
that shows: what is written from then on matches nothing written before, and the audit log looks altered. Each write
adds to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cryptography.fernet import InvalidToken
from django.apps import apps
from django.conf import settings
from django.db import connection

from ecare import encryption
from ecare.encryption import EncryptedTextField, SecretJSONField

#: Of each table, the first rows and the last: those of before a wrong change of keys, and those since.
ROWS = 50
#: How many of these are tried.
TRIED = 5


class KeyMissing(Exception):
    """No key of ENCRYPTION_KEYS opens what is stored; the message says what, in French."""


class FingerprintKeyChanged(Exception):
    """FINGERPRINT_KEY is not the one of what is stored."""


def check(cursor: Any) -> bool:
    """Try the keys on what is stored, as that cursor reads it; whether there was anything to try them on.

    Two short reads a table that holds secrets. Raises KeyMissing, FingerprintKeyChanged.
    """
    tried = False
    for name, stored in secrets(cursor):
        try:
            text = encryption.decrypt(stored)
        except InvalidToken as error:
            raise KeyMissing(name) from error
        if not stored.startswith(encryption.prefix(text)):
            raise FingerprintKeyChanged(name)
        tried = True
    return tried


def of_this_process() -> tuple[str, ...]:
    """The keys, to remember that they were tried."""
    return (settings.FINGERPRINT_KEY, *settings.ENCRYPTION_KEYS)


def secrets(cursor: Any) -> Iterator[tuple[str, str]]:
    """Some of what is stored encrypted, each with the name of what it belongs to."""
    quote = connection.ops.quote_name
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if not isinstance(field, EncryptedTextField | SecretJSONField):
                continue
            table, column, key = (quote(each) for each in (model._meta.db_table, field.attname, model._meta.pk.attname))
            for order in ("ASC", "DESC"):
                cursor.execute(
                    f"SELECT said FROM (SELECT {column}::text AS said FROM {table} "  # noqa: S608
                    f"ORDER BY {key} {order} LIMIT {ROWS}) AS rows WHERE said LIKE '%{encryption.MARK}%' LIMIT {TRIED}"
                )
                for (said,) in cursor.fetchall():
                    for stored in field.secrets(said):
                        yield str(model._meta.verbose_name_plural), stored
