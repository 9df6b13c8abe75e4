"""A guichet made from nothing by an administrator, then lived through to its second étape, in a browser: no Python, no
JSON (G4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from dossiers import catalog, queries
from dossiers.models import Dossier, Guichet, Stage
from tests.accounts.factories import UserFactory
from tests.browsing import fits
from tests.dossiers import factories
from tests.journey.conftest import choose

ALL = "Si toutes ces conditions sont remplies"


@dataclass
class Maker:
    """An administrator in front of the form editor."""

    page: Page
    url: str
    check: Callable[[Page], None]

    def look(self) -> None:
        """Every page reached is checked by axe, the admin's own surroundings included, and nothing is cut sideways."""
        self.check(self.page)
        for width in (390, 1280):
            self.page.set_viewport_size({"width": width, "height": 900})
            assert fits(self.page), f"{self.page.url} at {width}"

    def press(self, name: str, within: Locator | None = None) -> None:
        (within or self.page).get_by_role("button", name=name).first.click()

    def guichet(self, *, code: str, title: str, short_title: str) -> None:
        page = self.page
        page.goto(f"{self.url}/admin/dossiers/guichet/add/")
        page.get_by_label("Code :", exact=True).fill(code)
        page.get_by_label("Titre :", exact=True).fill(title)
        page.get_by_label("Titre court").fill(short_title)
        page.get_by_label("ESSMS").check()
        page.get_by_label("Libellé du lien, ligne 1").fill("Cahier des charges")
        page.get_by_label("Adresse, ligne 1").fill("https://esante.gouv.fr/cahier-des-charges")
        self.press("Enregistrer")
        page.get_by_text("Ajoutez maintenant sa première étape").wait_for()
        self.look()

    def stage(self, *, code: str, title: str, opens_at: dt.datetime, closes_at: dt.datetime) -> None:
        """An étape, from the page of its guichet: its rank, its nature and its entry are proposed."""
        page = self.page
        page.get_by_role("link", name="Ajouter une étape").click()
        page.get_by_label("Code :", exact=True).fill(code)
        page.get_by_label("Titre :", exact=True).fill(title)
        page.get_by_label("Ouverture :", exact=True).fill(f"{timezone.localtime(opens_at):%Y-%m-%dT%H:%M}")
        page.get_by_label("Fermeture :", exact=True).fill(f"{timezone.localtime(closes_at):%Y-%m-%dT%H:%M}")
        self.look()
        self.press("Enregistrer")
        page.get_by_role("heading", name=title).wait_for()

    def form_of(self, title: str) -> None:
        self.press("Créer le formulaire", self.page.locator("li.ge-stage", has_text=title))
        self.page.get_by_text("Ce formulaire est vide").wait_for()
        self.look()

    def section(self, title: str) -> None:
        self.page.get_by_label("Titre de la nouvelle section").fill(title)
        self.press("Ajouter une section")
        self.in_section(title).wait_for()

    def in_section(self, title: str) -> Locator:
        heading = self.page.get_by_role("heading", name=title, exact=True, level=2)
        return self.page.locator("section.ge-section", has=heading)

    def question(
        self,
        section: str,
        kind: str,
        label: str,
        *,
        mandatory: bool = True,
        choices: dict[str, str] | None = None,
        shown_if: tuple[str, str] | None = None,
        more_than: tuple[str, str] | None = None,
        look: bool = False,
    ) -> None:
        """Add a question. `shown_if` is (earlier question, answer), `more_than` is (earlier question, number)."""
        page, place = self.page, self.in_section(section)
        place.get_by_label("Nature").select_option(label=kind)
        self.press("Ajouter une question", place)
        page.get_by_label("Libellé", exact=True).fill(label)
        if not mandatory:
            page.get_by_label("Obligatoire").uncheck()
        for row, (value, text) in enumerate((choices or {}).items(), start=1):
            page.get_by_label(f"Valeur, ligne {row}", exact=True).fill(value)
            page.get_by_label(f"Libellé, ligne {row}", exact=True).fill(text)
        if asked := shown_if or more_than:
            page.get_by_label(ALL).check()
            answers = page.locator("details", has=page.locator("summary", has_text=asked[0]))
            answers.locator("summary").click()
            if shown_if:
                answers.get_by_label(asked[1]).check()
            else:
                answers.get_by_label("Plus de").fill(asked[1])
        if look:
            self.look()
        self.press("Enregistrer la question")
        self.in_section(section).get_by_role("heading", name=label).wait_for()

    def publish(self) -> None:
        page = self.page
        page.get_by_text("Rien ne s'oppose à la publication.").wait_for()
        self.look()
        with page.expect_navigation():
            page.get_by_role("link", name="Publier").click()
        self.look()
        self.press("Publier le formulaire")
        page.get_by_text("Elle ne se modifie plus.").wait_for()
        self.look()

    def become(self, user: User) -> None:
        """Somebody else sits there."""
        client = factories.signed_in(user)
        self.page.context.clear_cookies()
        self.page.context.add_cookies(
            [{"name": name, "value": morsel.value, "url": self.url} for name, morsel in client.cookies.items()]
        )

    def visit(self, name: str, *args: str) -> None:
        self.page.goto(self.url + reverse(f"dossiers:{name}", args=args))
        self.look()

    def saved(self, code: str) -> None:
        """The answer was saved by itself."""
        question = self.page.locator(f"[data-question={code}]")
        question.get_by_text("Enregistré à").first.wait_for()

    def send(self, code: str, name: str) -> None:
        """Put a file in a slot."""
        payload = {"name": name, "mimeType": "application/pdf", "buffer": factories.pdf_bytes()}
        self.page.locator(f"input[name={code}-files]").set_input_files(payload)  # type: ignore[arg-type]
        self.page.locator(f"#slot-{code}").get_by_role("link", name=name).wait_for()

    def transmit(self) -> None:
        page = self.page
        page.wait_for_timeout(2_000)  # the person stops typing: what was typed is saved
        expect(page.get_by_text("Enregistrement…")).to_have_count(0)
        page.get_by_role("button", name="Suivant").click()
        page.get_by_role("heading", name="Vérifier votre saisie").wait_for()
        self.look()
        self.press("Transmettre votre dossier")
        page.get_by_text("Votre dossier est transmis.").wait_for()
        self.look()


