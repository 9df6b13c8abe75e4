"""What instruction writes on a dossier, in a browser: contacts corrected, notes, attribution, points of vigilance, each
with scripts and without (I2, I5, I6, I8, Q61–Q65)."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from dossiers.enums import Status
from dossiers.workflow import vigilance
from tests.accounts.factories import UserFactory
from tests.browsing import fits
from tests.dossiers import factories
from tests.dossiers.browsing import Check, Open, focused_label, follow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.parametrize("scripted", [True, False])]


def test_a_contact_is_corrected_and_what_was_typed_survives_an_error(open_as: Open, axe: Check, scripted: bool) -> None:
    stage = factories.transmitted()
    address = f"/instruction/{stage.dossier.reference}/?q=tilleuls"
    page = open_as(UserFactory(lead=True), address, scripted=scripted)
    with page.expect_navigation():
        page.get_by_role("link", name=re.compile(r"^Corriger ce contact.*\(RSSI\)$")).click()
    page.get_by_label("Adresse e-mail").fill("zoe")
    page.locator("#id_last_name").fill("Martin")
    follow(page, "Corriger le contact", "button")
    assert page.title().startswith("Erreur – ")
    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("Saisissez une adresse électronique")
    expect(summary).to_contain_text("Indiquez le motif de la correction")
    assert page.locator("#id_last_name").input_value() == "Martin"
    assert page.get_by_label("Adresse e-mail").input_value() == "zoe"
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert fits(page), width
        if scripted:
            axe(page)
    summary.get_by_role("link", name="Saisissez une adresse").click()
    assert focused_label(page).startswith("Adresse e-mail")
    page.get_by_label("Adresse e-mail").fill("zoe.martin@exemple.fr")
    page.get_by_label("Motif de la correction").fill("Elle a quitté l'établissement.")
    follow(page, "Corriger le contact", "button")
    assert page.url.partition("#")[0].endswith(address), "the filters of the list are still there"
    expect(page.locator("main")).to_contain_text("Le contact est corrigé.")
    corrected = page.locator(".care-contact-correction", has_text="depuis la transmission")
    expect(corrected).to_have_count(1)
    expect(corrected).to_contain_text("Elle a quitté l'établissement.")
    expect(page.locator("#question-contact_ciso")).to_contain_text("zoe.martin@exemple.fr")
    if scripted:
        axe(page)


def test_a_dossier_is_taken_given_back_and_given_away(open_as: Open, axe: Check, scripted: bool) -> None:
    stage = factories.transmitted()
    ana = UserFactory(verifier=True, first_name="Ana", last_name="Costa")
    page = open_as(UserFactory(lead=True), f"/instruction/{stage.dossier.reference}/", scripted=scripted)
    follow(page, "Prendre en charge", "button")
    expect(page.locator(".care-desk")).to_contain_text("Vous instruisez ce dossier depuis")
    follow(page, "Rendre le dossier", "button")
    expect(page.locator(".care-desk")).to_contain_text("Personne n'instruit ce dossier.")
    follow(page, "Attribuer")
    follow(page, "Attribuer", "button")
    assert page.title().startswith("Erreur – ")
    expect(page.get_by_role("alert")).to_contain_text("Choisissez la personne qui instruira ce dossier.")
    page.set_viewport_size({"width": 320, "height": 900})
    assert fits(page)
    if scripted:
        axe(page)
    page.get_by_label("Attribuer à").select_option(label="Ana Costa, Vérificateur ANS")
    follow(page, "Attribuer", "button")
    expect(page.locator(".care-desk")).to_contain_text("Ana Costa instruit ce dossier depuis")
    assert factories.fresh(stage).dossier.verifier == ana
    assert fits(page)


def test_a_note_and_a_point_of_vigilance_say_what_they_lack_and_keep_what_they_hold(
    open_as: Open, axe: Check, scripted: bool
) -> None:
    stage = factories.transmitted(
        overrides={
            "applicant_type": {"value": "hospital"},
            "perimeter_separation": {"value": "Deux réseaux."},
            "care_funding": {"value": "aucun"},
        }
    )
    vigilance.appraise_due()
    verifier = UserFactory(verifier=True)
    page = open_as(verifier, f"/instruction/{stage.dossier.reference}/", scripted=scripted)
    flag = page.locator(".care-flag", has_text="se déclare rattaché à un GHT")
    flag.locator("summary").click()
    with page.expect_navigation():
        flag.get_by_role("button", name="Enregistrer l'examen").click()
    assert page.title().startswith("Erreur – ")
    expect(page.get_by_role("alert")).to_contain_text("Le point n'est pas marqué comme examiné")
    page.get_by_role("alert").get_by_role("link").first.click()
    assert focused_label(page).startswith("Ce que vous avez constaté")
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert fits(page), width
        if scripted:
            axe(page)
    flag.locator("textarea").fill("Le périmètre est bien médico-social.")
    with page.expect_navigation():
        flag.get_by_role("button", name="Enregistrer l'examen").click()
    expect(flag).to_contain_text("Examiné")
    expect(flag).to_contain_text("Le périmètre est bien médico-social.")
    page.locator("#id_text").fill("À voir avec @personne.connu lundi.")
    follow(page, "Ajouter la note", "button")
    expect(page.get_by_role("alert")).to_contain_text("La note n'est pas ajoutée")
    assert page.locator("#id_text").input_value() == "À voir avec @personne.connu lundi."
    page.locator("#id_text").fill("Vu avec la direction.")
    follow(page, "Ajouter la note", "button")
    expect(page.locator(".care-notes")).to_contain_text("Vu avec la direction.")
    assert fits(page)


def test_enter_in_a_request_shows_its_e_mail_and_sends_nothing(open_as: Open, scripted: bool) -> None:
    """The first button of a form is what Enter presses: that of a decision shows, and never sends."""
    stage = factories.transmitted()
    page = open_as(
        UserFactory(verifier=True), f"/instruction/{stage.dossier.reference}/modification/", scripted=scripted
    )
    page.get_by_label("Message au référent").fill("Complétez le cadre de réponse.")
    page.get_by_label("À corriger au plus tard le").fill(f"{timezone.localdate() + dt.timedelta(days=10):%Y-%m-%d}")
    for field in (page.get_by_label("À corriger au plus tard le"), page.locator("#id_opens_everything")):
        with page.expect_navigation():
            field.press("Enter")
        expect(page.locator("main")).to_contain_text("Complétez le cadre de réponse.")
        expect(page.get_by_text("Rien n'est encore envoyé.")).to_be_visible()
        assert factories.fresh(stage).status == Status.TRANSMITTED
