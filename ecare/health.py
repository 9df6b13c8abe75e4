"""Two questions that a proxy or an orchestrator asks: is the process alive, and can it serve?

Answers name what was checked and nothing else: no version, no host, no error text.
"""

import functools
import logging
import threading
import time
from collections.abc import Callable

import psycopg
import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.backoff import NoBackoff
from redis.retry import Retry

from ecare import keys
from ecare.settings import redis_urls

logger = logging.getLogger(__name__)

# Seconds. PostgreSQL's client rounds anything shorter up to two.
DATABASE_TIMEOUT = 2
BROKER_TIMEOUT = 1
# A crowd of probes costs one check a second.
MEMORY = 1.0

CHECKS = ("database", "migrations", "keys", "broker")


class NotReady(Exception):
    """The component answers, but cannot be used yet."""


@login_not_required
@require_safe
@never_cache
def alive(request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers; touches neither the database nor the broker."""
    return JsonResponse({"status": "ok"})


@login_not_required
@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """200 when database, migrations, keys and broker are all there, else 503; within 3 s even when both are frozen."""
    failed = _recent_failures()
    answer = {"status": "unavailable" if failed else "ok"}
    answer |= {name: "unavailable" if name in failed else "ok" for name in CHECKS}
    return JsonResponse(answer, status=503 if failed else 200)


_lock = threading.Lock()
_last: tuple[float, frozenset[str]] = (float("-inf"), frozenset())


def _recent_failures() -> frozenset[str]:
    global _last
    with _lock:
        if time.monotonic() - _last[0] > MEMORY:
            _last = (time.monotonic(), _failures())
        return _last[1]


def _failures() -> frozenset[str]:
    failed = set()
    if not _passes("broker", _ping_broker):
        failed.add("broker")
    if not _passes("database", _read_database):
        return frozenset(failed | {"database", "migrations", "keys"})
    if not _passes("migrations", _compare_migrations):
        failed.add("migrations")
    if not _passes("keys", _try_keys):
        failed.add("keys")
    return frozenset(failed)


def _passes(name: str, check: Callable[[], None]) -> bool:
    try:
        check()
    except (psycopg.Error, redis.RedisError, OSError, NotReady, keys.KeyMissing, keys.FingerprintKeyChanged) as error:
        logger.warning("not ready: %s (%s)", name, type(error).__name__)
        return False
    return True


def _ping_broker() -> None:
    with redis.Redis.from_url(
        redis_urls.for_client(settings.REDIS_URL),
        socket_timeout=BROKER_TIMEOUT,
        socket_connect_timeout=BROKER_TIMEOUT,
        retry=Retry(NoBackoff(), 0),
    ) as client:
        client.ping()


def _connect() -> psycopg.Connection:
    # Not a connection of the pool: when the server is gone the pool waits, and here the point is to answer.
    parameters = connection.get_connection_params()
    return psycopg.connect(**parameters | {"connect_timeout": DATABASE_TIMEOUT, "options": "-c statement_timeout=1000"})


def _read_database() -> None:
    with _connect() as direct:
        direct.execute("SELECT 1")


def _compare_migrations() -> None:
    with _connect() as direct:
        applied = set(direct.execute("SELECT app, name FROM django_migrations").fetchall())
    if not _expected_migrations() <= applied:
        raise NotReady


_tried: tuple[str, ...] | None = None


def _try_keys() -> None:
    """Once they were good they stay so: neither they nor what is stored change under a process."""
    global _tried
    if _tried == keys.of_this_process():
        return
    with _connect() as direct, direct.cursor() as cursor:
        if keys.check(cursor):
            _tried = keys.of_this_process()


@functools.cache
def _expected_migrations() -> frozenset[tuple[str, str]]:
    """The last migrations of each application, as the code of this process has them."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())
