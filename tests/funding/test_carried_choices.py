"""« Déposer un dossier avec ces choix »: the simulator's choices up to the draft, registered or not (P2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts import links
from accounts.enums import Role
from accounts.models import User
from dossiers.models import Answer, Dossier, DossierStage, Stage
from establishments.models import LegalEntity
from notifications.models import Email
from tests.accounts.factories import PASSWORD, RepresentationFactory, UserFactory
from tests.accounts.registering import DONE, PERSON, RECAP, SCREEN_1, SCREEN_2, SCREEN_3, STEP_1
from tests.accounts.sessions import SIGN_IN, give_code, last_code, wear
from tests.browsing import fits
from tests.dossiers import factories, pages
from tests.funding.factories import poc_terms

SIMULATION = "/simulateur/?parcours=2&finess={0}&repris={0}&eg=2"
BUTTON = "Déposer un dossier avec ces choix"


@pytest.fixture
def entity(db: None) -> LegalEntity:
    factories.poc()
    poc_terms()
    return factories.entity()


def links_of(client: Client, address: str) -> list[str]:
    """Where the simulation leads to: « Déposer », then « Connectez-vous » for whoever is not signed in."""
    section = client.get(address).content.decode().partition('id="resultat"')[2].partition('id="bareme"')[0]
    found = re.findall(r'href="(/(?:inscription|connexion|dossiers)/[^"]*)"', section)
    return [each.replace("&amp;", "&") for each in found]


def test_a_newcomer_finds_these_choices_in_the_draft(client: Client, entity: LegalEntity) -> None:
    """The e-mail is opened on another device, where nothing was typed."""
    register, sign_in = links_of(client, SIMULATION.format(entity.finess))
    create = f"/dossiers/nouveau/?parcours=2&finess={entity.finess}"
    assert parse_qs(urlsplit(sign_in).query) == {"next": [create]}
    assert f"?next={sign_in.partition('next=')[2]}" in client.get(sign_in).content.decode()

    page = client.get(register).content.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="(next|finess)" value="([^"]*)"', page))
    assert client.post(STEP_1, PERSON | {name: value.replace("&amp;", "&") for name, value in hidden.items()}).url
    assert entity.departement
    form = client.get(SCREEN_1).context["form"]
    assert form.initial == {"establishment_type": "essms", "region": entity.departement.region_id}
    chosen = {"establishment_type": "essms", "region": entity.departement.region_id}
    assert client.post(SCREEN_1, chosen).url == SCREEN_2
    assert entity.label in pages.text(client.get(SCREEN_2))
    assert client.post(SCREEN_2, {"finess": entity.finess}).url == SCREEN_3
    assert client.post(SCREEN_3).url == RECAP
    assert client.post(RECAP).url == DONE

    elsewhere = Client()
    link = re.search(r"http://127\.0\.0\.1:8000(/inscription/activation/\S+)", Email.objects.get().text)[1]
    opened = elsewhere.post(link).url
    assert opened == sign_in
    assert "Votre compte est activé" in pages.text(elsewhere.get(opened))
    user = User.objects.get()
    elsewhere.post(SIGN_IN, {"username": user.email, "password": PASSWORD, "next": create})
    assert give_code(elsewhere, last_code(user)).url == create

    page = elsewhere.get(create)
    assert "Parcours choisi dans le simulateur" in pages.text(page)
    form = page.context["form"]
    sent = form.initial | {"parcours": "2", "finess": entity.finess}
    assert elsewhere.post("/dossiers/nouveau/", sent).url == f"/dossiers/{Dossier.objects.get().reference}/"
    assert Dossier.objects.get().legal_entity == entity
    track = Answer.objects.get()
    assert (track.code, track.raw, track.value) == ("track", {"value": "2"}, {"choice": "2"})


def test_only_whoever_may_file_is_offered_to(client: Client, entity: LegalEntity) -> None:
    address = SIMULATION.format(entity.finess)
    person = factories.signed_in(factories.referent(entity))
    assert links_of(person, address) == [f"/dossiers/nouveau/?parcours=2&finess={entity.finess}"]
    assert links_of(factories.signed_in(UserFactory(role=Role.VERIFIER)), address) == []
    Stage.objects.update(closes_at=timezone.now())
    assert links_of(client, address) == links_of(person, address) == []


@pytest.mark.parametrize(
    ("track", "finess"),
    [("9", ""), ("2 ", "\x00"), ("<script>", "999999999"), ("\x00", ""), ("2" * 5_000, "x" * 5_000)],
    ids=["no parcours", "a space", "a tag", "a null", "too long"],
)
def test_a_nonsense_is_left_out(entity: LegalEntity, track: str, finess: str) -> None:
    client = factories.signed_in(factories.referent(entity))
    choices = {"parcours": track, "finess": finess}
    page = client.get("/dossiers/nouveau/", choices)
    assert page.status_code == 200
    assert "fr-callout" not in page.content.decode()
    form = page.context["form"]
    stage, establishment = (form.fields[name].choices[-1][0] for name in ("stage", "establishment"))
    client.post("/dossiers/nouveau/", choices | {"stage": stage, "establishment": establishment})
    assert DossierStage.objects.count() == 1
    assert not Answer.objects.exists()


def test_an_establishment_of_others_is_named_and_not_opened(entity: LegalEntity) -> None:
    client = factories.signed_in(factories.referent(entity))
    other = factories.entity()
    page = client.get("/dossiers/nouveau/", {"parcours": "1", "finess": other.finess})
    assert f"Votre compte ne représente pas {other.label}" in pages.text(page)
    assert "establishment" not in page.context["form"].initial
    factories.draft(by=(user := factories.referent(other)), legal_entity=other)
    page = factories.signed_in(user).get("/dossiers/nouveau/", {"finess": other.finess})
    assert "Vous avez déjà un dossier" in pages.text(page)


def test_an_establishment_begun_to_be_chosen_stays(client: Client, entity: LegalEntity) -> None:
    client.post(STEP_1, PERSON)
    client.post(SCREEN_1, {"establishment_type": "ght", "region": "11"})
    client.post(STEP_1, PERSON | {"finess": entity.finess})
    assert client.session["registration"]["choice"]["establishment_type"] == "ght"
    assert client.session["registration"]["choice"]["finess"] == ""


@pytest.mark.parametrize(
    "address", ["https://pirate.example/", "//pirate.example/", "\\\\pirate.example", "dossiers:form"]
)
def test_no_other_site_is_ever_next(client: Client, entity: LegalEntity, address: str) -> None:
    client.post(STEP_1, PERSON | {"next": address})
    assert client.session["registration"]["next"] == ""
    user = UserFactory(pending=True)
    link = links.activation(user, address).removeprefix("http://127.0.0.1:8000")
    sign_in = client.post(link).url
    client.post(sign_in, {"username": user.email, "password": PASSWORD})
    assert give_code(client, last_code(user)).url == "/tableau-de-bord/"


def test_a_late_link_gives_another_that_leads_there_too(client: Client, entity: LegalEntity) -> None:
    user = UserFactory(pending=True)
    with time_machine.travel(timezone.now() - timedelta(hours=49)):
        link = links.activation(user, "/dossiers/nouveau/?parcours=3").removeprefix("http://127.0.0.1:8000")
    assert client.get(link).status_code == 410
    client.post(link)
    again = re.search(r"http://127\.0\.0\.1:8000(/inscription/activation/\S+)", Email.objects.get().text)[1]
    assert client.post(again).url == "/connexion/?next=%2Fdossiers%2Fnouveau%2F%3Fparcours%3D3"
    done = client.get(again).content.decode()
    assert 'href="/connexion/?next=%2Fdossiers%2Fnouveau%2F%3Fparcours%3D3"' in done


def test_an_address_too_long_for_an_e_mail_is_left_out(client: Client, entity: LegalEntity) -> None:
    user = UserFactory(pending=True)
    assert links.activation(user, "/" + "a" * links.LONGEST_NEXT).count("/") == links.activation(user).count("/")
    link = links.activation(user, "/" + "a" * links.LONGEST_NEXT).removeprefix("http://127.0.0.1:8000")
    assert client.post(link).url == SIGN_IN


@pytest.mark.django_db(transaction=True)
def test_in_a_browser_with_and_without_javascript(
    live_server: LiveServer, browser: Browser, axe: Callable[[Page], None]
) -> None:
    factories.poc()
    poc_terms()
    entities = [factories.entity(), factories.entity()]
    person = factories.referent(entities[0])
    RepresentationFactory(user=person, legal_entity=entities[1], is_primary=False)
    for scripted, entity in zip((True, False), entities, strict=True):
        context = browser.new_context(java_script_enabled=scripted, viewport={"width": 320, "height": 640})
        page = context.new_page()
        wear(page, factories.signed_in(person), live_server)
        page.goto(live_server.url + "/simulateur/")
        page.get_by_label("Parcours 3", exact=False).focus()
        page.keyboard.press("Space")
        page.get_by_label("Numéro FINESS", exact=False).fill(entity.finess)
        page.keyboard.press("Enter")
        page.wait_for_url("**/simulateur/?parcours=3&*")
        with page.expect_navigation():
            page.get_by_role("link", name=BUTTON).click()
        expect(page.get_by_text("Parcours choisi dans le simulateur")).to_be_visible()
        if scripted:
            axe(page)
            assert fits(page)
        with page.expect_navigation():
            page.get_by_role("button", name="Valider").click()
        page.wait_for_url("**/dossiers/*/")
        expect(page.locator("input[name='track-value'][value='3']")).to_be_checked()
        expect(page.get_by_text("1/19 questions obligatoires répondues").first).to_be_visible()
        context.close()
