"""What the pages of a subsidy promise when the référent of its dossier left: see `tests.dossiers.test_leavers`."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from funding.models import Grant
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages
from tests.funding import payment_files, subsidies

pytestmark = pytest.mark.django_db
INSTEAD = "n'est plus référent : les responsables d'instruction sont prévenus à sa place, demain matin au plus tard."


def left(grant: Grant) -> str:
    """Its référent leaves; the reference of the dossier."""
    User.objects.filter(pk=grant.dossier.referent_id).update(is_active=False)
    return str(grant.dossier.reference)


def text(response: Any) -> str:
    return pages.text(response).replace("\u00a0", " ").replace("\u202f", " ")


@pytest.fixture
def desk() -> Client:
    return factories.signed_in(UserFactory(lead=True))


def test_a_convention_is_sent_then_refused_or_checked(desk: Client) -> None:
    grant = subsidies.granted()
    reference = left(grant)
    address = reverse("funding:send-agreement", args=[reference])
    page = text(desk.get(address))
    assert f"{INSTEAD} Le nouveau référent déposera l'exemplaire signé." in page
    assert "reçoit aussi" not in page
    assert f"La convention est envoyée au signataire. {grant.dossier.referent.full_name} {INSTEAD}" in text(
        desk.post(address, {"read": 0}, follow=True)
    )
    for button, said in (("refuse", "L'exemplaire est refusé."), ("accept", "La convention est contrôlée.")):
        agreement = subsidies.signed()
        reference = left(agreement.grant)
        data = {button: "1", "read": agreement.signed_copy_id, "reason": "Il manque une page."}
        done = desk.post(reverse("funding:check-agreement", args=[reference]), data, follow=True)
        assert f"{said} {agreement.grant.dossier.referent.full_name} {INSTEAD}" in text(done)


def test_a_control_is_opened_and_concluded(desk: Client) -> None:
    grant = subsidies.payable(15_000)
    reference = left(grant)
    address = reverse("funding:control", args=[reference])
    assert INSTEAD in text(desk.get(address))
    data: dict[str, Any] = {"open": "1", "documents": "Un rapport", "due_on": timezone.localdate() + dt.timedelta(20)}
    assert f"Le contrôle est ouvert. {grant.dossier.referent.full_name} {INSTEAD}" in text(
        desk.post(address, data, follow=True)
    )
    done = desk.post(address, {"close": "1", "read": 0, "outcome": "confirm"}, follow=True)
    assert f"Le contrôle est terminé. {grant.dossier.referent.full_name} {INSTEAD}" in text(done)


def test_a_payment_is_made_and_amounts_computed_again(desk: Client) -> None:
    payment = subsidies.ordered(subsidies.payable(15_000), 10_000)
    name, reference = payment.grant.dossier.referent.full_name, left(payment.grant)
    address = reverse("funding:payment", args=[reference, payment.number])
    assert f"{name} {INSTEAD}" in text(desk.get(address))
    done = text(desk.post(address, {"pay": "1", "paid_on": timezone.localdate()}, follow=True))
    assert f"Le versement {payment.reference} est fait. {name} {INSTEAD}" in done
    # What is payable has no source here: it is to be computed again.
    assert f"les versements prévus en dernier sont annulés. {name} {INSTEAD}" in text(
        desk.get(reverse("funding:mend", args=[reference]))
    )


def test_a_file_of_payments_says_how_many_have_nobody_to_read_it(desk: Client) -> None:
    here, gone = subsidies.payable(15_000), subsidies.payable(15_000)
    ordered = [subsidies.ordered(here, 1_000), subsidies.ordered(here, 1_000), subsidies.ordered(gone, 1_000)]
    left(gone)
    rows = [(each.reference, "1000", f"{timezone.localdate():%d/%m/%Y}") for each in ordered]
    shown = text(desk.post(reverse("funding:import-payments"), {"file": payment_files.csv(*rows)}))
    assert (
        "note 3 paiements comme faits, pour 3 000 €. Chaque référent reçoit un e-mail. 1 dossier n'a plus de "
        "référent : les responsables d'instruction sont prévenus demain matin au plus tard."
    ) in shown
    alone = text(desk.post(reverse("funding:import-payments"), {"file": payment_files.csv(rows[2])}))
    assert "Chaque référent" not in alone
