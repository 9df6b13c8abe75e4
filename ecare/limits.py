"""How often a visitor may do something, counted in PostgreSQL so that losing Redis opens nothing.

The count is exact over any period, not from one round minute to the next: the instants of the accepted hits are kept,
as many as the limit allows. A refused hit counts for nothing, so that insisting does not lengthen the wait.
"""

import base64
import functools
import hashlib
import hmac
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from ecare import audit, errors
from ecare.models import AuditKind, Limit

View = Callable[..., HttpResponse]

# One statement, hence atomic: the row is locked by the conflict, then judged as it is. The second branch answers for a
# refusal, with the hit whose end makes room, and whether the audit log was told.
HIT = """
WITH accepted AS (
    INSERT INTO ecare_limit AS kept (key, moments, expires_at)
    VALUES (%(key)s, ARRAY[%(now)s], %(end)s)
    ON CONFLICT (key) DO UPDATE SET
        moments = ARRAY(SELECT m FROM unnest(kept.moments) AS m WHERE m > %(start)s) || %(now)s,
        expires_at = excluded.expires_at
    WHERE (SELECT count(*) FROM unnest(kept.moments) AS m WHERE m > %(start)s) < %(hits)s
    RETURNING key
)
SELECT EXISTS (SELECT FROM accepted),
    (SELECT m FROM ecare_limit, unnest(moments) AS m WHERE key = %(key)s ORDER BY m DESC OFFSET %(hits)s - 1 LIMIT 1),
    EXISTS (SELECT FROM ecare_limit WHERE key = %(key)s AND told_at > %(start)s)
"""


@dataclass(frozen=True)
class Rate:
    """At most `hits` within any `period`. `name` tells one limit from another."""

    name: str
    hits: int
    period: timedelta


@dataclass(frozen=True)
class Hit:
    """`retry_after`: seconds until the next one is accepted; 0 when this one was."""

    key: str
    at: datetime
    retry_after: int

    @property
    def accepted(self) -> bool:
        return self.retry_after == 0


def hit(rate: Rate, whose: str) -> Hit:
    """Count one hit of `whose` (an address, an account) on `rate`, unless it is one too many."""
    now, key = timezone.now(), _key(rate, whose)
    values: dict[str, Any] = {
        "key": key,
        "now": now,
        "start": now - rate.period,
        "end": now + rate.period,
        "hits": rate.hits,
    }
    with connection.cursor() as cursor:
        cursor.execute(HIT, values)
        accepted, oldest, told = cursor.fetchone()
    if accepted:
        return Hit(key, now, 0)
    if not told:
        _tell(rate, key, now)
    # Many at once: what this statement saw when it began may be empty still.
    wait = (oldest + rate.period - now) if oldest else rate.period
    return Hit(key, now, max(1, -(-wait // timedelta(seconds=1))))


def _tell(rate: Rate, key: str, now: datetime) -> None:
    """One line of the audit log for a limit reached, and no other until a period has passed: who insists writes
    nothing more (S2)."""
    untold = Q(told_at=None) | Q(told_at__lte=now - rate.period)
    if Limit.objects.filter(untold, key=key).update(told_at=now):
        audit.record(AuditKind.LIMIT_REACHED, subject=rate.name)


def give_back(counted: Hit) -> None:
    """Forget a hit that turned out to be no concern of the limit, such as a right password."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ecare_limit SET moments = array_remove(moments, %s) WHERE key = %s", [counted.at, counted.key]
        )


def address(request: HttpRequest) -> str:
    """Who asks, as far as the network tells. A subscriber owns a whole /64 of IPv6 addresses: it is one visitor."""
    typed = request.META.get("REMOTE_ADDR", "")
    try:
        found = ipaddress.ip_address(typed)
    except ValueError:
        return ""  # a unix socket: nobody from the network
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def by_address(rate: Rate, *methods: str) -> Callable[[View], View]:
    """Decorator: beyond `rate`, requests with these methods from one address get the 429 page and `Retry-After`."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def limited(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method in methods:
                counted = hit(rate, address(request))
                if not counted.accepted:
                    return errors.too_many_requests(request, retry_after=counted.retry_after)
            return view(request, *args, **kwargs)

        return limited

    return decorate


def _key(rate: Rate, whose: str) -> str:
    digest = hmac.digest(settings.SECRET_KEY.encode(), f"ecare.limits:{rate.name}:{whose}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
