"""What is encrypted at rest (Q60, docs/adr/0029): Fernet, keys from the environment, the first of them for writing.

What is stored is `enc:<fingerprint>:<token>`. The fingerprint is keyed and does not change with the keys: two rows
that hold the same text can be matched without reading either.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models
from django.utils.crypto import salted_hmac

MARK = "enc:"


@functools.lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def cipher() -> MultiFernet:
    return _cipher(tuple(settings.ENCRYPTION_KEYS))


def prefix(text: str) -> str:
    """How everything that stores `text` begins: what to look for, to find who stored the same."""
    normal = "".join(text.split()).upper()
    digest = salted_hmac("ecare.encryption", normal, secret=settings.FINGERPRINT_KEY, algorithm="sha256")
    return f"{MARK}{digest.hexdigest()[:32]}:"


def encrypt(text: str) -> str:
    return prefix(text) + cipher().encrypt(text.encode()).decode()


def decrypt(stored: str) -> str:
    """The text; what was stored before encryption is given as it is. Raises cryptography's InvalidToken when no key of
    the environment opens it."""
    if not stored.startswith(MARK):
        return stored
    return cipher().decrypt(stored.rpartition(":")[2].encode()).decode()


def _walked(content: Any, keys: frozenset[str], change: Callable[[str], str]) -> Any:
    if isinstance(content, dict):
        return {
            key: change(inner) if key in keys and isinstance(inner, str) else _walked(inner, keys, change)
            for key, inner in content.items()
        }
    if isinstance(content, list):
        return [_walked(inner, keys, change) for inner in content]
    return content


class EncryptedTextField(models.TextField):
    """A text that the database holds encrypted."""

    def get_prep_value(self, value: Any) -> Any:
        return value if value in (None, "") else encrypt(str(value))

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return value if value in (None, "") else decrypt(value)

    def secrets(self, stored: str) -> list[str]:
        """What is encrypted of a value, as the database gives it."""
        return [stored] if stored.startswith(MARK) else []


class SecretJSONField(models.JSONField):
    """JSON of which the texts under the keys `secret`, at any depth, are encrypted in the database and nowhere else."""

    def __init__(self, *args: Any, secret: tuple[str, ...] = (), **options: Any) -> None:
        self.secret = frozenset(secret)
        super().__init__(*args, **options)

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        return name, path, args, options | {"secret": tuple(sorted(self.secret))}

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        return super().get_db_prep_save(_walked(value, self.secret, encrypt), connection)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return self.opened(super().from_db_value(value, expression, connection))

    def opened(self, content: Any) -> Any:
        """What this field stores, as read by a query that does not go through it, with its secrets in clear."""
        return _walked(content, self.secret, decrypt)

    def secrets(self, stored: str) -> list[str]:
        """What is encrypted of a value, as the database gives its text. What merely looks like it elsewhere in the
        answers, anyone may have typed."""
        found: list[str] = []

        def keep(text: str) -> str:
            found.append(text)
            return text

        _walked(json.loads(stored), self.secret, keep)
        return [text for text in found if text.startswith(MARK)]