@pytest.fixture
def maker(live_server: LiveServer, page: Page, axe: Callable[[Page], None], transactional_db: None) -> Maker:
    page.set_default_timeout(15_000)
    maker = Maker(page, live_server.url, axe)
    maker.become(UserFactory(admin=True))
    return maker


def make_guichet(maker: Maker) -> Guichet:
    """Two étapes, ten questions, three conditions, two slots: all of it published."""
    now = timezone.now()
    month = dt.timedelta(days=30)
    maker.guichet(code="sauvegarde", title="Sauvegarde hors ligne des ESSMS", short_title="Sauvegarde")
    maker.stage(code="candidature", title="Candidature", opens_at=now - month, closes_at=now + month)
    maker.stage(code="preuves", title="Preuves", opens_at=now - month, closes_at=now + month)

    maker.form_of("Candidature")
    maker.section("Candidat")
    maker.question("Candidat", "Engagement à cocher", "Je m'engage à candidater.")
    maker.question(
        "Candidat",
        "Choix unique",
        "Vous candidatez…",
        choices={"seul": "Seul", "groupement": "En groupement"},
        look=True,
    )
    maker.question("Candidat", "Pièces jointes", "Convention", shown_if=("Vous candidatez", "En groupement"), look=True)
    maker.section("Projet")
    maker.question("Projet", "Texte long", "Votre projet")
    maker.question("Projet", "Nombre", "Nombre de postes")
    maker.question("Projet", "Texte court", "Votre infogérant", more_than=("Nombre de postes", "50"))
    rearrange(maker)
    preview(maker)
    maker.publish()

    guichet = Guichet.objects.get()
    maker.page.goto(f"{maker.url}/admin/dossiers/guichet/{guichet.pk}/change/")
    maker.form_of("Preuves")
    maker.section("Objectifs")
    maker.question("Objectifs", "Choix multiple", "Objectifs atteints", choices={"copie": "Copie", "test": "Test"})
    maker.question("Objectifs", "Pièces jointes", "Justificatifs")
    maker.question("Objectifs", "Date", "Date du test", shown_if=("Objectifs atteints", "Test"))
    maker.question("Objectifs", "Texte long", "Commentaire", mandatory=False)
    maker.publish()
    return guichet


def rearrange(maker: Maker) -> None:
    """« Nombre de postes » is dragged before « Votre projet ». The condition on it still holds."""
    projet = maker.in_section("Projet")
    handle = projet.locator("li", has_text="Nombre de postes").first.locator("[data-handle]")
    handle.drag_to(projet.locator("li", has_text="Votre projet"), target_position={"x": 40, "y": 4})
    expect(projet.locator("h3").first).to_contain_text("Nombre de postes")


