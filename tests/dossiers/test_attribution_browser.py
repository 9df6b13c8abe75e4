"""Who gets which dossier, in a browser: rules, absences, dossiers spread, with scripts and without (I5, Q61–Q65)."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from dossiers import workflow
from dossiers.models import Absence, AssignmentRule, DossierStage
from tests.accounts.factories import UserFactory
from tests.browsing import fits
from tests.dossiers import factories
from tests.dossiers.browsing import Check, Open, focused_label, follow
from tests.dossiers.rows import row

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.parametrize("scripted", [True, False])]


@pytest.fixture
def ana() -> User:
    user: User = UserFactory(verifier=True, first_name="Ana", last_name="Costa")
    return user


@pytest.fixture
def bob() -> User:
    user: User = UserFactory(verifier=True, first_name="Bob", last_name="Martin")
    return user


def look(page: Page, axe: Check, scripted: bool) -> None:
    """Nothing cut on a narrow screen, and no barrier; axe is a script, and needs a page that runs them."""
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert fits(page), (page.url, width)
        if scripted:
            axe(page)


def verifiers(stages: list[DossierStage]) -> list[User | None]:
    return [factories.fresh(each).dossier.verifier for each in stages]


def confirmed(page: Page, button: str, axe: Check, scripted: bool) -> None:
    """From the pre-flight of a batch to its results, once it is done."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Attribuer des dossiers")
    look(page, axe, scripted)
    follow(page, button, "button")
    for _ in range(80):
        if not page.locator("#lot progress").count():
            break
        page.wait_for_timeout(250)
        if not scripted:
            follow(page, "Actualiser")
    expect(page.locator("#lot progress")).to_have_count(0)
    look(page, axe, scripted)


def test_a_rule_is_added_gives_what_waits_and_goes(
    open_as: Open, axe: Check, ana: User, bob: User, worker: None, scripted: bool
) -> None:
    waiting = [row(), row()]
    page = open_as(UserFactory(lead=True), "/instruction/attribution/", scripted=scripted)
    expect(page.locator("main")).to_contain_text("Aucune règle pour le moment")
    look(page, axe, scripted)
    follow(page, "Ajouter une règle")
    page.get_by_label("Guichet").select_option(label="POC AAP ESSMS")
    follow(page, "Enregistrer la règle", "button")
    assert page.title().startswith("Erreur – ")
    expect(page.get_by_role("alert")).to_contain_text("Choisissez au moins une personne.")
    assert page.get_by_label("Guichet").locator("option:checked").text_content() == "POC AAP ESSMS"
    look(page, axe, scripted)
    page.get_by_role("alert").get_by_role("link").click()
    assert focused_label(page).startswith("Ana Costa")
    for person in ("Ana Costa", "Bob Martin"):
        page.get_by_label(re.compile(f"^{person}")).check(force=True)
    follow(page, "Enregistrer la règle", "button")
    expect(page.locator("main")).to_contain_text("La règle est enregistrée")
    look(page, axe, scripted)

    with page.expect_navigation():
        page.get_by_role("button", name="Les attribuer").click()
    confirmed(page, "Attribuer 2\u00a0dossiers", axe, scripted)
    assert set(verifiers(waiting)) == {ana, bob}

    page.goto(page.url.split("/lots/")[0] + "/attribution/")
    expect(page.locator("main")).to_contain_text("Chaque dossier à instruire a son vérificateur.")
    follow(page, "POC AAP ESSMS")
    look(page, axe, scripted)
    page.locator("summary", has_text="Supprimer cette règle").click()
    follow(page, "Supprimer la règle", "button")
    expect(page.locator("main")).to_contain_text("Aucune règle pour le moment")
    assert not AssignmentRule.objects.exists()


def test_somebody_is_away_and_a_colleague_receives_their_dossiers(
    open_as: Open, axe: Check, ana: User, bob: User, worker: None, scripted: bool
) -> None:
    held = [row(), row()]
    for stage in held:
        workflow.assignment.take(stage, by=ana)
    today = timezone.localdate()
    page = open_as(UserFactory(lead=True), "/instruction/absences/", scripted=scripted)
    expect(page.locator("main")).to_contain_text("Aucune absence en cours ni à venir.")
    look(page, axe, scripted)
    page.get_by_label("Personne").select_option(label="Ana Costa")
    page.get_by_label("Premier jour d'absence").fill(str(today))
    page.get_by_label("Dernier jour d'absence").fill(str(today - dt.timedelta(days=1)))
    follow(page, "Déclarer l'absence", "button")
    assert page.title().startswith("Erreur – ")
    expect(page.get_by_role("alert")).to_contain_text("Le dernier jour vient avant le premier")
    assert page.get_by_label("Premier jour d'absence").input_value() == str(today)
    assert page.get_by_label("Personne").locator("option:checked").text_content() == "Ana Costa"
    look(page, axe, scripted)
    page.get_by_label("Dernier jour d'absence").fill(str(today + dt.timedelta(days=3)))
    follow(page, "Déclarer l'absence", "button")
    expect(page.locator("main")).to_contain_text("L'absence est notée")
    look(page, axe, scripted)

    with page.expect_navigation():
        page.get_by_role("link", name="Répartir les dossiers de Ana Costa").click()
    look(page, axe, scripted)
    follow(page, "Préparer le lot", "button")
    expect(page.get_by_role("alert")).to_contain_text("Choisissez au moins une personne.")
    look(page, axe, scripted)
    page.get_by_label(re.compile("^Bob Martin")).check(force=True)
    follow(page, "Préparer le lot", "button")
    confirmed(page, "Attribuer 2\u00a0dossiers", axe, scripted)
    assert verifiers(held) == [bob, bob]

    page.goto(page.url.split("/lots/")[0] + "/absences/")
    with page.expect_navigation():
        page.get_by_role("button", name="Retirer l'absence de Ana Costa").click()
    expect(page.locator("main")).to_contain_text("Aucune absence en cours ni à venir.")
    assert not Absence.objects.exists()
