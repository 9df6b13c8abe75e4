"""What the back-office costs in queries at 1, 3 and 30, where no other file says it, and what works behind (Q70)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from dossiers import days, storage, workflow
from dossiers.models import Appraisal, DossierStage
from dossiers.workflow import lines, vigilance
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages
from tests.dossiers.rows import row

pytestmark = pytest.mark.django_db
SIZES = (1, 3, 30)


def queries_of(act: Callable[[], Any]) -> int:
    """The queries of something that no page asks for, those that hold a transaction left out."""
    with CaptureQueriesContext(connection) as captured:
        act()
    return len([each for each in captured if "SAVEPOINT" not in each["sql"]])


def rows_up_to(size: int, **fields: Any) -> list[DossierStage]:
    while DossierStage.objects.count() < size:
        row(**fields)
    return list(DossierStage.objects.all())


# Pages


def test_two_transmissions_are_compared_at_the_same_cost_by_both_sides() -> None:
    verifier = UserFactory(verifier=True)
    costs = []
    for rounds, sites in enumerate(SIZES, start=1):
        files = [factories.docx()] * min(sites, 10)
        stage = factories.transmitted(sites=sites, overrides={"framework_files": files})
        for _ in range(rounds):
            workflow.request_modification(
                factories.fresh(stage),
                by=verifier,
                message="Encore.",
                remarks={},
                due_at=timezone.now() + dt.timedelta(days=3),
            )
            stage = factories.fresh(stage)
            factories.save(stage, comment={"value": f"Tour {rounds}."})
            factories.transmit(stage)
        readers = ((factories.signed_in(verifier), "instructed-comparison"), (pages.owner(stage), "comparison"))
        costs.append([pages.cost(partial(client.get, pages.url(name, stage))) for client, name in readers])
    assert costs[0] == costs[1] == costs[2]
    assert max(costs[0]) <= 12


def test_what_is_written_on_a_dossier_is_asked_at_the_same_cost() -> None:
    """The pages of decisions, of a contact, of who instructs and of a replaced référent."""
    client = factories.signed_in(UserFactory(lead=True))
    costs = []
    for size in SIZES:
        stage = factories.transmitted(sites=size, overrides={"framework_files": [factories.docx()] * min(size, 10)})
        while User.objects.filter(role="verifier").count() < size:
            UserFactory(verifier=True)
        addresses = [
            *(pages.url(name, stage) for name in ("request-modification", "validate", "reject", "assign", "reassign")),
            pages.url("correct-contact", stage, "contact_ciso"),
        ]
        costs.append([pages.cost(partial(client.get, address)) for address in addresses])
    assert costs[0] == costs[1] == costs[2]
    assert max(costs[0]) <= 12


def test_the_dossiers_of_somebody_away_are_spread_at_the_same_cost() -> None:
    ana, lead = UserFactory(verifier=True), UserFactory(lead=True)
    UserFactory(verifier=True)
    client = factories.signed_in(lead)
    costs = []
    for size in SIZES:
        for stage in rows_up_to(size):
            workflow.assignment.take(stage, by=ana)
        costs.append(pages.cost(partial(client.get, f"/instruction/repartition/{ana.public_id}/")))
    assert costs[0] == costs[1] == costs[2] <= 12


# What works behind


def test_a_batch_of_points_of_vigilance_costs_the_same() -> None:
    costs = []
    for size in SIZES:
        keys = [stage.pk for stage in rows_up_to(size)]
        Appraisal.objects.bulk_create([Appraisal(dossier_stage_id=key) for key in keys], ignore_conflicts=True)
        vigilance.appraise(keys)
        costs.append(queries_of(partial(vigilance.appraise, keys)))
    assert costs[0] == costs[1] == costs[2] <= 20


def test_lines_are_mended_at_the_same_cost() -> None:
    """What differs is found by one statement and written by another for 200 dossiers."""
    costs = []
    for size in SIZES:
        rows_up_to(size)
        lines.mend()
        User.objects.update(last_name=f"Zola {size}")
        costs.append(queries_of(lambda: lines.mend()))
    assert costs[0] == costs[1] == costs[2] <= 3


def test_a_night_sweep_asks_once_for_many_files() -> None:
    costs = []
    for size in SIZES:
        for number in range(size):
            default_storage.save(f"exports/{size}-{number}.csv", ContentFile(b"perdu"))
        before = dt.timedelta(seconds=-5)
        costs.append(queries_of(lambda: storage.sweep(older_than=before)))  # noqa: B023
    assert costs[0] == costs[1] == costs[2] <= len(storage.FOLDERS)


def test_a_digest_costs_the_same_whatever_it_tells() -> None:
    costs = []
    known: set[int] = set()
    for size in SIZES:
        for _ in range(size - len(known)):
            known.add(row().pk)
        person = UserFactory(verifier=True, activated_at=timezone.now() - dt.timedelta(days=9))
        User.objects.exclude(pk=person.pk).update(digested_at=timezone.now() + dt.timedelta(days=9))
        morning = days.morning(timezone.localdate() + dt.timedelta(days=1))
        User.objects.filter(pk=person.pk).update(digested_at=morning - dt.timedelta(days=2))
        costs.append(queries_of(lambda: workflow.digest(morning + dt.timedelta(minutes=2))))  # noqa: B023
        assert Email.objects.filter(kind="digest", to=person.email).count() == 1
    assert costs[0] == costs[1] == costs[2] <= 14


def test_reminders_cost_the_same_by_referent_and_nothing_more_once_told() -> None:
    """Each leaves in a transaction of its own: so many queries for each, and as few as ever for who knows."""
    last = timezone.localdate() + dt.timedelta(days=20)
    factories.poc(closes_at=days.closing(last))
    morning = days.morning(last - dt.timedelta(days=7))
    told, costs, idle = 0, [], []
    for size in SIZES:
        rows_up_to(size, status="draft")
        costs.append(queries_of(lambda: workflow.remind(morning)))
        assert Email.objects.filter(kind="reminder_draft").count() == size
        idle.append(queries_of(lambda: workflow.remind(morning)))
        costs[-1] = (costs[-1] - idle[-1]) / (size - told)
        told = size
    assert costs[0] == costs[1] == costs[2] <= 12
    assert idle[0] == idle[1] == idle[2] <= 30