def preview(maker: Maker) -> None:
    """The référent's page: an answer typed there brings a question out, and nothing is kept."""
    page = maker.page
    editor = page.url
    page.get_by_role("link", name="Aperçu").click()
    expect(page.get_by_text("Rien de ce que vous saisissez ici n'est enregistré")).to_be_visible()
    assert page.get_by_text("Convention").count() == 0
    choose(page.get_by_label("En groupement"))
    maker.press("Voir les questions que ces réponses font apparaître")
    page.get_by_text("Convention").first.wait_for()
    maker.look()
    page.goto(editor)


def test_an_administrator_makes_a_guichet_from_nothing(maker: Maker) -> None:
    guichet = make_guichet(maker)

    first, second = Stage.objects.filter(guichet=guichet).order_by("position")
    assert (first.entry, second.entry) == ("start", "previous_validated")
    forms = [queries.newest_revision(stage) for stage in (first, second)]
    asked = [question for form in forms if form for question in queries.questions(form)]
    assert [question.code for question in asked] == [
        "je_m_engage_a_candidater",
        "vous_candidatez",
        "convention",
        "nombre_de_postes",
        "votre_projet",
        "votre_infogerant",
        "objectifs_atteints",
        "justificatifs",
        "date_du_test",
        "commentaire",
    ]
    assert [question.shown_when for question in asked if question.shown_when] == [
        {"question": "vous_candidatez", "in": ["groupement"]},
        {"question": "nombre_de_postes", "above": 50},
        {"question": "objectifs_atteints", "in": ["test"]},
    ]
    assert [question.code for question in asked if not question.mandatory] == ["commentaire"]
    assert catalog.plan(catalog.read(catalog.export(guichet))).changes == []
    assert [stage.title for stage in queries.open_stages(timezone.now())] == ["Candidature"]
    live_through(maker)


def live_through(maker: Maker) -> None:
    """A référent fills and transmits, a verifier asks for a correction then validates, the second étape begins."""
    page = maker.page
    entity = factories.entity(sites=1)
    referent, verifier = factories.referent(entity), UserFactory(verifier=True)

    maker.become(referent)
    maker.visit("create")
    with page.expect_navigation():
        page.get_by_role("button", name="Valider").click()
    reference = Dossier.objects.get().reference
    maker.look()
    choose(page.get_by_label("Je m'engage à candidater."))
    maker.saved("je_m_engage_a_candidater")
    convention = page.locator("[data-question=convention]")
    expect(convention).to_be_hidden()
    choose(page.get_by_label("En groupement"))
    convention.wait_for()
    maker.send("convention", "Convention.pdf")
    page.get_by_label("Nombre de postes").fill("80")
    page.get_by_label("Votre projet").fill("Une copie hors ligne, chaque semaine.")
    page.get_by_label("Votre infogérant").fill("Informatique de la Plaine")
    maker.saved("votre_projet")
    maker.look()
    maker.transmit()

    maker.become(verifier)
    maker.visit("request-modification", reference)
    page.get_by_label("Message au référent").fill("Précisez la fréquence des essais.")
    page.get_by_label("Remarque sur « Votre projet »").fill("À quelle fréquence restaurez-vous ?")
    due_on = timezone.localdate() + dt.timedelta(days=7)
    page.get_by_label("À corriger au plus tard le").fill(due_on.isoformat())
    page.get_by_role("button", name="Envoyer la demande").click()
    page.get_by_text("La demande de modification est envoyée.").wait_for()

    maker.become(referent)
    maker.visit("form", reference)
    assert page.get_by_label("Nombre de postes").count() == 0, "only what was remarked on can be corrected"
    project = page.locator("[data-question=votre_projet]")
    assert "À quelle fréquence restaurez-vous ?" in project.inner_text()
    project.get_by_role("textbox").fill("Une copie hors ligne chaque semaine, restaurée chaque mois.")
    maker.transmit()

    maker.become(verifier)
    maker.visit("validate", reference)
    page.get_by_role("button", name="Valider").click()
    page.get_by_text("L'étape est validée.").wait_for()

    maker.become(referent)
    maker.visit("form", reference)
    with page.expect_navigation():
        page.get_by_role("button", name="Commencer l'étape").click()
    maker.look()
    choose(page.get_by_label("Test", exact=True))
    page.locator("[data-question=date_du_test]").wait_for()
    page.get_by_label("Date du test").fill("2026-05-12")
    maker.send("justificatifs", "Procès-verbal.pdf")
    maker.transmit()

    first, second = Dossier.objects.get().stages.order_by("stage__position")
    assert (first.status, second.status) == ("validated", "transmitted")
    assert [each.answers["votre_projet"] for each in first.transmissions.order_by("number")] == [
        "Une copie hors ligne, chaque semaine.",
        "Une copie hors ligne chaque semaine, restaurée chaque mois.",
    ]
    assert second.transmissions.get().answers["date_du_test"] == "2026-05-12"
