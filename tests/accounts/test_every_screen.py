"""Every screen of an account as one person meets them, from the registration to the recovery codes, twice: with
JavaScript and without (Q63). On each: axe finds nothing (Q61), nothing is cut at 320 px (Q64), the keyboard reaches
everything (Q62), one title of first level. Passkeys stand in `test_second_steps_browser`, changes of hands and the end
of an account in tests/dossiers (`test_handover_browser`, `test_leaving_browser`).

`SCREENSHOTS=folder` keeps a picture of each."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.test import Client
from playwright.sync_api import Browser, Locator, Page, expect

from accounts import links
from accounts.models import Authenticator, Session, User
from notifications.models import Email
from tests.accounts.factories import PASSWORD, RepresentationFactory, TermsVersionFactory, UserFactory
from tests.accounts.registering import PERSON
from tests.accounts.second_steps import code_of
from tests.accounts.sessions import last_code, sign_in
from tests.browsing import fits
from tests.establishments.factories import GeographicEntityFactory, LegalEntityFactory

pytestmark = pytest.mark.django_db(transaction=True)
SHOTS = os.environ.get("SCREENSHOTS", "")
NEW_PASSWORD = "charrue lavande orage grenier"
# What the keyboard has to reach: marked, a group of radio buttons once.
MARK = """() => {
  const groups = new Set();
  let count = 0;
  for (const each of document.querySelectorAll("main a[href], main button, main input, main select, main summary")) {
    if (each.disabled || each.type === "hidden" || !each.getClientRects().length) continue;
    if (each.type === "radio") { if (groups.has(each.name)) continue; groups.add(each.name); }
    each.dataset.reach = each.type === "radio" ? each.name : count;
    count += 1;
  }
  for (const each of document.querySelectorAll("main input[type=radio]")) each.dataset.reach = each.name;
  document.querySelector("main").tabIndex = -1;
  document.querySelector("main").focus();
  return count;
}"""


@dataclass
class Person:
    page: Page
    url: str
    scripted: bool
    axe: Callable[[Page], None]
    seen: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(path if path.startswith("http") else self.url + path)

    def see(self, name: str) -> None:
        """Judge the page as it stands."""
        page = self.page
        self.seen.append(name)
        for width in (1280, 320):
            page.set_viewport_size({"width": width, "height": 900})
            assert fits(page), name
            # Errors change nothing between the two widths that the screen without them does not show.
            if self.scripted and (width == 320 or not name.endswith("-erreur")):
                self.axe(page)
            if SHOTS:
                shot = f"{len(self.seen):02}-{name}-{width}-{'js' if self.scripted else 'plain'}.png"
                page.screenshot(path=Path(SHOTS) / shot, full_page=True)
        assert page.locator("h1").count() == 1, name
        if not self.scripted:
            self.reach(name)

    def reach(self, name: str) -> None:
        left = self.page.evaluate(MARK)
        reached: set[str] = set()
        for _ in range(left + 2):
            self.page.keyboard.press("Tab")
            reached.add(self.page.evaluate("document.activeElement.dataset.reach ?? ''"))
        assert len(reached - {""}) == left, name

    def enter(self, control: Locator) -> None:
        """Press Enter on a control that leads to another page."""
        with self.page.expect_navigation():
            control.press("Enter")

    def press(self, name: str) -> None:
        self.enter(self.page.get_by_role("button", name=name, exact=True))

    def follow(self, name: str) -> None:
        self.enter(self.page.get_by_role("link", name=name, exact=True))

    def mistake(self, name: str, button: str) -> None:
        """Send a form with nothing in it: the title says so, the summary leads to the fields (Q65)."""
        self.press(button)
        expect(self.page).to_have_title(re.compile("^Erreur – "))
        summary = self.page.locator("[data-error-summary]")
        if self.scripted:
            expect(summary).to_be_focused()
        link = summary.get_by_role("link").first
        wrong = self.page.locator(str(link.get_attribute("href")))
        expect(wrong).to_have_attribute("aria-invalid", "true")
        self.see(name)
        link.press("Enter")
        expect(wrong).to_be_focused()

    def title(self, text: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(text)


@pytest.fixture
def legal_entity():
    entity = LegalEntityFactory(name="ASSOCIATION POUR L'ACCUEIL, LA FORMATION ET L'INSERTION DES PERSONNES SOURDES")
    for n in range(14):
        GeographicEntityFactory(legal_entity=entity, name=f"FOYER D'HEBERGEMENT POUR ADULTES HANDICAPES N{n}")
    LegalEntityFactory.create_batch(12)
    return entity


@pytest.mark.parametrize("scripted", [True, False], ids=["javascript", "no-javascript"])
def test_every_screen(browser: Browser, live_server, axe, settings, legal_entity, scripted):
    settings.PUBLIC_URL = live_server.url
    TermsVersionFactory(number=1)
    context = browser.new_context(java_script_enabled=scripted, locale="fr-FR")
    context.set_default_timeout(10_000)
    person = Person(context.new_page(), live_server.url, scripted, axe)
    register(person, legal_entity)
    user = User.objects.get(username=PERSON["username"])
    activate(person, user)
    forget_password(person, user)
    enter(person, user)
    look_around(person, user, legal_entity)
    change_password(person)
    change_address(person, user)
    second_steps(person, user)
    pause(person)
    context.close()


def register(person: Person, legal_entity) -> None:
    page = person.page
    person.open("/connexion/")
    person.mistake("connexion-erreur", "Se connecter")
    person.follow("Pas encore inscrit\u00a0?")
    person.see("inscription")
    person.mistake("inscription-erreur", "Suivant")
    for name in ("username", "last_name", "first_name", "phone", "email", "new_password1", "new_password2"):
        page.locator(f"#id_{name}").fill(PERSON[name])
    page.get_by_role("radio", name="Madame").press("Space")
    person.enter(page.locator("#id_new_password2"))
    person.mistake("inscription-type-erreur", "Suivant")
    page.get_by_label("Type d'établissement").select_option("essms")
    page.get_by_label("Région").select_option("11")
    person.press("Suivant")
    person.see("inscription-choix")
    person.open("/inscription/etablissement/choix/?q=introuvable")
    person.see("inscription-introuvable")
    page.get_by_label("Rechercher").fill("accueil formation sourdes")
    person.enter(page.get_by_label("Rechercher"))
    person.press(f"Sélectionner {legal_entity.label}")
    person.see("inscription-sites")
    person.press("Suivant")
    person.see("inscription-recapitulatif")
    # « Précédent » loses nothing.
    for _ in range(4):
        person.enter(page.get_by_text("Précédent", exact=True))
    expect(page).to_have_url(re.compile("/inscription/$"))
    for name in ("username", "last_name", "first_name", "email"):
        expect(page.locator(f"#id_{name}")).to_have_value(PERSON[name])
    expect(page.get_by_role("radio", name="Madame")).to_be_checked()
    for _ in range(2):
        person.press("Suivant")
    person.open("/inscription/recapitulatif/")
    person.press("Créer le compte")
    person.title("Nous avons bien pris en compte votre inscription")
    person.see("inscription-fin")
    page.go_back()
    person.title("Inscrivez-vous en tant qu'établissement")
    assert User.objects.count() == 1


def activate(person: Person, user: User) -> None:
    person.open("/inscription/activation/")
    person.mistake("activation-lien-erreur", "Recevoir le lien")
    person.page.get_by_label("Adresse e-mail").fill(PERSON["email"])
    person.press("Recevoir le lien")
    person.see("activation-envoyee")
    person.open("/inscription/activation/faux/")
    person.see("activation-refusee")
    person.open(links.activation(user))
    person.see("activation")
    person.press("Activer mon compte")
    person.see("connexion-apres-activation")
    person.open(links.activation(user))
    person.see("activation-faite")


def forget_password(person: Person, user: User) -> None:
    person.open("/connexion/")
    person.follow("Mot de passe oublié\u00a0?")
    person.mistake("oublie-erreur", "Recevoir le lien")
    person.page.get_by_label("Adresse e-mail").fill(PERSON["email"])
    person.press("Recevoir le lien")
    person.see("oublie-envoye")
    person.open(f"/mot-de-passe/nouveau/{user.public_id}/faux/")
    person.see("oublie-lien-refuse")
    user.refresh_from_db()
    person.open(links.password_reset(user))
    person.mistake("oublie-nouveau-erreur", "Enregistrer le mot de passe")
    for number in "12":
        person.page.locator(f"#id_new_password{number}").fill(NEW_PASSWORD)
    person.press("Enregistrer le mot de passe")


def enter(person: Person, user: User) -> None:
    page = person.page
    give_password(person, NEW_PASSWORD)
    person.see("code")
    person.press("Envoyer un nouveau code")
    person.see("code-renvoye")
    person.mistake("code-erreur", "Valider")
    page.get_by_label("Code transmis").fill(last_code(user))
    person.enter(page.get_by_label("Code transmis"))
    person.mistake("cgu-erreur", "Continuer")
    page.get_by_label("J'accepte les conditions générales d'utilisation").press("Space")
    person.press("Continuer")
    expect(page).to_have_url(re.compile("/tableau-de-bord/(#|$)"))


def give_password(person: Person, password: str) -> None:
    person.open("/connexion/")
    person.page.get_by_label("Nom d'utilisateur ou adresse email").fill(PERSON["email"])
    person.page.locator("#id_password").fill(password)
    person.enter(person.page.locator("#id_password"))


def look_around(person: Person, user: User, legal_entity) -> None:
    page = person.page
    other = LegalEntityFactory(name="MAISON DES ORMES")
    RepresentationFactory(user=UserFactory(first_name="Nadia", last_name="Petit"), legal_entity=legal_entity)
    elsewhere = sign_in(Client(), user)
    Session.objects.filter(pk=elsewhere.session.session_key).update(browser="Firefox sur Windows")
    person.open("/compte/")
    person.see("compte")
    person.enter(page.get_by_role("button", name="Déconnecter Firefox sur Windows"))
    expect(page.get_by_text("La session est déconnectée")).to_be_visible()
    assert elsewhere.get("/compte/").status_code == 302
    person.follow("Nadia Petit")
    person.see("collaborateur")
    person.open("/compte/")
    person.follow("Ajouter un établissement")
    person.mistake("ajout-erreur", "Suivant")
    page.get_by_label("Type d'établissement").select_option("essms")
    page.get_by_label("Région").select_option("11")
    person.press("Suivant")
    person.see("ajout-choix")
    page.get_by_label("Rechercher").fill("maison ormes")
    person.enter(page.get_by_label("Rechercher"))
    person.press(f"Sélectionner {other.label}")
    person.see("ajout-sites")
    person.press("Ajouter l'établissement")
    expect(page.get_by_role("link", name=f"Retirer {other.label}")).to_be_visible()


def change_password(person: Person) -> None:
    person.follow("Modifier le mot de passe")
    person.mistake("mot-de-passe-erreur", "Modifier le mot de passe")
    person.page.locator("#id_old_password").fill(NEW_PASSWORD)
    for number in "12":
        person.page.locator(f"#id_new_password{number}").fill(PASSWORD)
    person.press("Modifier le mot de passe")
    expect(person.page.get_by_text("Votre mot de passe est modifié.")).to_be_visible()


def change_address(person: Person, user: User) -> None:
    """Asked again by the password then a code, then confirmed from both addresses."""
    page = person.page
    person.follow("Modifier l'adresse e-mail")
    person.mistake("confirmation-erreur", "Continuer")
    page.get_by_label("Votre mot de passe").fill(PASSWORD)
    person.press("Continuer")
    person.see("confirmation-code")
    letter = Email.objects.filter(kind="confirmation_code").latest("pk")
    code = re.search(r":\s*(\d{6})$", letter.text, re.MULTILINE)
    assert code
    page.get_by_label("Code transmis").fill(code[1])
    person.press("Continuer")
    person.mistake("adresse-erreur", "Recevoir les deux liens")
    page.get_by_label("Nouvelle adresse e-mail").fill("nouvelle@exemple.fr")
    person.press("Recevoir les deux liens")
    person.see("compte-adresse-demandee")
    for to, button in (
        (PERSON["email"], "Confirmer le changement"),
        ("nouvelle@exemple.fr", "Confirmer cette adresse"),
    ):
        letter = Email.objects.filter(to__iexact=to, text__contains="/adresse/").latest("pk")
        found = re.search(r"https?://\S+(/adresse/\S+)", letter.text)
        assert found
        person.open(found[1])
        person.see(f"adresse-lien-{button.split()[-1]}")
        person.press(button)
        person.see(f"adresse-fait-{button.split()[-1]}")
    person.open(found[1])
    person.see("adresse-lien-perime")
    user.refresh_from_db()
    assert user.email == "nouvelle@exemple.fr"


def second_steps(person: Person, user: User) -> None:
    page = person.page
    person.open("/compte/securite/")
    person.see("securite")
    person.follow("Ajouter une application")
    person.see("application")
    person.press("Commencer")
    person.mistake("application-erreur", "Activer l'application")
    page.get_by_label("Code de votre application").fill(code_of(Authenticator.objects.get(user=user)))
    person.press("Activer l'application")
    person.see("secours")
    person.press("Afficher de nouveaux codes")
    person.see("secours-codes")
    recovery = page.locator("code").nth(6).inner_text()
    person.follow("J'ai conservé mes codes")
    person.see("securite-complete")
    person.enter(page.get_by_role("link", name="Application du téléphone"))
    page.get_by_label("Nom").fill("")
    person.mistake("application-nom-erreur", "Renommer")
    person.open("/compte/securite/cles/ajouter/")
    person.see("cle")
    page.context.clear_cookies()
    person.open("/connexion/")
    page.get_by_label("Nom d'utilisateur ou adresse email").fill(PERSON["username"])
    page.locator("#id_password").fill(PASSWORD)
    person.press("Se connecter")
    person.mistake("second-facteur-erreur", "Valider")
    person.follow("Utiliser un code de secours")
    person.see("second-facteur-secours")
    page.locator("#id_code").fill(recovery)
    person.press("Valider")
    person.open("/compte/securite/")
    expect(page.get_by_text("Il vous en reste 9 sur 10.")).to_be_visible()


def pause(person: Person) -> None:
    person.page.context.clear_cookies()
    for n in range(4):
        Client().post("/connexion/", {"username": "personne", "password": f"essai {n}"})
    person.open("/connexion/")
    person.page.get_by_label("Nom d'utilisateur ou adresse email").fill("personne")
    person.page.locator("#id_password").fill(PASSWORD)
    person.press("Se connecter")
    person.title("Connexion en pause")
    person.see("pause")
