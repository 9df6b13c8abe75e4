"""Several étapes in a browser: axe on every new state, by keyboard, on a narrow screen (Q61 to Q65)."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.accounts.factories import UserFactory
from tests.browsing import fits
from tests.dossiers import factories
from tests.dossiers.browsing import Check, Open

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_dossier_goes_from_an_etape_to_the_next_without_a_barrier(open_as: Open, axe: Check) -> None:
    first = factories.validated()
    factories.next_stages(opens_at=timezone.now() + dt.timedelta(days=2))
    referent, reference = first.dossier.referent, first.dossier.reference
    own, instructed = f"/dossiers/{reference}/", f"/instruction/{reference}/"
    verifier = UserFactory(verifier=True)

    page = open_as(referent, own, width=320)
    assert "Elle ouvre le" in page.inner_text("main")
    assert fits(page)
    axe(page)

    page = open_as(verifier, instructed)
    axe(page)
    page.get_by_role("link", name="Ouvrir l'étape Contrôle").click()
    axe(page)

    factories.next_stages()
    page = open_as(referent, "/tableau-de-bord/", width=320)
    assert fits(page)
    axe(page)
    page.get_by_role("link", name="Commencer l'étape").click()
    axe(page)
    page.get_by_role("button", name="Commencer l'étape").focus()
    page.keyboard.press("Enter")
    page.get_by_text("est commencée").wait_for()
    assert fits(page)
    axe(page)
    page.get_by_role("link", name="Formulaire de candidature").click()
    expect(page.get_by_role("link", name="Aller à l'étape en cours")).to_be_visible()
    assert fits(page)
    axe(page)

    page = open_as(verifier, instructed, width=320)
    assert "Atteinte des objectifs" in page.get_by_role("heading", name="Étapes du dossier").locator("..").inner_text()
    assert fits(page)
    axe(page)
