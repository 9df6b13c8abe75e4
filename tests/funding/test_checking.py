"""Every night each sum is compared with what it is made of: what differs is named and told once, and stays as it is."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dossiers import workflow as workflow_of_dossiers
from funding import tasks, workflow
from funding.enums import DiscrepancyKind
from funding.models import Consumption, Discrepancy, Envelope, Grant
from funding.queries import checking
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.accounts.sessions import sign_in
from tests.dossiers import factories
from tests.funding import reached, subsidies

pytestmark = pytest.mark.django_db
KINDS = DiscrepancyKind


def forced(table: str, change: str) -> None:
    """Change rows behind every trigger and constraint, as nobody may."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(f"UPDATE {table} SET {change}")  # noqa: S608
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def checked() -> list[tuple[str, Decimal, Decimal]]:
    """What a night finds: nature, attended, found."""
    workflow.checking.run(timezone.now())
    rows = workflow.checking.opened().order_by("kind")
    return [(row.kind, row.expected, row.found) for row in rows]


def settled() -> Grant:
    return reached.settled(lead=UserFactory(lead=True))


def test_a_healthy_database_says_nothing() -> None:
    UserFactory(admin=True)
    grant = settled()
    assert (grant.ceiling, grant.payable) == (16_000, Decimal(16_000) * 55 / 100)
    subsidies.granted(factories.validated(), amount=Decimal(10_000), reason="Plafond.")
    Envelope.objects.create(guichet=factories.poc().guichet, budget=200_000)
    tasks.count_budgets()

    assert checked() == []
    assert not Email.objects.filter(kind="money_differs").exists()


