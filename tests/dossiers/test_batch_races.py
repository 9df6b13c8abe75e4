"""Batches that meet: each other, a single decision, a second worker, the death of theirs. Each dossier is decided once,
each e-mail leaves once (I4b, Q34)."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import suppress
from functools import partial

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from dossiers import workflow
from dossiers.enums import BatchAction, BatchState, EventKind, Status
from dossiers.models import Batch, Dossier, DossierStage, Event
from dossiers.workflow import batch_work
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.dossiers import crowd, factories
from tests.dossiers.rows import row
from tests.dossiers.test_batches import ready, results

pytestmark = pytest.mark.django_db(transaction=True)


def decided_once(stages: list[DossierStage]) -> None:
    """One decision and one e-mail a dossier, which agree with its status."""
    decisions = Event.objects.filter(kind__in=[EventKind.VALIDATED, EventKind.REJECTED])
    assert Counter(decisions.values_list("dossier_stage", flat=True)) == {each.pk: 1 for each in stages}
    emails = Counter(Email.objects.filter(kind__startswith="dossier_").values_list("about", "kind"))
    expected = {(each.dossier.reference, f"dossier_{factories.fresh(each).status}"): 1 for each in stages}
    assert emails == expected


def test_two_batches_and_single_decisions_at_once_on_the_same_dossiers() -> None:
    stages = [row() for _ in range(8)]
    one, other, single = (UserFactory(verifier=True) for _ in range(3))
    validation = ready(stages, BatchAction.VALIDATE, one)
    rejection = ready(stages[::-1], BatchAction.REJECT, other, reason="Hors périmètre.")

    def alone() -> None:
        for stage in (stages[6], stages[3]):
            with suppress(workflow.WrongStatus):
                workflow.reject(stage, by=single, reason="Seul.")

    crowd.at_once(
        partial(batch_work.carry_out, validation.pk),
        partial(batch_work.carry_out, validation.pk),  # a second worker
        partial(batch_work.carry_out, rejection.pk),
        alone,
    )
    decided_once(stages)
    assert {each.state for each in Batch.objects.all()} == {BatchState.DONE}
    for batch, status in ((validation, Status.VALIDATED), (rejection, Status.REJECTED)):
        for stage in stages:
            last = Event.objects.filter(dossier_stage=stage).latest("pk")
            done = last.actor_id == batch.author_id
            reason = results(batch)[stage.dossier.reference]
            assert bool(reason) is not done
            assert done is (factories.fresh(stage).status == status and last.actor_id != single.pk)
            assert done or "par décision de" in reason


def test_a_worker_killed_on_a_dossier_leaves_it_to_the_next() -> None:
    """What the database sees of a process that dies: its connection ends, the transaction at hand with it."""
    stages = [row() for _ in range(4)]
    batch = ready(stages, BatchAction.VALIDATE, UserFactory(verifier=True))
    started = threading.Event()
    born: list[int] = []
    died: list[BaseException] = []

    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            born.append(cursor.fetchone()[0])
        started.set()
        try:
            batch_work.carry_out(batch.pk)
        except OperationalError as error:
            died.append(error)
        finally:
            connection.close()

    with transaction.atomic():
        Dossier.objects.select_for_update().get(pk=stages[2].dossier_id)  # the worker will wait there
        worker = threading.Thread(target=work)
        worker.start()
        assert started.wait(crowd.PATIENCE)
        wait_until_blocked(born[-1])
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [born[-1]])
        worker.join(crowd.PATIENCE)
    assert died
    assert len(results(batch)) == 2
    decided_once(stages[:2])
    Batch.objects.update(beat_at=timezone.now() - 2 * batch_work.SILENCE)
    batch_work.resume()
    assert results(batch) == {each.dossier.reference: "" for each in stages}
    decided_once(stages)


def wait_until_blocked(pid: int) -> None:
    """Until that connection waits for a lock that another holds."""
    pause = threading.Event()
    for _ in range(crowd.PATIENCE * 50):
        with connection.cursor() as cursor:
            cursor.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [pid])
            if cursor.fetchone()[0]:
                return
        pause.wait(0.02)
    raise AssertionError("the worker never waited")
