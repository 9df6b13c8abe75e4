"""A pause after too many wrong passwords for one identifier (django-axes; Q7, Q8, docs/adr/0043)."""

from typing import Any

from axes.helpers import get_client_ip_address
from axes.utils import reset
from django.conf import settings
from django.contrib import auth
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from accounts.models import User


def authenticate(request: HttpRequest, *, identifier: str, password: str) -> User | None:
    """The account, if the password is right and its attempts are not paused; `request.axes_locked_out` says so.

    Attempts on one identifier take turns: posted all at once, they would all be evaluated before the first failure
    is counted."""
    key = identifier_key(request, {"username": identifier})
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"accounts.lockout:{key}"])
        user = auth.authenticate(request, username=identifier, password=password)
    return user if isinstance(user, User) else None


def forgive(request: HttpRequest, user: User) -> None:
    """Drop what `user`, who has just signed in, had typed wrong from where they are. What others tried from elsewhere
    still counts: it would otherwise show them that the account exists, and is in use."""
    for identifier in (user.username, user.email):
        reset(username=_digest(identifier), ip=get_client_ip_address(request))


def forget(*identifiers: str) -> None:
    """Drop the attempts counted against these: the pause ends, and the addresses they came from go with them."""
    for identifier in identifiers:
        reset(username=_digest(identifier))


def identifier_key(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """What attempts are counted by: what was typed, and not the account behind it, so that nothing in the pause tells
    whether there is one, nor which user name has which address. As a digest: it may be the address of a stranger."""
    identifier = str((credentials or {}).get("username") or "")
    known: dict[str, str] = request.__dict__.setdefault("identifier_keys", {})
    if identifier not in known:
        known[identifier] = _digest(identifier)
    return known[identifier]


def _digest(identifier: str) -> str:
    """Put in lower case by the database, as accounts are found: two spellings of one account share one pause."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT lower(%s)", [identifier.strip()])
        [lowered] = cursor.fetchone()
    return salted_hmac("accounts.lockout", lowered, secret=settings.FINGERPRINT_KEY, algorithm="sha256").hexdigest()