def test_a_budget_that_could_not_be_judged_is_looked_at_again_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its guichet moves all the time, and it is counted wrong: judged once it is no longer counted at all."""
    settled()
    Envelope.objects.create(guichet=factories.poc().guichet, budget=200_000)
    tasks.count_budgets()
    Consumption.objects.update(granted=1)
    planned: list[dict[str, object]] = []
    monkeypatch.setattr(tasks.check_money, "apply_async", lambda **options: planned.append(options))

    tasks.check_money()
    assert planned == [{"kwargs": {"times": tasks.TIMES - 1}, "countdown": tasks.APART}]
    assert not Discrepancy.objects.exists()
    tasks.check_money(times=0)
    assert len(planned) == 1, "the next night looks again"

    # Counting has stopped: nobody will count it again.
    Consumption.objects.update(at=timezone.now() - checking.ABANDONED - dt.timedelta(minutes=1))
    tasks.check_money()
    assert (len(planned), Discrepancy.objects.get().kind) == (1, KINDS.BUDGET_GRANTED)

    tasks.count_budgets()
    tasks.check_money()
    assert (len(planned), Discrepancy.objects.get().gone_at is None) == (1, False)


def test_a_decision_that_no_longer_stands_is_not_counted() -> None:
    """Accepted, then corrected and no longer presented: the objective pays nothing, and the check knows it."""
    verifier = UserFactory(verifier=True)
    stage = reached.decided(by=verifier)
    workflow_of_dossiers.request_modification(
        stage, by=verifier, message="À revoir.", due_at=timezone.now() + dt.timedelta(days=7), remarks={}
    )
    stage = factories.fresh(stage)
    factories.save(stage, optional={"value": ["inventory"]})
    stage = factories.transmit(stage)
    workflow_of_dossiers.validate(stage, by=verifier)
    grant = Grant.objects.get()
    assert grant.payable == Decimal(18_800) * 90 / 100
    assert checked() == []

    forced("funding_grant", "payable = 18800 * 0.95")
    assert checked() == [(KINDS.PAYABLE, Decimal(16_920), Decimal(17_860))]


def test_it_is_told_once_to_administrators_alone_and_corrected_by_nobody(caplog: pytest.LogCaptureFixture) -> None:
    administrator = UserFactory(admin=True)
    UserFactory(admin=True, is_active=False)
    grant = settled()
    forced("funding_grant", "payable = 9000")

    with caplog.at_level(logging.ERROR):
        tasks.check_money()
    email = Email.objects.get(kind="money_differs")
    sentence = "le montant payable est de 9\u202f000\u00a0€, les objectifs acceptés donnent 8\u202f800\u00a0€."
    assert email.to == administrator.email
    assert email.subject == "1\u00a0somme ne concorde pas dans les subventions"
    assert f"Dossier n°\u00a0{grant.dossier.reference}\u00a0: {sentence}" in email.text
    assert grant.dossier.reference in caplog.text

    forced("funding_grant", "payable = 9001")
    tasks.check_money()
    tasks.check_money()
    row = Discrepancy.objects.get()
    assert (row.found, row.gone_at) == (9_001, None)
    assert row.found_at < row.seen_at
    assert Email.objects.filter(kind="money_differs").count() == 1
    grant.refresh_from_db()
    assert grant.payable == 9_001

    # Put right by somebody, it is closed; wrong once more, it is told once more.
    forced("funding_grant", "payable = 8800")
    tasks.check_money()
    row.refresh_from_db()
    assert row.gone_at is not None
    forced("funding_grant", "payable = 9000")
    tasks.check_money()
    assert Email.objects.filter(kind="money_differs").count() == 2


@pytest.mark.parametrize("number", [1, 3])
def test_subsidies_cost_the_same_whatever_their_number(
    number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(number):
        subsidies.paid(subsidies.payable(amount=10_000), 100)
    forced("funding_grant", "payable = 0")
    with django_assert_num_queries(2):
        assert list(checking.of_grants()) == []
    forced("funding_grant", "payable = 1")
    with django_assert_num_queries(3):
        assert len(list(checking.of_grants())) == number


@pytest.fixture(scope="class")
def grant(lasting: Callable[[], AbstractContextManager[None]]) -> Iterator[Grant]:
    with lasting():
        yield settled()


@pytest.mark.usefixtures("grant")
class TestForced:
    """One subsidy that went through everything, in which something is changed behind every rule."""

    @pytest.mark.parametrize(
        ("kind", "table", "change", "expected", "found"),
        [
            (KINDS.ESTIMATE, "funding_grant", "estimated = 18000, reason = 'Plafond.'", 18_800, 18_000),
            (KINDS.CEILING, "funding_control", "ceiling = 15000", 15_000, 16_000),
            (KINDS.CEILING, "funding_control", "state = 'confirmed', ceiling = NULL", 18_800, 16_000),
            (KINDS.PAYABLE, "funding_grant", "payable = 8800.01", 8_800, "8800.01"),
            (KINDS.PAYABLE, "funding_objectivedecision", "state = 'accepted', reason = ''", 15_200, 8_800),
            (KINDS.PLANNED, "funding_payment", "amount = 11000.01 WHERE amount = 3800", 16_000, "16000.01"),
            (KINDS.ORDERED, "funding_payment", "amount = 15800.01 WHERE state = 'ordered'", 18_800, "18800.01"),
            (KINDS.GIVEN_BACK, "funding_payment", "amount = 3000.01 WHERE kind = 'repayment'", 3_000, "3000.01"),
            (KINDS.UNSIGNED, "funding_agreement", "state = 'refused', reason = 'Illisible.'", 0, 5_000),
        ],
    )  # fmt: skip
    def test_a_row_forced_wrong_is_found(self, kind: str, table: str, change: str, expected: int, found: str) -> None:
        forced(table, change)

        named = {row[0]: row[1:] for row in checked()}

        assert named[kind] == (Decimal(expected), Decimal(found))
        # Too much ordered is also more than the schedule may hold.
        assert set(named) - {kind} <= ({KINDS.PLANNED} if kind == KINDS.ORDERED else set())

    @pytest.mark.parametrize(
        ("column", "kind", "expected"),
        [
            ("in_instruction", KINDS.BUDGET_IN_INSTRUCTION, 18_800),
            ("to_grant", KINDS.BUDGET_TO_GRANT, 0),
            ("granted", KINDS.BUDGET_GRANTED, 8_800),
            ("released", KINDS.BUDGET_RELEASED, 10_000),
            ("paid", KINDS.BUDGET_PAID, 3_000),
        ],
    )
    def test_a_budget_forced_wrong_is_found_once_its_guichet_rests(self, column: str, kind: str, expected: int) -> None:
        factories.transmitted()
        Envelope.objects.create(guichet=factories.poc().guichet, budget=200_000)
        tasks.count_budgets()
        Consumption.objects.update(**{column: Decimal("0.01")})
        assert checked() == [], "what has just moved is counted again within ten minutes"

        Consumption.objects.update(at=timezone.now() + dt.timedelta(hours=1))
        assert checked() == [(kind, Decimal(expected), Decimal("0.01"))]

        # The guichet moves: neither found again nor gone.
        Consumption.objects.update(at=timezone.now())
        assert [row[0] for row in checked()] == [kind]
        tasks.count_budgets()
        assert checked() == []

    def test_without_administrators_it_waits_for_one(self) -> None:
        forced("funding_grant", "payable = 9000")
        tasks.check_money()
        assert Discrepancy.objects.get().told_at is None
        UserFactory(admin=True)
        tasks.check_money()
        assert Email.objects.filter(kind="money_differs").count() == 1

    def test_the_command_names_each_and_fails(self, grant: Grant, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("check_money")
        assert capsys.readouterr().out.strip() == "Toutes les sommes concordent."
        forced("funding_grant", "payable = 9000")
        with pytest.raises(CommandError, match="1\u00a0somme ne concorde pas, dont 1 depuis le dernier contrôle"):
            call_command("check_money")
        assert grant.dossier.reference in capsys.readouterr().out

    def test_administrators_read_them(self, grant: Grant, client: Client) -> None:
        forced("funding_grant", "payable = 9000")
        workflow.checking.run(timezone.now())
        sign_in(client, UserFactory(admin=True))
        page = client.get(reverse("admin:funding_discrepancy_changelist"), {"gone_at__isempty": "0"})
        assert page.status_code == 200
        assert grant.dossier.reference not in page.text
        page = client.get(reverse("admin:funding_discrepancy_changelist"), {"gone_at__isempty": "1"})
        assert grant.dossier.reference in page.text
        page = client.get(reverse("admin:funding_discrepancy_change", args=[Discrepancy.objects.get().pk]))
        assert "les objectifs acceptés donnent" in page.text
        assert client.get(reverse("admin:funding_discrepancy_add")).status_code == 403
