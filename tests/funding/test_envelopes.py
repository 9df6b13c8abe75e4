"""What the budget of a guichet becomes, and who is told of it."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Page
from pytest_django import DjangoAssertNumQueries
from pytest_django.live_server_helper import LiveServer

from dossiers import queries
from dossiers import workflow as workflow_of_dossiers
from dossiers.models import Guichet
from dossiers.queries.statistics import Statistics
from dossiers.workflow import tallies
from funding import charts, tasks, workflow
from funding.enums import PaymentKind
from funding.models import Consumption, Envelope, Grant
from funding.queries import envelopes
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.accounts.sessions import wear
from tests.browsing import fits
from tests.dossiers import factories, pages
from tests.funding import reached, subsidies

ESTIMATED = subsidies.ESTIMATED
PAGE = reverse("funding:envelopes")


def budget(amount: Decimal | int | str, guichet: Guichet | None = None) -> Envelope:
    envelope, _ = Envelope.objects.update_or_create(
        guichet=guichet or factories.poc().guichet, defaults={"budget": Decimal(amount)}
    )
    return envelope


def counted() -> Consumption:
    workflow.envelopes.count(timezone.now())
    return Consumption.objects.get()


def told() -> list[str]:
    return list(Email.objects.filter(kind="budget_used").order_by("pk").values_list("to", flat=True))


@pytest.mark.django_db
def test_a_dossier_counts_once_from_its_transmission_to_its_payment() -> None:
    envelope = budget(200_000)
    factories.draft()
    factories.rejected()
    factories.transmitted()
    factories.modification_requested()
    factories.validated()
    found = counted()
    assert (found.in_instruction, found.to_grant, found.granted) == (2 * ESTIMATED, ESTIMATED, 0)
    assert found.left == 200_000 - 3 * ESTIMATED

    subsidies.paid(subsidies.payable(), 3_000)
    granted = subsidies.granted(factories.validated(), amount=Decimal(10_000), reason="Plafond.")
    found = counted()
    assert (found.granted, found.paid, found.to_pay) == (ESTIMATED + 10_000, 3_000, ESTIMATED + 7_000)
    assert (found.in_instruction, found.to_grant) == (2 * ESTIMATED, ESTIMATED)
    # Lowered by a control, what it may still reach is what counts.
    Grant.objects.filter(pk=granted.pk).update(ceiling=Decimal(4_000))
    assert counted().granted == ESTIMATED + 4_000
    assert sum(part.amount for part in charts.parts(counted())) == envelope.budget


@pytest.mark.django_db
def test_what_will_not_be_paid_comes_back_once_objectives_are_decided_for_good() -> None:
    lead = UserFactory(lead=True)
    budget(200_000)
    stage = reached.presented()
    for code in ("diagnosis", "awareness", "inventory", "updates"):
        reached.decide(stage, code, by=lead)
    reached.decide(stage, "backups", by=lead, reason="Sans preuve.")
    found = counted()
    assert (found.granted, found.released, found.left) == (ESTIMATED, 0, 200_000 - ESTIMATED), "minds may still change"
    desk = factories.signed_in(lead)
    assert "une fois les objectifs décidés, revient au budget." in pages.text(desk.get(PAGE))

    workflow_of_dossiers.validate(factories.fresh(stage), by=lead)
    found = counted()
    assert found.granted == ESTIMATED * 55 / 100, "40 % refused, 5 % not presented"
    assert found.released == ESTIMATED * 45 / 100
    page = pages.text(desk.get(PAGE))
    assert "revient au budget : 8 460 € à ce jour." in page
    assert "Il reste 189 660 €" in page

    # Opened again, everything may be accepted again.
    workflow_of_dossiers.reopen(factories.fresh(stage), by=lead, reason="Une preuve retrouvée.")
    assert (counted().granted, counted().released) == (ESTIMATED, 0)
    workflow_of_dossiers.reject(factories.fresh(stage), by=lead, reason="Rien n'est atteint.")
    assert (counted().granted, counted().released) == (0, ESTIMATED)


@pytest.mark.django_db
def test_an_overpayment_comes_back_once_it_is_repaid() -> None:
    lead = UserFactory(lead=True)
    budget(200_000)
    grant = subsidies.payable()
    subsidies.paid(grant, 10_000, by=lead)
    subsidies.ordered(grant, 2_000, by=lead)
    workflow.controls.close(
        subsidies.controlled(grant, by=lead), by=lead, read=0, ceiling=Decimal(4_000), reason="Un site fermé."
    )
    found = counted()
    assert (found.granted, found.released, found.to_pay) == (12_000, ESTIMATED - 12_000, 2_000), "what has left"
    assert all(part.width >= 0 for part in charts.parts(found))
    back = subsidies.planned(grant, 7_000, kind=PaymentKind.REPAYMENT, by=lead)
    assert counted().granted == 12_000, "asked back, not come back"
    workflow.payments.pay(workflow.payments.order(back, by=lead), by=lead, on=timezone.localdate())
    found = counted()
    assert (found.granted, found.paid, found.released) == (5_000, 3_000, ESTIMATED - 5_000)


@pytest.mark.django_db
def test_statistics_and_budgets_say_the_same_of_what_is_granted() -> None:
    """Corrected, lowered, lowered to nothing, waiting: what each subsidy may still reach, and nothing before it."""
    lead = UserFactory(lead=True)
    budget(200_000)
    factories.transmitted()
    factories.rejected()
    factories.validated()
    subsidies.granted(factories.validated())
    subsidies.granted(factories.validated(), amount=Decimal(10_000), reason="Un site retiré.")
    for ceiling, reason in ((12_000, "Un site fermé."), (0, "Rien n'a été fait.")):
        control = subsidies.controlled(subsidies.granted(factories.validated()), by=lead)
        workflow.controls.close(control, by=lead, read=0, ceiling=Decimal(ceiling), reason=reason)
    confirmed = subsidies.controlled(subsidies.granted(factories.validated(), amount=Decimal(5_000), reason="Moitié."))
    workflow.controls.close(confirmed, by=lead, read=0)
    tallies.refresh(timezone.now())
    guichet = factories.poc().guichet
    stages = queries.counted_stages(guichet, lead)
    found = Statistics(lead, stages, stages[0])
    assert found.granted == ESTIMATED + 10_000 + 12_000 + 5_000 == counted().granted
    assert found.asked == 8 * ESTIMATED
    assert Statistics(lead, stages, stages[1]).granted == 0, "counted on the étape it was granted on, once"
    page = pages.text(factories.signed_in(lead).get(reverse("dossiers:statistics"), {"guichet": guichet.code}))
    assert "Montant accordé 45 800 €" in page
    objectives = factories.signed_in(lead).get(
        reverse("dossiers:statistics"), {"guichet": guichet.code, "etape": stages[1].code}
    )
    assert "Montant" not in pages.text(objectives), "an étape that asks for no subsidy shows no amount"
    assert "Accordé : les subventions accordées, au montant corrigé ou diminué" in page


@pytest.mark.django_db
def test_another_guichet_has_its_own_budget() -> None:
    factories.transmitted()
    other = budget(50_000, factories.guichet())
    workflow.envelopes.count(timezone.now())
    assert Consumption.objects.get().envelope == other
    assert Consumption.objects.get().used == 0


@pytest.mark.parametrize(
    ("used", "level"), [("79.99", 0), ("80", 80), ("94.99", 80), ("95", 95), ("100", 95), ("250", 95), ("0", 0)]
)
def test_a_threshold_is_reached_at_its_very_amount(used: str, level: int) -> None:
    assert envelopes.level(Decimal(used), Decimal(100)) == level


AMOUNTS = st.decimals(0, 10**9, places=2)


@given(
    budget=st.decimals("0.01", 10**9, places=2), amounts=st.tuples(AMOUNTS, AMOUNTS, AMOUNTS), share=st.integers(0, 100)
)
def test_the_bar_is_whole_whatever_the_amounts(
    budget: Decimal, amounts: tuple[Decimal, Decimal, Decimal], share: int
) -> None:
    asked, to_grant, granted = amounts
    consumption = Consumption(
        budget=budget,
        in_instruction=asked,
        to_grant=to_grant,
        granted=granted,
        paid=(granted * share / 100).quantize(Decimal("0.01")),
    )
    parts = charts.parts(consumption)
    assert sum(part.amount for part in parts) == max(budget, consumption.used)
    assert consumption.left - consumption.excess == budget - consumption.used
    assert all(part.width >= 0 for part in parts)
    assert abs(sum(part.width for part in parts) - 100) < 0.01
    assert all(abs(one.x + one.width - two.x) < 0.01 for one, two in itertools.pairwise(parts))


def test_the_thresholds_stand_where_the_budget_reaches_them() -> None:
    """On a bar as wide as the budget, or as what is used of it."""
    for used, places in ((500, [80.0, 95.0]), (2_000, [40.0, 47.5])):
        nothing = Decimal(0)
        consumption = Consumption(
            budget=Decimal(1_000), in_instruction=nothing, to_grant=nothing, granted=Decimal(used), paid=nothing
        )
        drawn = charts.thresholds(consumption)
        assert [each.x for each in drawn] == places
        assert [(each.level, each.amount) for each in drawn] == [(80, 800), (95, 950)]


@pytest.mark.django_db
def test_each_threshold_is_told_once_to_the_leads_alone() -> None:
    lead, other = UserFactory(lead=True), UserFactory(lead=True)
    UserFactory(lead=True, is_active=False)
    UserFactory(verifier=True)
    budget((ESTIMATED / Decimal("0.85")).quantize(Decimal("0.01")))
    counted()
    assert told() == []
    factories.transmitted()
    for _ in range(3):
        tasks.count_budgets()
    assert told() == [lead.email, other.email]
    message = Email.objects.filter(kind="budget_used").earliest("pk")
    assert message.subject.startswith("80\u00a0% du budget de POC AAP ESSMS sont engagés")
    assert "18\u202f800\u00a0€" in message.text
    assert PAGE in message.text

    # The second one; back under it, then there again, nothing more is told for this budget.
    second = factories.transmitted()
    assert counted().level == 95
    assert len(told()) == 4
    workflow_of_dossiers.reject(second, by=UserFactory(verifier=True), reason="Doublon.")
    assert (counted().level, counted().told) == (80, 95)
    factories.transmitted()
    assert counted().level == 95
    assert len(told()) == 4

    # Another budget is another story; none is none.
    budget(10_000_000)
    assert (counted().level, counted().told) == (0, 0)
    Envelope.objects.update(budget=None)
    assert workflow.envelopes.count(timezone.now()) == 0
    assert not Consumption.objects.exists()
    assert len(told()) == 4


@pytest.mark.django_db(transaction=True)
def test_a_budget_that_somebody_holds_is_counted_the_next_time_and_the_others_now() -> None:
    held, other = budget(200_000), budget(50_000, factories.guichet())
    factories.transmitted()
    taken, leave = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                Envelope.objects.select_for_update().get(pk=held.pk)
                taken.set()
                leave.wait(20)
        finally:
            connection.close()

    def count() -> None:
        try:
            workflow.envelopes.count(timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        holding = pool.submit(hold)
        assert taken.wait(10)
        try:
            pool.submit(count).result(timeout=10)
            assert Consumption.objects.get().envelope == other
        finally:
            leave.set()
        holding.result(timeout=10)
    workflow.envelopes.count(timezone.now())
    assert Consumption.objects.get(envelope=held).in_instruction == ESTIMATED


@pytest.mark.django_db
def test_a_budget_is_above_zero() -> None:
    envelope = budget(1)
    for amount in (0, -1):
        with pytest.raises(IntegrityError), transaction.atomic():
            Envelope.objects.filter(pk=envelope.pk).update(budget=amount)


@pytest.mark.django_db
def test_the_banner_is_seen_by_who_leads_on_the_home_and_the_subsidies() -> None:
    budget(20_000)
    factories.transmitted()
    counted()
    lead, verifier = (factories.signed_in(UserFactory(**{role: True})) for role in ("lead", "verifier"))
    for address in (reverse("dossiers:instruction-home"), reverse("funding:subsidies")):
        page = pages.text(lead.get(address))
        assert "94 % du budget de POC AAP ESSMS sont engagés." in page
        assert "Il reste 1 200 € sur 20 000 €." in page
    # Where it leads, the banner is not repeated: its threshold and its figures are beside the budget.
    page = lead.get(PAGE)
    assert "Seuil de 80 % atteint 94 % engagés : 18 800 € sur 20 000 €. Il reste 1 200 €." in pages.text(page)
    assert "Voir les enveloppes" not in page.text
    for address in (reverse("dossiers:instruction-home"), reverse("funding:subsidies")):
        assert "du budget de" not in pages.text(verifier.get(address))
    Envelope.objects.update(budget=18_000)
    counted()
    assert "Budget dépassé 104,4 % engagés" in pages.text(lead.get(PAGE))
    assert verifier.get(PAGE).status_code == 404


@pytest.mark.django_db
def test_the_page_costs_the_same_for_one_and_three_budgets(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    lead = factories.signed_in(UserFactory(lead=True))
    assert "Aucun guichet n'a de budget" in pages.text(lead.get(PAGE))
    budget(1_000)
    assert "Les chiffres seront calculés dans les dix minutes" in pages.text(lead.get(PAGE))
    counted()
    with django_assert_num_queries(4):
        lead.get(PAGE)
    for code in ("essai", "autre"):
        budget(1_000, factories.guichet(code=code))
    workflow.envelopes.count(timezone.now() + dt.timedelta(minutes=10))
    with django_assert_num_queries(4):
        page = lead.get(PAGE)
    assert page.content.decode().count("care-budget") == 3


@pytest.mark.django_db(transaction=True)
def test_the_page_is_accessible_and_narrow(live_server: LiveServer, page: Page, axe: Callable[[Page], None]) -> None:
    budget(20_000)
    factories.transmitted()
    subsidies.paid(subsidies.payable(), 3_000)
    counted()
    wear(page, factories.signed_in(UserFactory(lead=True)), live_server)
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(live_server.url + PAGE)
    assert fits(page)
    assert page.locator("svg.care-budget rect").count() == 3
    assert "de trop" in page.inner_text("main")
    axe(page)
