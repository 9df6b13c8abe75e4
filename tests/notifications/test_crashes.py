"""Q46, Q48, Q49 on real processes, at a scale that a test suite bears."""

from __future__ import annotations

import random
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction

from notifications import broker as publishing
from notifications import outbox, tasks
from notifications.enums import State
from notifications.models import Email
from tests.notifications.factories import EmailFactory
from tests.notifications.processes import Broker, Worker, private_broker
from tests.notifications.sink import Sink
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broker() -> Iterator[Broker]:
    # Not under pytest's own folders: the path of a socket is short.
    with tempfile.TemporaryDirectory() as folder, private_broker(Path(folder)) as broker:
        yield broker


@pytest.fixture
def worker(broker: Broker, sink: Sink) -> Iterator[Worker]:
    worker = Worker(broker=broker, sink=sink)
    worker.start()
    yield worker
    worker.kill()


def transition(number: int, *, is_code: bool = False) -> None:
    with transaction.atomic():
        outbox.post(
            kind="hello",
            to="claire@exemple.fr",
            subject="Changement de statut",
            context={},
            key=f"transition:{number}",
            is_code=is_code,
        )


def test_an_email_leaves_just_after_the_commit(worker: Worker, sink: Sink) -> None:
    transition(1)
    transition(2, is_code=True)
    sink.wait_for(2, seconds=60)


def test_workers_killed_while_sending_lose_nothing_and_double_one_email_at_most_each(
    worker: Worker, sink: Sink
) -> None:
    emails = EmailFactory.create_batch(60)
    sink.seconds_before_reply = 0.005
    kills = {10, 25, 45}

    def kill(count: int) -> None:
        if count in kills and worker.process is not None:
            worker.process.kill()
            time.sleep(random.uniform(0, 0.01))  # dead before or after it would have read the reply

    sink.before_reply = kill
    for _ in kills:
        tasks.sweep.delay()
        assert worker.process is not None
        worker.process.wait(timeout=60)
        worker.start()
    tasks.sweep.delay()
    sink.wait_for(60, seconds=60)
    assert set(sink.message_ids) == {email.message_id for email in emails}
    assert len(sink.message_ids) <= 60 + len(kills)
    wait_until_sent(60)


def test_a_frozen_then_dead_broker_is_not_felt_and_everything_leaves_on_its_return(
    broker: Broker, worker: Worker, sink: Sink
) -> None:
    transition(0)
    sink.wait_for(1, seconds=60)

    broker.send(signal.SIGSTOP)
    start = time.monotonic()
    for number in range(1, 11):
        transition(number)
    assert len(sink.received) == 1
    broker.send(signal.SIGCONT)
    broker.kill()
    publishing.breaker.worked()  # as if some time had passed
    for number in range(11, 21):
        transition(number)
    assert time.monotonic() - start < 8  # a second of patience, then the breaker: never one for each transition

    broker.start()
    until = time.monotonic() + 60
    while len(sink.received) < 21 and time.monotonic() < until:
        worker.keep_alive()
        tasks.sweep.delay()  # what the beat does
        time.sleep(0.5)
    assert len(sink.received) == len(set(sink.message_ids)) == 21
    wait_until_sent(21)


def wait_until_sent(count: int) -> None:
    """The mark comes just after the reply of the mail server."""
    assert wait_until(lambda: Email.objects.filter(state=State.SENT).count() >= count, 5)
