"""Granting, once, what was estimated or another amount and why (F4)."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from dossiers import workflow as dossiers_workflow
from dossiers.enums import EventKind
from dossiers.models import Event
from funding import workflow
from funding.models import Envelope, Grant
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages
from tests.funding import subsidies

pytestmark = pytest.mark.django_db


def test_the_estimate_is_confirmed_with_its_line_of_history_and_its_e_mail() -> None:
    stage = factories.validated()
    verifier = UserFactory(verifier=True)
    browser = factories.signed_in(verifier)
    address = reverse("funding:grant", args=[stage.dossier.reference])
    page = browser.get(address)
    assert "18 800 €" in pages.text(page)

    response = browser.post(address, {"amount": "18 800,00 €", "with_agreement": "on"}, follow=True)

    grant = Grant.objects.get()
    assert (grant.amount, grant.estimated, grant.reason) == (Decimal("18800.00"), Decimal("18800.00"), "")
    assert "18 800 € sont accordés" in pages.text(response)
    event = Event.objects.get(kind=EventKind.GRANTED)
    assert (event.actor, event.dossier) == (verifier, stage.dossier)
    email = Email.objects.get(kind="subsidy_granted")
    assert email.to == stage.dossier.referent.email
    assert "18\u202f800\u00a0€" in email.text
    mine = pages.text(pages.owner(stage).get(reverse("dossiers:form", args=[stage.dossier.reference])))
    assert "Votre subvention : 18 800 €" in mine
    again = browser.post(address, {"amount": "18800"}, follow=True)
    assert f"{verifier.full_name} a accordé 18 800 €" in pages.text(again)
    assert Grant.objects.count() == 1


def test_another_amount_says_why_and_nothing_typed_is_lost() -> None:
    stage = factories.validated()
    browser = factories.signed_in(UserFactory(verifier=True))
    address = reverse("funding:grant", args=[stage.dossier.reference])

    refused = browser.post(address, {"amount": "9400,50", "reason": " "})

    assert refused.status_code == 422
    assert "indiquez pourquoi" in pages.text(refused)
    assert "Cette subvention 9 400,50 € Plafond sur trois ans 300 000 € Marge restante 290 599,50 €" in pages.text(
        refused
    )
    assert 'value="9400,50"' in refused.content.decode()
    assert not Grant.objects.exists()
    for typed in ("", "douze", "0", "-3", "1,234", "99999999999999"):
        assert browser.post(address, {"amount": typed, "reason": "Un motif."}).status_code == 422, typed
    browser.post(address, {"amount": "9400,50", "reason": "Une EG a déjà été financée."})
    grant = Grant.objects.get()
    assert (grant.amount, grant.reason) == (Decimal("9400.50"), "Une EG a déjà été financée.")
    assert "Une EG a déjà été financée." in Email.objects.get(kind="subsidy_granted").text


@pytest.mark.parametrize(("threshold", "asked", "needed"), [("23000", False, False), ("18800", False, True)])
def test_a_convention_is_optional_under_the_amount_that_the_guichet_says(
    threshold: str, asked: bool, needed: bool
) -> None:
    stage = factories.validated()
    Envelope.objects.create(guichet=stage.dossier.guichet, agreement_from=Decimal(threshold))
    assert subsidies.granted(stage, with_agreement=asked).needs_agreement is needed


def test_only_a_validated_etape_with_an_estimate_is_granted_and_by_who_instructs_it() -> None:
    transmitted = factories.transmitted()
    with pytest.raises(workflow.Refused):
        subsidies.granted(transmitted)
    stage = factories.validated()
    for outsider in (UserFactory(regional=True), UserFactory(admin=True), stage.dossier.referent):
        with pytest.raises(workflow.NotAllowed):
            subsidies.granted(stage, verifier=outsider)
    assert not Grant.objects.exists()


def test_what_was_granted_is_kept_and_so_is_the_decision_it_stands_on() -> None:
    grant = subsidies.granted()
    with pytest.raises(dossiers_workflow.Refused, match=re.escape("ne peut plus être rouverte")):
        dossiers_workflow.reopen(grant.dossier_stage, by=UserFactory(lead=True), reason="Erreur.")
    with connection.cursor() as cursor:
        for statement in ("UPDATE funding_grant SET amount = 1", "DELETE FROM funding_grant"):
            with pytest.raises((IntegrityError, DatabaseError), match="kept"), transaction.atomic():
                cursor.execute(statement)


def test_the_list_costs_the_same_at_one_and_three_rows_and_shows_each_step() -> None:
    verifier = UserFactory(verifier=True)
    browser = factories.signed_in(verifier)
    stage = factories.validated()
    address = reverse("funding:subsidies")
    one = pages.cost(lambda: browser.get(address))
    others = [factories.validated() for _ in range(2)]
    assert pages.cost(lambda: browser.get(address)) == one
    subsidies.granted(others[0], verifier=verifier)
    subsidies.granted(others[1], verifier=verifier, with_agreement=False)
    text = pages.text(browser.get(address))
    assert stage.dossier.reference in text
    assert "À accorder 1 dossier Convention à envoyer 1 dossier" in text
    assert "Accordées 1 dossier" in text
    sent = pages.text(browser.get(address, {"etape": "a-envoyer"}))
    assert others[0].dossier.reference in sent
    assert stage.dossier.reference not in sent


@pytest.mark.parametrize(("declared", "days", "most"), [("290 000", 0, "10 000 €"), ("290 000,01", 1094, "9 999,99 €")])
def test_over_the_ceiling_of_the_aids_the_grant_is_refused_until_the_amount_is_corrected(
    declared: str, days: int, most: str
) -> None:
    """F3, Q&A 3.4: computed again on the day of the grant."""
    day = timezone.localdate() - dt.timedelta(days=days)
    aids = {"date_1": str(day), "amount_1": declared, "body_1": "ARS", "basis_1": "Règlement 2023/2831"}
    stage = factories.validated(overrides={"de_minimis": aids})
    browser = factories.signed_in(UserFactory(verifier=True))
    address = reverse("funding:grant", args=[stage.dossier.reference])

    refused = browser.post(address, {"amount": "18800", "with_agreement": "on"})

    page = pages.text(refused)
    assert "au-dessus du plafond de 300 000 € sur trois ans" in page
    assert f"accordez au plus {most}, en indiquant le motif" in page
    assert not Grant.objects.exists()
    assert not Email.objects.filter(kind="subsidy_granted").exists()
    browser.post(address, {"amount": most, "reason": "Plafond des aides de minimis."})
    assert Grant.objects.get().reason == "Plafond des aides de minimis."


def test_aids_become_too_old_before_the_grant() -> None:
    day = timezone.localdate() - dt.timedelta(days=3 * 366)
    aids = {"date_1": str(day), "amount_1": "290 000", "body_1": "ARS", "basis_1": "Règlement 2023/2831"}
    assert subsidies.granted(factories.validated(overrides={"de_minimis": aids})).amount == subsidies.ESTIMATED
