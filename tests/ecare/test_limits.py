"""Limits kept in PostgreSQL: exact at any instant and under a crowd, and nothing of the visitor kept."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, connections
from django.test import RequestFactory

from ecare import limits
from ecare.models import Limit
from tests.ecare.purging import purged

RATE = limits.Rate("test", 60, timedelta(minutes=1))


def accepted(rate: limits.Rate, times: int, whose: str = "192.0.2.1") -> int:
    return sum(limits.hit(rate, whose).accepted for _ in range(times))


@pytest.mark.django_db(transaction=True)
def test_of_a_hundred_hits_at_once_sixty_are_accepted():
    crowd, barrier = 20, threading.Barrier(20)

    def insist(_: int) -> int:
        try:
            barrier.wait()
            return accepted(RATE, 5)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(crowd) as threads:
        assert sum(threads.map(insist, range(crowd))) == 60
    assert len(Limit.objects.get().moments) == 60


@pytest.mark.django_db
def test_the_limit_holds_within_any_minute_and_says_when_to_come_back():
    """A count that starts again each round minute would let 120 through in two seconds."""
    with time_machine.travel("2026-06-04T08:00:00+00:00", tick=False) as clock:
        assert accepted(RATE, 30) == 30
        clock.shift(timedelta(seconds=59, milliseconds=500))
        assert accepted(RATE, 40) == 30
        assert limits.hit(RATE, "192.0.2.1").retry_after == 1
        clock.shift(timedelta(seconds=1))
        assert accepted(RATE, 40) == 30
        assert limits.hit(RATE, "192.0.2.1").retry_after == 59
        clock.shift(timedelta(seconds=58))
        assert not limits.hit(RATE, "192.0.2.1").accepted
        clock.shift(timedelta(seconds=1))
        assert accepted(RATE, 40) == 30


@pytest.mark.django_db
def test_visitors_and_limits_are_counted_apart_and_a_hit_can_be_given_back():
    once = limits.Rate("once", 1, timedelta(minutes=1))
    first = limits.hit(once, "192.0.2.1")
    assert first.accepted
    assert not limits.hit(once, "192.0.2.1").accepted
    assert limits.hit(once, "192.0.2.2").accepted
    assert limits.hit(RATE, "192.0.2.1").accepted
    limits.give_back(first)
    assert limits.hit(once, "192.0.2.1").accepted


@pytest.mark.django_db
def test_no_address_is_kept_and_what_is_over_is_removed(settings):
    limits.hit(RATE, "192.0.2.1")
    assert "192.0.2.1" not in str(list(Limit.objects.values()))
    kept = Limit.objects.get().key
    settings.SECRET_KEY = "another" * 10
    limits.hit(RATE, "192.0.2.1")
    assert Limit.objects.exclude(key=kept).count() == 1
    assert purged("limits") == 0
    with time_machine.travel(timedelta(seconds=61)):
        assert purged("limits") == 2


@pytest.mark.parametrize(
    ("typed", "whose"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::/64"),
        ("", ""),
    ],
)
def test_a_subscriber_of_ipv6_is_one_visitor(typed, whose):
    assert limits.address(RequestFactory(REMOTE_ADDR=typed).get("/")) == whose


@pytest.mark.django_db
def test_a_hit_is_one_statement_and_writes_no_log(django_assert_num_queries):
    for statements in (1, 3, 1):  # the first refusal tells the audit log, the next ones nobody
        with django_assert_num_queries(statements):
            limits.hit(limits.Rate("once", 1, timedelta(minutes=1)), "192.0.2.1")
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'ecare_limit'")
        assert cursor.fetchone() == ("u",)
