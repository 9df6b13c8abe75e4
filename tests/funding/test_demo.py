"""The subsidies of the demonstration: one dossier a step, and that asking for them twice changes nothing."""

from __future__ import annotations

import datetime as dt
import io
import time
from decimal import Decimal

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.test import TestCase
from django.utils import timezone

from accounts.models import User
from dossiers.enums import Status
from dossiers.models import Dossier, Export
from dossiers.workflow import exports
from funding import charts, queries
from funding.demo import answers, loading, spending
from funding.enums import AgreementState, ControlState, GrantStep, PaymentState
from funding.models import Agreement, Consumption, Control, Expense, Grant, Payment
from funding.queries import checking, expenses, objectives
from funding.workflow import templates
from notifications.models import Email
from tests.dossiers import factories, pages
from tests.dossiers.test_seed_demo import everything, prepare, seed
from tests.funding import subsidies

pytestmark = pytest.mark.django_db


def add() -> str:
    output = io.StringIO()
    call_command("seed_demo_subsidies", stdout=output)
    return output.getvalue()


def prepared() -> None:
    prepare()
    templates.load(subsidies.AGREEMENTS / "poc-essms.md")
    seed()


class TestAdded(TestCase):
    """What a newcomer finds: loaded once, read by each test."""

    seconds: float

    @classmethod
    def setUpTestData(cls) -> None:
        prepared()
        start = time.process_time()
        add()
        cls.seconds = time.process_time() - start

    def dossier(self, finess: str) -> Dossier:
        return Dossier.objects.select_related("grant", "referent").get(legal_entity__finess=finess)

    def test_each_step_of_a_subsidy_has_its_dossier(self) -> None:
        verifier = User.objects.get(username="paul.girard")
        counts = queries.counters(verifier)
        assert (counts[GrantStep.TO_GRANT], counts[GrantStep.TO_SIGN]) == (1, 1)
        assert Agreement.objects.get(grant__dossier=self.dossier(loading.TO_SIGN)).state == AgreementState.SENT
        checked = self.dossier(loading.CHECKED).grant
        assert checked.amount == checked.estimated - 1_000
        assert checked.reason == loading.CORRECTION
        assert Control.objects.get().state == ControlState.OPEN
        assert Control.objects.get().grant.dossier == self.dossier(loading.CONTROLLED)

    def test_objectives_are_being_examined_and_one_is_refused(self) -> None:
        stage = factories.fresh(self.dossier(loading.PRESENTED).stages.get(is_current=True))
        assert stage.status == Status.TRANSMITTED
        found = objectives.of_stage(stage)
        assert found is not None
        assert [len(each) for each in (found.accepted, found.refused, found.waiting)] == [2, 1, 2]

    def test_a_payment_is_made_another_ordered_and_the_sums_agree(self) -> None:
        grant = self.dossier(loading.PAID).grant
        paid, ordered = Payment.objects.filter(grant=grant).order_by("number")
        assert (paid.state, ordered.state) == (PaymentState.PAID, PaymentState.ORDERED)
        assert paid.amount + ordered.amount == grant.payable > Decimal(0)
        owner = factories.signed_in(grant.dossier.referent)
        page = pages.text(owner.get(f"/dossiers/{grant.dossier.reference}/subvention/"))
        assert f"{paid.amount:,.0f} € versés".replace(",", " ") in page
        assert not list(checking.of_grants()), "nothing for the check of each night to tell"

    def test_what_was_spent_is_there_to_read_and_to_export(self) -> None:
        declared = Decimal(str(answers.OBJECTIVES["spent"]["value"]).replace(" ", ""))
        for finess in (loading.PRESENTED, loading.CONTROLLED, loading.PAID):
            trame = expenses.trame(self.dossier(finess).grant)
            assert trame.total == declared, "what the étape says was spent"
            assert all(total.count for code, total in trame.by_objective.items() if code != "suppliers")
            assert len(trame.by_nature) >= 4
        paid = self.dossier(loading.PAID).grant
        assert Expense.objects.in_force().get(grant=paid, letter_file__isnull=False).label == spending.WITH_FILES
        assert expenses.trame(paid).without_letter == 1, "one is still to be asked for"
        assert not Expense.objects.filter(grant__dossier=self.dossier(loading.TO_SIGN)).exists()
        lead = factories.signed_in(User.objects.get(username="sophie.laurent"))
        asked = {"guichet": loading.GUICHET, "content": "anonymise", "format": "csv"}
        assert lead.post("/depenses/retex/", asked).status_code == 302
        export = Export.objects.latest("pk")
        exports.produce(export.pk)
        export.refresh_from_db()
        with default_storage.open(export.file) as file:
            exported = file.read().decode("utf-8-sig")
        assert len(exported.strip().splitlines()) == 1 + Expense.objects.in_force().count()
        assert "backups" in exported

    def test_the_budget_of_the_guichet_is_past_its_first_threshold(self) -> None:
        consumption = Consumption.objects.get(envelope__guichet__code=loading.GUICHET)
        assert (consumption.level, consumption.budget % loading.ROUND) == (80, 0)
        parts = {part.code: part.amount for part in charts.parts(consumption)}
        assert all(parts.values()), parts
        lead = factories.signed_in(User.objects.get(username="sophie.laurent"))
        assert "Seuil de 80 % atteint" in pages.text(lead.get("/subventions/enveloppes/"))

    def test_the_mailbox_of_a_newcomer_is_empty_and_it_takes_seconds(self) -> None:
        assert not Email.objects.due(timezone.now() + dt.timedelta(days=365)).exists()
        assert Email.objects.about(self.dossier(loading.PAID).reference).filter(kind="payment_paid").exists()
        assert self.seconds < 10

    def test_a_second_run_changes_nothing_and_says_so(self) -> None:
        before = everything()
        assert "rien n'a changé" in add()
        assert everything() == before


def test_nothing_is_made_without_the_demonstration() -> None:
    with pytest.raises(CommandError, match="seed_demo"):
        add()
    assert not Grant.objects.exists()
