"""A pause after too many wrong passwords for one account (django-axes; Q7)."""

import hashlib
from typing import Any

from axes.utils import reset
from django.contrib import auth
from django.db import connection, transaction
from django.http import HttpRequest

from accounts.models import User


def authenticate(request: HttpRequest, *, identifier: str, password: str) -> User | None:
    """The account, if the password is right and its attempts are not paused; `request.axes_locked_out` says so.

    Attempts on one account take turns: posted all at once, they would all be evaluated before the first failure
    is counted."""
    key = account_key(request, {"username": identifier})
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"accounts.lockout:{key}"])
        user = auth.authenticate(request, username=identifier, password=password)
    return user if isinstance(user, User) else None


def forget(user: User) -> None:
    """Drop the attempts counted against `user`: the pause ends, and their addresses go with them."""
    reset(username=str(user.pk))


def account_key(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """What attempts are counted by: the account, whether its user name or its address was typed; for an identifier
    without account a digest, so that it is paused just the same and the database keeps no address of a stranger."""
    identifier = str((credentials or {}).get("username") or "").strip()
    known: dict[str, str] = request.__dict__.setdefault("account_keys", {})
    if identifier not in known:
        pk = User.objects.known_as(identifier).values_list("pk", flat=True).first()
        known[identifier] = str(pk) if pk else hashlib.sha256(identifier.lower().encode()).hexdigest()
    return known[identifier]
