"""Amounts that do not agree, computed again by who pays: shown, confirmed with a reason, told (docs/adr/0060)."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from dossiers.enums import EventKind
from dossiers.models import Event
from ecare.models import AuditEntry
from funding import workflow
from funding.enums import PaymentState
from funding.models import Discrepancy, Grant, Payment
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.accounts.sessions import sign_in, wear
from tests.browsing import fits
from tests.dossiers import factories, pages
from tests.funding import reached
from tests.funding.test_checking import forced

pytestmark = pytest.mark.django_db


def settled(change: str) -> Grant:
    """A subsidy of which 8 800 € are payable out of 16 000 €, then changed behind every rule, and found wrong."""
    grant = reached.settled(lead=UserFactory(lead=True))
    forced("funding_grant", change)
    workflow.checking.run(timezone.now())
    Email.objects.all().delete()
    return grant


def address(grant: Grant) -> str:
    return reverse("funding:mend", args=[grant.dossier.reference])


def seen(page: Any) -> str:
    [found] = re.findall(r'name="seen" value="([^"]+)"', page.content.decode())
    return str(found)


def test_what_is_payable_is_shown_before_and_after_then_written_with_its_reason() -> None:
    grant = settled("payable = 9000")
    desk = factories.signed_in(UserFactory(lead=True))
    schedule = reverse("funding:schedule", args=[grant.dossier.reference])
    assert "Des sommes ne concordent pas" in pages.text(desk.get(schedule))
    assert grant.dossier.reference in pages.text(desk.get(reverse("funding:payments")))

    page = desk.get(address(grant))

    text = pages.text(page)
    assert "Payable aujourd'hui 9 000 € 8 800 €" in text
    assert f"({grant.dossier.referent.email}) reçoit un e-mail avec ces montants" in text
    without = desk.post(address(grant), {"seen": seen(page), "reason": " "})
    assert (without.status_code, Grant.objects.get().payable) == (422, 9_000)
    events = Event.objects.count()
    done = desk.post(address(grant), {"seen": seen(page), "reason": "Sauvegarde restaurée en partie."}, follow=True)

    assert "Les montants de la subvention sont recalculés." in pages.text(done)
    assert "Des sommes ne concordent pas" not in pages.text(done)
    assert Grant.objects.get().payable == 8_800
    [event] = Event.objects.order_by("pk")[events:]
    assert event.kind == EventKind.SUMS_RECOMPUTED
    assert event.message == (
        "Payable\u00a0: 8\u202f800\u00a0€ au lieu de 9\u202f000\u00a0€.\n\nSauvegarde restaurée en partie."
    )
    assert AuditEntry.objects.filter(kind="dossier", detail__change="sums_recomputed").count() == 1
    email = Email.objects.get()
    assert (email.kind, email.to) == ("subsidy_recomputed", grant.dossier.referent.email)
    assert "Payable\u00a0: 8\u202f800\u00a0€ au lieu de 9\u202f000\u00a0€." in email.text
    assert Discrepancy.objects.get().gone_at is not None
    assert workflow.checking.run(timezone.now()).open == 0
    again = desk.post(address(grant), {"seen": seen(page), "reason": "Encore."})
    assert (again.status_code, Event.objects.count()) == (409, events + 1)


def test_a_subsidy_that_becomes_another_one_is_told_and_plans_give_way() -> None:
    grant = settled("ceiling = 18800")
    forced("funding_payment", "amount = 12000 WHERE state = 'planned' AND kind = 'payment'")
    desk = factories.signed_in(UserFactory(lead=True))
    page = desk.get(address(grant))

    desk.post(address(grant), {"seen": seen(page), "reason": "Ligne changée à la main."})

    assert Grant.objects.get().ceiling == 16_000
    email = Email.objects.get()
    assert "Subvention après contrôle\u00a0: 16\u202f000\u00a0€ au lieu de 18\u202f800\u00a0€." in email.text
    assert not Payment.objects.filter(state=PaymentState.PLANNED, kind="payment").exists()
    assert Payment.objects.filter(state=PaymentState.ORDERED).exists(), "what was ordered stays"
    assert workflow.checking.run(timezone.now()).open == 0


def test_what_moved_since_the_page_was_shown_is_not_written() -> None:
    grant = settled("payable = 9000")
    desk = factories.signed_in(UserFactory(lead=True))
    shown = seen(desk.get(address(grant)))
    forced("funding_grant", "payable = 9001")
    late = desk.post(address(grant), {"seen": shown, "reason": "Ma raison."})
    assert late.status_code == 409
    assert "ont changé depuis que vous avez ouvert cette page" in pages.text(late)
    assert "Ma raison." in late.content.decode(), "what was typed is kept"
    assert Grant.objects.get().payable == Decimal(9_001)
    assert desk.post(address(grant), {"seen": seen(late), "reason": "Ma raison."}).status_code == 302


def test_who_does_not_pay_has_no_hand_on_it(client: Client) -> None:
    grant = settled("payable = 9000")
    for who in (UserFactory(verifier=True), UserFactory(admin=True), grant.dossier.referent):
        assert factories.signed_in(who).get(address(grant)).status_code == 404
        with pytest.raises(workflow.NotAllowed):
            workflow.mending.mend(grant, by=who, seen=workflow.mending.proposal(grant).seen, reason="Erreur.")
    reader = factories.signed_in(UserFactory(verifier=True))
    page = pages.text(reader.get(reverse("funding:schedule", args=[grant.dossier.reference])))
    assert "Des sommes ne concordent pas" in page
    assert "nouveau calcul" not in page


def test_when_they_agree_there_is_nothing_to_do() -> None:
    grant = reached.settled(lead=UserFactory(lead=True))
    lead = UserFactory(lead=True)
    page = factories.signed_in(lead).get(address(grant))
    assert "il n'y a rien à recalculer" in pages.text(page)
    assert "<textarea" not in page.content.decode()
    with pytest.raises(workflow.Refused, match="rien à recalculer"):
        workflow.mending.mend(grant, by=lead, seen=workflow.mending.proposal(grant).seen, reason="Pour voir.")
    assert not Event.objects.filter(kind=EventKind.SUMS_RECOMPUTED).exists()


@pytest.mark.django_db(transaction=True)
def test_in_a_browser(page: Page, live_server: Any, axe: Callable[[Page], None]) -> None:
    grant = settled("payable = 9000")
    wear(page, sign_in(Client(), UserFactory(lead=True)), live_server)
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto(f"{live_server.url}/paiements/")
    assert fits(page)
    axe(page)
    page.get_by_role("link", name=grant.dossier.reference, exact=True).press("Enter")
    assert fits(page)
    axe(page)
    page.get_by_role("link", name="Voir ce que donne un nouveau calcul").press("Enter")
    for reason in ("", "Sauvegarde restaurée en partie."):
        assert fits(page)
        axe(page)
        page.get_by_label("Ce qui s'est passé").fill(reason)
        page.get_by_role("button", name="Enregistrer les montants recalculés").press("Enter")
    expect(page.get_by_text("Les montants de la subvention sont recalculés.")).to_be_visible()
