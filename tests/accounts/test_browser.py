"""Every page and state of the room in a real browser: accessible (Q61), nothing cut at 320 px (Q64), errors where the
eye is (Q65), usable without JavaScript (Q63)."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts import links
from accounts.models import User
from tests.accounts.factories import PASSWORD, RepresentationFactory, TermsVersionFactory, UserFactory
from tests.accounts.registering import PERSON, SCREENS, fill
from tests.accounts.sessions import give_password, last_code, sign_in
from tests.establishments.factories import GeographicEntityFactory, LegalEntityFactory

pytestmark = pytest.mark.django_db(transaction=True)
WIDTHS = [1280, 320]


@pytest.fixture
def legal_entity():
    entity = LegalEntityFactory(name="ASSOCIATION POUR L'ACCUEIL, LA FORMATION ET L'INSERTION DES PERSONNES SOURDES")
    for n in range(14):
        GeographicEntityFactory(legal_entity=entity, name=f"FOYER D'HEBERGEMENT POUR ADULTES HANDICAPES N{n}")
    LegalEntityFactory.create_batch(24)
    return entity


@pytest.fixture
def user(legal_entity):
    user = UserFactory(first_name="Camille", last_name="Durand", email="camille.durand@exemple.fr", username="cdurand")
    RepresentationFactory(user=user, legal_entity=legal_entity)
    return user


@pytest.fixture(params=WIDTHS)
def look(request, page: Page, live_server: LiveServer, axe) -> Iterator[Callable[..., None]]:
    """`look(client, address)`: open the page as `client` would and judge it as it stands; then `press` a button."""
    page.set_viewport_size({"width": request.param, "height": 900})
    seen = []

    def judge(name: str) -> None:
        seen.append(name)
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= request.param, name
        assert page.locator("h1").count() == 1

    def visit(client: Client, address: str, press: str | None = None, first: Callable[[], None] | None = None) -> None:
        page.context.clear_cookies()
        wear(page, client, live_server)
        page.goto(live_server.url + address)
        if first:
            first()
        if press:
            page.get_by_role("button", name=press, exact=True).click()
            page.wait_for_load_state()
        judge(address)

    yield visit
    assert seen


def wear(page: Page, client: Client, live_server: LiveServer) -> None:
    host = urlsplit(live_server.url).hostname
    page.context.add_cookies(
        [{"name": name, "value": it.value, "domain": host, "path": "/"} for name, it in client.cookies.items()]
    )


def path_of(link: str) -> str:
    return urlsplit(link).path


def test_registration_pages(look, legal_entity):
    client = Client()
    look(client, SCREENS[0])
    look(client, SCREENS[0], press="Suivant")
    fill(client, legal_entity)
    for screen in SCREENS:
        look(client, screen)
    client = Client()
    fill(client, legal_entity, until=SCREENS[1])
    look(client, SCREENS[1], press="Suivant")
    fill(client, legal_entity, until=SCREENS[2])
    look(client, f"{SCREENS[2]}?q=introuvable")
    look(client, "/inscription/confirmation/")


def test_activation_pages(look):
    pending = UserFactory(pending=True)
    address = path_of(links.activation(pending))
    look(Client(), address)
    look(Client(), address, press="Activer mon compte")
    look(Client(), address)
    look(Client(), "/inscription/activation/faux/")
    look(Client(), "/inscription/activation/")
    look(Client(), "/inscription/activation/", press="Recevoir le lien")
    look(Client(), "/inscription/activation/envoyee/")


def test_sign_in_pages(look, user):
    client = Client()
    look(client, "/connexion/")
    look(client, "/connexion/", press="Se connecter")
    give_password(client, user)
    look(client, "/connexion/code/")
    look(client, "/connexion/code/", press="Valider")
    look(client, "/connexion/code/", press="Envoyer un nouveau code")


def test_password_pages(look, user):
    look(Client(), "/mot-de-passe/oublie/")
    look(Client(), "/mot-de-passe/oublie/", press="Recevoir le lien")
    look(Client(), "/mot-de-passe/oublie/envoye/")
    address = path_of(links.password_reset(user))
    look(Client(), address)
    look(Client(), address, press="Enregistrer le mot de passe")
    look(Client(), f"/mot-de-passe/nouveau/{user.public_id}/faux/")
    client = sign_in(Client(), user)
    look(client, "/compte/mot-de-passe/")
    look(client, "/compte/mot-de-passe/", press="Modifier le mot de passe")


def test_account_pages(look, user, legal_entity):
    colleague = RepresentationFactory(user=UserFactory(last_name="Petit"), legal_entity=legal_entity).user
    client = sign_in(Client(), user)
    look(client, "/compte/")
    look(client, f"/compte/collaborateurs/{colleague.public_id}/")
    look(client, "/compte/etablissements/ajouter/")
    client.post("/compte/etablissements/ajouter/", {"establishment_type": "essms", "region": "11"})
    look(client, "/compte/etablissements/ajouter/choix/?page=2")
    client.post("/compte/etablissements/ajouter/choix/", {"finess": legal_entity.finess})
    look(client, "/compte/etablissements/ajouter/sites/")


def test_terms_pages(look, user):
    TermsVersionFactory(number=1)
    look(Client(), "/cgu/")
    client = sign_in(Client(), user)
    look(client, "/cgu/accepter/")
    look(client, "/cgu/accepter/", press="Continuer")


def test_pause_page(look, user, page: Page):
    for n in range(5):
        Client().post("/connexion/", {"username": user.username, "password": f"essai {n}"})

    def type_password() -> None:
        page.get_by_label("Nom d'utilisateur ou adresse email").fill(user.username)
        page.locator("#id_password").fill(PASSWORD)

    look(Client(), "/connexion/", press="Se connecter", first=type_password)
    assert "Connexion en pause" in page.title()


def test_focus_goes_to_the_summary_of_errors_which_leads_to_the_fields(page: Page, live_server: LiveServer):
    """Q65."""
    page.goto(f"{live_server.url}/connexion/")
    page.get_by_role("button", name="Se connecter").click()
    summary = page.locator("[data-error-summary]")
    expect(summary).to_be_focused()
    expect(page).to_have_title("Erreur – Connectez-vous – eCaRE")
    summary.get_by_role("link").first.click()
    expect(page.get_by_label("Nom d'utilisateur ou adresse email")).to_be_focused()
    expect(page.get_by_label("Nom d'utilisateur ou adresse email")).to_have_attribute("aria-invalid", "true")


@pytest.mark.parametrize("script", [True, False])
def test_registration_and_sign_in_with_the_keyboard_alone(
    browser: Browser, live_server: LiveServer, legal_entity, script, settings
):
    """Q62, Q63: Enter sends each form on its main button; with JavaScript and without."""
    settings.PUBLIC_URL = live_server.url
    page = browser.new_context(java_script_enabled=script).new_page()
    page.goto(f"{live_server.url}/inscription/")
    for field in ("username", "last_name", "first_name", "phone", "email", "new_password1", "new_password2"):
        page.locator(f"#id_{field}").fill(PERSON[field])
    page.get_by_role("radio", name="Madame").focus()
    page.keyboard.press("Space")
    page.locator("#id_new_password2").press("Enter")
    page.get_by_label("Type d'établissement").select_option("essms")
    page.get_by_label("Région").select_option("11")
    page.get_by_role("button", name="Suivant").press("Enter")
    page.get_by_label("Rechercher").fill("accueil formation sourdes")
    page.get_by_label("Rechercher").press("Enter")
    page.get_by_role("button", name=f"Sélectionner {legal_entity.label}").press("Enter")
    page.get_by_role("button", name="Suivant").press("Enter")
    page.get_by_role("button", name="Créer le compte").press("Enter")
    expect(page.get_by_role("heading", name="Nous avons bien pris en compte votre inscription")).to_be_visible()

    user = User.objects.get(username=PERSON["username"])
    page.goto(links.activation(user))
    page.get_by_role("button", name="Activer mon compte").press("Enter")
    page.get_by_label("Nom d'utilisateur ou adresse email").fill(PERSON["email"])
    page.get_by_label("Mot de passe", exact=False).first.fill(PASSWORD)
    page.get_by_label("Mot de passe", exact=False).first.press("Enter")
    page.get_by_label("Code transmis").fill(last_code(user))
    page.get_by_label("Code transmis").press("Enter")
    page.goto(f"{live_server.url}/compte/")
    expect(page.get_by_role("heading", name="Votre compte")).to_be_visible()


def test_back_neither_loses_nor_repeats_anything(page: Page, live_server: LiveServer, legal_entity):
    client = Client()
    fill(client, legal_entity)
    wear(page, client, live_server)
    page.goto(f"{live_server.url}/inscription/recapitulatif/")
    for _ in range(4):
        with page.expect_navigation():
            page.get_by_text("Précédent", exact=True).click()
    expect(page).to_have_url(re.compile(f"{SCREENS[0]}$"))
    expect(page.locator("#id_username")).to_have_value(PERSON["username"])
    page.goto(f"{live_server.url}/inscription/recapitulatif/")
    page.get_by_role("button", name="Créer le compte").click()
    expect(page.get_by_role("heading", name="Nous avons bien pris en compte votre inscription")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Inscrivez-vous en tant qu'établissement")).to_be_visible()
    assert User.objects.count() == 1
