"""The pages of payments: the schedule of a dossier, one payment, the list and its export; what the référent reads."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ecare.models import AuditEntry
from funding import workflow
from funding.enums import PaymentKind, PaymentState
from funding.models import Payment
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages
from tests.funding import subsidies

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Client:
    return factories.signed_in(UserFactory(lead=True))


def seen(desk: Client, page: str) -> dict[str, str]:
    """What the page of a payment shows of it, as its forms give it back."""
    return {"seen": pages.fields(desk.get(page))["seen"]}


def test_a_payment_from_the_schedule_to_the_page_of_the_referent(desk: Client) -> None:
    grant = subsidies.payable(10_000)
    reference = grant.dossier.reference
    address = reverse("funding:schedule", args=[reference])
    due = timezone.localdate() + dt.timedelta(days=30)
    wrong = desk.post(address, {"kind": "payment", "amount": "18800,01", "due_on": due})
    assert wrong.status_code == 422
    assert "18 800 € au plus" in pages.text(wrong)
    assert 'value="18800,01"' in wrong.content.decode()
    for typed in ({"amount": "x"}, {"due_on": "demain"}, {"kind": "cadeau"}):
        sent = {"kind": "payment", "amount": "100", "due_on": due, **typed}
        assert desk.post(address, sent).status_code == 422, typed
    for typed, told in (("0205-09-15", "antérieure à 2020"), ("2205-09-15", "postérieure à 2099")):
        mistyped = desk.post(address, {"kind": "payment", "amount": "100", "due_on": typed})
        assert f"Cette date est {told} : vérifiez l'année." in pages.text(mistyped)
    assert not Payment.objects.exists()

    desk.post(address, {"kind": "payment", "amount": "9 000,50", "due_on": due})
    page = reverse("funding:payment", args=[reference, 1])
    desk.post(page, {"change": "1", "amount": "10000,50", "due_on": due, **seen(desk, page)})
    refused = desk.post(page, {"order": "1", **seen(desk, page)})
    assert refused.status_code == 409
    assert "10 000 € au plus" in pages.text(refused)
    desk.post(page, {"change": "1", "amount": "10000", "due_on": due, **seen(desk, page)})
    assert "est ordonnancé" in pages.text(desk.post(page, {"order": "1", **seen(desk, page)}, follow=True))
    late = desk.post(page, {"change": "1", "amount": "1", "due_on": due})
    assert (late.status_code, Payment.objects.get().amount) == (409, 10_000)
    owner = factories.signed_in(grant.dossier.referent)
    own = reverse("funding:own-subsidy", args=[reference])
    assert "0 € versé, 18 800 € à venir" in pages.text(owner.get(own))
    too_long = desk.post(page, {"pay": "1", "paid_on": timezone.localdate(), "transfer": "V" * 51})
    assert too_long.status_code == 422
    assert "Cette référence dépasse 50 caractères" in pages.text(too_long)
    desk.post(page, {"pay": "1", "paid_on": timezone.localdate(), "transfer": " VIR-2026-0412 "})
    reader = factories.signed_in(UserFactory(verifier=True))
    for shown in (desk.get(page), desk.get(reverse("funding:payments"), {"etat": "paid"}), reader.get(address)):
        assert "VIR-2026-0412" in pages.text(shown)
    mine = pages.text(owner.get(own))
    assert "10 000 € versés, 8 800 € à venir" in mine
    assert "Les objectifs acceptés permettent de verser 10 000 €." in mine
    assert f"{reference}-01" in mine
    assert "Virement VIR-2026-0412" in mine
    assert desk.post(page, {"cancel": "1", "reason": "Trop tard."}).status_code == 409
    assert "Corriger la référence du virement" in pages.text(desk.get(page))
    unsaid = desk.post(page, {"name_transfer": "1", "transfer": "VIR-8", "reason": ""})
    assert unsaid.status_code == 422
    assert "indiquez pourquoi elle change" in pages.text(unsaid)
    desk.post(page, {"name_transfer": "1", "transfer": "VIR-8", "reason": "Faute de frappe."})
    assert "Virement VIR-8" in pages.text(owner.get(own))


@pytest.mark.parametrize("act", [{"order": "1"}, {"change": "1", "amount": "200,50"}])
def test_what_a_colleague_changed_meanwhile_is_read_before_it_is_ordered_or_written_over(
    desk: Client, act: dict[str, str]
) -> None:
    payment = subsidies.planned(subsidies.payable(), 100)
    page = reverse("funding:payment", args=[payment.grant.dossier.reference, payment.number])
    sent = {"due_on": payment.due_on, **seen(desk, page), **act}
    workflow.payments.change(payment, by=UserFactory(lead=True), amount=Decimal(10_000), due_on=payment.due_on)
    late = desk.post(page, sent)
    assert late.status_code in (409, 422)
    assert "il est maintenant de 10 000 €" in pages.text(late)
    assert "amount" not in act or 'value="200,50"' in late.content.decode(), "what was typed is still there"
    now = Payment.objects.get()
    assert (now.state, now.amount) == (PaymentState.PLANNED, 10_000)
    if "order" in act:
        assert desk.post(page, act).status_code == 409, "a form that does not say what was read"
    assert desk.post(page, {**sent, "seen": pages.fields(late)["seen"]}).status_code == 302, "read, and sent again"


def test_a_reader_sees_the_payments_and_moves_none() -> None:
    payment = subsidies.planned(subsidies.payable(), 100)
    reader = factories.signed_in(UserFactory(verifier=True))
    address = reverse("funding:schedule", args=[payment.grant.dossier.reference])
    page = reader.get(address)
    assert payment.reference in pages.text(page)
    assert "Ajouter" not in pages.text(page)
    assert reader.post(address, {"kind": "payment", "amount": "1", "due_on": timezone.localdate()}).status_code == 404


def test_the_list_costs_the_same_at_one_three_and_thirty_rows_and_filters(desk: Client) -> None:
    grants = [subsidies.payable() for _ in range(3)]
    subsidies.planned(grants[0], 100)
    address = reverse("funding:payments")
    one = pages.cost(lambda: desk.get(address))
    assert one <= 12
    for grant in grants[1:]:
        subsidies.planned(grant, 100)
    assert pages.cost(lambda: desk.get(address)) == one
    for _ in range(27):
        subsidies.planned(grants[0], 100)
    assert pages.cost(lambda: desk.get(address)) == one
    reference = grants[1].dossier.reference
    shown = pages.text(desk.get(address, {"q": reference}))
    assert f"{reference}-01" in shown
    assert f"{grants[2].dossier.reference}-01" not in shown
    assert "Prévu 1 paiement" in shown
    assert "Aucun paiement" in pages.text(desk.get(address, {"nature": PaymentKind.REPAYMENT}))
    wrong = pages.text(desk.get(address, {"depuis": "hier", "nature": "cadeau", "etat": "rien"}))
    assert "30 paiements" in wrong
    assert "ce filtre est ignoré" in wrong


@pytest.mark.parametrize("format", ["csv", "xlsx", "ods"])
def test_the_list_leaves_as_a_file_that_runs_nothing(desk: Client, format: str) -> None:
    grant = subsidies.payable()
    payment = subsidies.planned(grant, 100)
    entity = grant.dossier.legal_entity
    type(entity).objects.filter(pk=entity.pk).update(name="=1+1", long_name="")
    response = desk.get(reverse("funding:export-payments", args=[format]), {"etat": PaymentState.PLANNED})
    content = b"".join(response.streaming_content)
    assert response["Cache-Control"] == "private, no-store"
    if format == "csv":
        text = content.decode("utf-8-sig")
        assert payment.reference in text
        assert ";=1+1" not in text
        assert "100,00" in text
    assert AuditEntry.objects.filter(kind="exported", subject="paiements").count() == 1
    assert desk.get(reverse("funding:export-payments", args=["pdf"])).status_code == 404
