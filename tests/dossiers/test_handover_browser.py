"""A dossier that changes hands in a browser, with and without JavaScript, by the keyboard, axe on every page (D13)."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from dossiers import workflow
from dossiers.models import Dossier
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.browsing import fits
from tests.dossiers import factories, pages
from tests.dossiers.browsing import Check, Open

pytestmark = pytest.mark.django_db(transaction=True)
#: Where to look at the pages, when asked.
SHOTS = os.environ.get("SCREENSHOTS", "")


def look(page: Page, axe: Check, name: str) -> None:
    """No barrier and nothing cut, wide and narrow; axe is a script, and needs a page that runs them."""
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        axe(page)
        assert fits(page), (name, width)
        if SHOTS:
            whole = page.locator("dialog[open]").count() == 0
            page.screenshot(path=Path(SHOTS) / f"{name}-{width}.png", full_page=whole)


def tab_to(page: Page, name: str) -> None:
    """Reach a control by the keyboard alone."""
    for _ in range(60):
        page.keyboard.press("Tab")
        text = page.evaluate(
            "(document.activeElement.labels?.[0] ?? document.activeElement).textContent.replace(/\\s+/g, ' ').trim()"
        )
        if name in text:
            return
    raise AssertionError(f"the keyboard never reaches {name}")


def test_a_transfer_by_the_keyboard_in_the_pop_in_shuts_the_tab_left_open(open_as: Open, axe: Check) -> None:
    entity = factories.entity()
    owner = factories.referent(entity, first_name="Odile", last_name="Petit")
    new = factories.referent(entity, first_name="Référent", last_name="Nouveau")
    stage = factories.draft(by=owner, legal_entity=entity)
    other = factories.draft(by=owner, legal_entity=entity, stage=factories.guichet().stages.get())
    old_tab = open_as(owner, pages.url("form", stage))
    page = open_as(owner, "/compte/")

    page.get_by_role("link", name="Référent Nouveau").press("Enter")
    opener = page.get_by_role("link", name="Transférer mes dossiers")
    expect(opener).to_be_visible()
    look(page, axe, "collaborateur")
    box = opener.bounding_box()
    assert box
    assert box["width"] > 150, "the button shows its words"
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Transférer un dossier")
    expect(dialog).to_be_visible()
    confirm = dialog.get_by_role("button", name="Confirmer le transfert")
    expect(confirm).to_be_disabled()
    expect(dialog.get_by_text("est bien détenu par le collaborateur du même nom")).to_be_visible()
    expect(dialog.get_by_text("vous n'aurez plus accès au dossier après validation du transfert")).to_be_visible()
    look(page, axe, "transfert")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    tab_to(page, stage.dossier.reference)
    page.keyboard.press("Space")
    expect(confirm).to_be_enabled()
    page.keyboard.press("Space")
    expect(confirm).to_be_disabled()
    page.keyboard.press("Space")
    tab_to(page, "Confirmer le transfert")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Référent Nouveau en est désormais le référent")).to_be_visible()
    assert Dossier.objects.get(pk=stage.dossier_id).referent == new
    assert Dossier.objects.get(pk=other.dossier_id).referent == owner

    # The tab left open: each door says so, and keeps what is typed in sight.
    field = old_tab.locator("#question-comment textarea")
    field.fill("Trois pages de texte")
    expect(old_tab.locator("#etat-comment")).to_contain_text("vous n'êtes plus le référent de ce dossier")
    expect(field).to_have_value("Trois pages de texte")
    old_tab.locator("#question-framework_files input[type=file]").set_input_files(
        {"name": "Cadre.docx", "mimeType": "application/octet-stream", "buffer": factories.docx_bytes()}
    )
    expect(old_tab.locator("#question-framework_files")).to_contain_text("Fichier non déposé")
    look(old_tab, axe, "onglet")
    old_tab.get_by_role("button", name="Enregistrer comme brouillon").last.click()
    expect(old_tab.get_by_role("heading", level=1)).to_have_text("Vous n'êtes plus le référent de ce dossier")
    expect(old_tab.get_by_text("Trois pages de texte")).to_be_visible()
    look(old_tab, axe, "parti")
    assert not stage.answers.exists()
    assert not stage.attachments.exists()


def test_a_transfer_from_the_dossier_without_javascript(open_as: Open) -> None:
    entity = factories.entity()
    stage = factories.draft(legal_entity=entity)
    new = factories.referent(entity, first_name="Référent", last_name="Nouveau")
    page = open_as(stage.dossier.referent, pages.url("form", stage), width=320, scripted=False)

    page.get_by_role("link", name="Transférer ce dossier à un collaborateur").click()
    page.get_by_role("link", name="Transférer à Référent Nouveau").click()
    box = page.get_by_label(re.compile(stage.dossier.reference))
    expect(box).to_be_checked()
    box.press("Space")
    page.get_by_role("button", name="Confirmer le transfert").press("Enter")
    expect(page.get_by_text("Sélectionnez au moins un dossier à transférer.").first).to_be_visible()
    assert page.title().startswith("Erreur")
    page.get_by_label(re.compile(stage.dossier.reference)).press("Space")
    page.get_by_role("button", name="Confirmer le transfert").press("Enter")
    expect(page.get_by_text("Vous n'y avez plus accès")).to_be_visible()
    assert Dossier.objects.get().referent == new


@pytest.mark.parametrize("scripted", [True, False], ids=["javascript", "no-javascript"])
def test_a_takeover_from_the_request_to_the_new_referent_at_work(open_as: Open, axe: Check, scripted: bool) -> None:
    entity = factories.entity()
    stage = factories.draft(legal_entity=entity)
    owner, lead = stage.dossier.referent, UserFactory(lead=True, first_name="Sophie", last_name="Laurent")
    asker = factories.referent(entity, first_name="Nadia", last_name="Grand")
    rival = factories.referent(entity, first_name="Paul", last_name="Autre")

    def see(page: Page, name: str) -> None:
        if scripted:
            look(page, axe, name)

    page = open_as(asker, "/tableau-de-bord/", scripted=scripted)
    page.get_by_role("link", name="Demandez à reprendre son dossier").click()
    page.get_by_role("button", name="Demander à reprendre ce dossier").click()
    expect(page.get_by_text("Choisissez le dossier que vous demandez").first).to_be_visible()
    see(page, "demande-en-erreur")
    page.get_by_label("Dossier à reprendre").select_option(index=1)
    page.get_by_label("Pourquoi reprenez-vous ce dossier").fill("Son référent a quitté l'établissement en août.")
    page.get_by_role("button", name="Demander à reprendre ce dossier").click()
    expect(page.get_by_text("En attente d'une décision")).to_be_visible()
    see(page, "demande")

    other = open_as(rival, f"/dossiers/reprises/?dossier=poc-essms.{entity.finess}", scripted=scripted)
    other.get_by_label("Pourquoi reprenez-vous ce dossier").fill("C'est moi qui le suis.")
    other.get_by_role("button", name="Demander à reprendre ce dossier").click()
    other.get_by_role("button", name="Retirer la demande").click()
    expect(other.get_by_text("Votre demande est retirée")).to_be_visible()

    home = open_as(owner, "/tableau-de-bord/", scripted=scripted)
    see(home, "tableau-de-bord-demande")
    home.get_by_role("link", name=re.compile("Lire la demande")).click()
    see(home, "demandes-du-referent")
    home.get_by_role("link", name=re.compile("S'opposer")).click()
    home.get_by_label("Pourquoi vous opposez-vous").fill("Je pars à la fin du mois seulement.")
    see(home, "opposition")
    home.get_by_role("button", name="Envoyer votre opposition").click()
    expect(home.get_by_text("Votre opposition est enregistrée")).to_be_visible()

    desk = open_as(lead, "/instruction/", scripted=scripted)
    desk.get_by_role("link", name=re.compile(r"Demandes de reprise.\(1\)")).click()
    see(desk, "reprises")
    desk.get_by_role("link", name=re.compile(stage.dossier.reference)).click()
    expect(desk.get_by_text("Je pars à la fin du mois seulement.")).to_be_visible()
    desk.get_by_role("button", name="Refuser la reprise").click()
    expect(desk.get_by_text("Indiquez le motif du refus").first).to_be_visible()
    see(desk, "decision")
    desk.get_by_role("button", name="Accepter la reprise").click()
    expect(desk.get_by_text("Nadia Grand est désormais le référent")).to_be_visible()

    page.goto(page.url.partition("/dossiers/")[0] + pages.url("form", stage))
    expect(page.get_by_text(f"Dossier n° {stage.dossier.reference}").first).to_be_visible()
    shut = home.goto(home.url.partition("/dossiers/")[0] + pages.url("form", stage))
    assert shut
    assert shut.status == 404
    assert Email.objects.filter(to=owner.email, kind="dossier_lost").count() == 1


def test_a_dossier_left_to_nobody_is_given_to_a_colleague(open_as: Open, axe: Check) -> None:
    stage = factories.transmitted()
    new = factories.referent(stage.dossier.legal_entity, first_name="Nadia", last_name="Grand")
    User.objects.filter(pk=stage.dossier.referent_id).update(is_active=False)
    assert workflow.vacancies.watch(timezone.now()) == 1
    page = open_as(UserFactory(lead=True), "/instruction/")
    look(page, axe, "instruction")
    page.get_by_role("link", name=re.compile(r"Dossiers à réattribuer.\(1\)")).click()
    look(page, axe, "a-reattribuer")
    page.get_by_role("link", name=re.compile(stage.dossier.reference)).click()
    page.get_by_role("button", name="Remplacer le référent").click()
    expect(page.get_by_text("Choisissez le nouveau référent").first).to_be_visible()
    look(page, axe, "reattribution")
    page.get_by_role("combobox", name="Nouveau référent").select_option(index=1)
    page.get_by_label("Motif du remplacement").fill("Départ en retraite.")
    page.get_by_role("button", name="Remplacer le référent").click()
    expect(page.get_by_text("Nadia Grand est désormais le référent")).to_be_visible()
    look(page, axe, "plus-rien-a-reattribuer")
    page.goto(page.url.replace("sans-referent", stage.dossier.reference))
    look(page, axe, "dossier-en-instruction")
    assert Dossier.objects.get().referent == new
