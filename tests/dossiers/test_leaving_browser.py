"""Leaving, in a browser: with JavaScript and without, by the keyboard, at 320 px; axe finds nothing."""

from __future__ import annotations

import pytest
from django.test import Client
from playwright.sync_api import Browser, expect

from tests.accounts.factories import PASSWORD, RepresentationFactory
from tests.accounts.sessions import sign_in, wear
from tests.browsing import fits
from tests.dossiers import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("script", [True, False])
def test_an_establishment_is_left_then_the_account_deleted(browser: Browser, live_server, axe, script) -> None:
    person = factories.referent(factories.entity(name="FOYER DES TILLEULS"))
    draft = factories.draft(by=person, legal_entity=person.representations.get().legal_entity)
    RepresentationFactory(user=person, is_primary=False, legal_entity__name="CENTRE DES ORMES")
    context = browser.new_context(java_script_enabled=script, viewport={"width": 320, "height": 800})
    page = context.new_page()
    wear(page, sign_in(Client(), person), live_server)

    def judge() -> None:
        if script:
            axe(page)
        assert fits(page)

    page.goto(f"{live_server.url}/compte/")
    page.get_by_role("link", name="Retirer CENTRE DES ORMES").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Retirer un établissement")
    judge()
    page.get_by_role("button", name="Retirer l'établissement").press("Enter")
    expect(page.get_by_text("ne fait plus partie de vos établissements")).to_be_visible()
    judge()

    page.get_by_role("link", name="Télécharger vos données personnelles").press("Enter")
    judge()
    with page.expect_download() as download:
        page.get_by_role("button", name="Télécharger mes données").press("Enter")
    assert draft.dossier.reference in download.value.path().read_text(encoding="utf-8")

    page.goto(f"{live_server.url}/compte/")
    page.get_by_role("link", name="Supprimer votre compte").press("Enter")
    expect(page.get_by_role("link", name=f"Transférer le dossier {draft.dossier.reference}")).to_be_visible()
    judge()
    draft.dossier.referent = factories.referent(draft.dossier.legal_entity)
    draft.dossier.save()

    page.reload()
    page.get_by_role("button", name="Supprimer mon compte").press("Enter")
    expect(page.get_by_role("link", name="Saisissez votre mot de passe")).to_be_visible()
    judge()
    page.get_by_label("Votre mot de passe").fill(PASSWORD)
    page.get_by_label("Je comprends que mon compte sera supprimé définitivement").press("Space")
    page.get_by_role("button", name="Supprimer mon compte").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Votre compte est supprimé")
    judge()
    page.goto(f"{live_server.url}/compte/")
    expect(page).to_have_title("Connectez-vous – eCaRE")
    person.refresh_from_db()
    assert person.deleted_at is not None
    context.close()
