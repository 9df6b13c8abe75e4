"""The same form sent twice, by a double press, or back and again: one effect, the same page (Q32)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dossiers.models import Event
from funding import workflow
from funding.models import Agreement, Control, Expense, Interview, Payment
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages
from tests.funding import subsidies

pytestmark = pytest.mark.django_db


def twice(client: Client, name: str, reference: str, sent: dict[str, Any]) -> None:
    """Press the button of a page once more before it has answered: both answers lead to the same place, and the second
    one writes nothing, neither in history nor to anybody."""
    address = reverse(name, args=[reference])
    sent = {**pages.fields(client.get(address)), **sent}
    sent.pop("csrfmiddlewaretoken", None)
    first = client.post(address, sent)
    before = Event.objects.count(), Email.objects.count()
    second = client.post(address, sent)
    assert (first.status_code, second.status_code) == (302, 302)
    assert first["Location"] == second["Location"]
    assert (Event.objects.count(), Email.objects.count()) == before


def test_a_payment_is_planned_once_and_another_alike_from_a_page_that_shows_it() -> None:
    grant = subsidies.payable(10_000)
    lead = factories.signed_in(UserFactory(lead=True))
    sent = {"kind": "payment", "amount": "2000", "due_on": timezone.localdate() + dt.timedelta(days=30)}
    twice(lead, "funding:schedule", grant.dossier.reference, sent)
    assert Payment.objects.count() == 1
    twice(lead, "funding:schedule", grant.dossier.reference, sent)
    assert Payment.objects.count() == 2
    other = factories.signed_in(UserFactory(lead=True))
    other.post(reverse("funding:schedule", args=[grant.dossier.reference]), {**sent, "read": "1"})
    assert Payment.objects.count() == 3, "what somebody else plans is another payment"


def test_lines_of_expenses_are_added_once_and_others_alike_from_a_page_that_counts_them() -> None:
    grant = subsidies.granted()
    owner = factories.signed_in(grant.dossier.referent)
    line = {
        "spent_on": "2026-05-04",
        "objective": "backups",
        "nature": "materiel",
        "label": "Onduleur",
        "amount": "400",
        "justification": "F-1",
        "mission_letter": "",
    }
    sent = {f"lignes-{row}-{name}": text for row in (0, 1) for name, text in line.items()}
    twice(owner, "funding:add-expenses", grant.dossier.reference, sent)
    assert Expense.objects.count() == 2
    twice(owner, "funding:add-expenses", grant.dossier.reference, sent)
    assert Expense.objects.count() == 4
    for odd in ("-1", "x", "", "9" * 30):
        response = owner.post(
            reverse("funding:add-expenses", args=[grant.dossier.reference]),
            {**sent, "lignes-TOTAL_FORMS": "5", "lignes-INITIAL_FORMS": "0", "read": odd},
        )
        assert response.status_code == 302
    assert Expense.objects.count() == 4, "a page that knows of no line added these already"


def test_a_control_is_opened_once_and_an_interview_noted_once() -> None:
    verifier = UserFactory(verifier=True)
    grant = subsidies.granted(verifier=verifier)
    desk = factories.signed_in(verifier)
    due = timezone.localdate() + dt.timedelta(days=20)
    twice(desk, "funding:control", grant.dossier.reference, {"open": "1", "documents": "Un rapport", "due_on": due})
    twice(desk, "funding:control", grant.dossier.reference, {"note": "1", "text": "Appel du 12 mars."})
    assert (Control.objects.count(), Interview.objects.count()) == (1, 1)


def test_a_convention_is_sent_once_and_another_one_from_a_page_that_shows_the_first() -> None:
    verifier = UserFactory(verifier=True)
    grant = subsidies.granted(verifier=verifier)
    desk = factories.signed_in(verifier)
    twice(desk, "funding:send-agreement", grant.dossier.reference, {})
    assert Agreement.objects.count() == 1
    twice(desk, "funding:send-agreement", grant.dossier.reference, {})
    assert Agreement.objects.count() == 2
    address = reverse("funding:send-agreement", args=[grant.dossier.reference])
    for odd in ("9" * 5_000, "٣", "-1"):
        assert desk.post(address, {"read": odd}).status_code == 302, (
            "a page that knows of no convention sent it already"
        )
    with pytest.raises(workflow.agreements.Late, match="relisez-la"):
        workflow.agreements.send(grant, by=UserFactory(verifier=True), read=1)
