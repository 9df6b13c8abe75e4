"""From a validation to the last payment in two browsers, as those who live it: the référent on a narrow screen, who
instructs on a wide one, with JavaScript and without (F4, F5, F7, Q&A 4.2, Q61 to Q64)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from dossiers.models import Dossier
from funding.enums import PaymentState
from funding.models import Grant, Payment
from funding.workflow import templates
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.browsing import fits, once_arrived
from tests.dossiers import factories
from tests.dossiers.browsing import Check, Open
from tests.funding import reached, subsidies
from tests.journey.conftest import choose

pytestmark = pytest.mark.django_db(transaction=True)

NARROW, WIDE = 320, 1280
CORRECTION = "Un site a été financé par un autre programme."
REFUSAL = "Les feuilles d'émargement ne sont pas signées."
COMPLEMENT = "Joignez le compte rendu du test de restauration."
MANDATORY, OPTIONAL = ("diagnosis", "backups", "awareness"), ("inventory", "updates", "suppliers")
#: What a page is made of: its address, its kinds of elements, each in each of its forms.
PARTS = """() => [
  location.pathname,
  ...new Set([...document.querySelectorAll("main *")].map((each) => `${each.tagName} ${each.className} ${each.type}`)),
]"""
DAYS = {"control": 20, "request": 10, "payment": 30}


def in_days(days: int) -> str:
    """As a date field takes it."""
    return f"{timezone.localdate() + dt.timedelta(days=days):%Y-%m-%d}"


@dataclass
class Person:
    """Somebody in front of a browser. Every page reached is looked at: nothing cut sideways, and axe finds nothing."""

    page: Page
    url: str
    axe: Check | None
    #: What was shown to axe: each address, and each kind of element, at least once.
    shown: set[str] = field(default_factory=set)

    def visit(self, path: str) -> None:
        self.page.goto(self.url + path)
        self.look()

    def follow(self, name: str) -> None:
        self.arrive_by(self.main.get_by_role("link", name=name).first)

    def press(self, name: str) -> None:
        self.arrive_by(self.main.get_by_role("button", name=name).first)

    def arrive_by(self, control: Locator) -> None:
        with self.page.expect_navigation():
            control.click()
        self.look()

    def look(self) -> None:
        assert fits(self.page), self.page.url
        if self.axe and (new := {*once_arrived(self.page, lambda it: it.evaluate(PARTS))} - self.shown):
            self.axe(self.page)
            self.shown |= new

    def reads(self, *sentences: str) -> None:
        """What the page says, whatever its spaces and its capitals: badges are written in them."""
        said = " ".join(self.main.inner_text().split()).casefold()
        for sentence in sentences:
            assert sentence.casefold() in said, f"{self.page.url} does not say {sentence!r}:\n{said}"

    def downloads(self, name: str) -> bytes:
        address = self.main.get_by_role("link", name=name).first.get_attribute("href")
        response = self.page.request.get(f"{self.url}{address}")
        assert response.status == 200, address
        return response.body()

    @property
    def main(self) -> Locator:
        return self.page.locator("main")


@dataclass
class Outbox:
    """What is written to whom, step by step."""

    seen: int = 0

    def holds(self, *expected: tuple[str, str]) -> None:
        """The e-mails written since last asked are these: (kind, address)."""
        found = list(Email.objects.filter(pk__gt=self.seen).order_by("pk"))
        assert sorted((each.kind, each.to) for each in found) == sorted(expected)
        self.seen = found[-1].pk


@dataclass
class Scene:
    dossier: Dossier
    referent: Person
    verifier: Person
    lead: Person
    outbox: Outbox
    #: The address of the verifier, who takes the dossier as he decides on it.
    desk: str

    @property
    def own(self) -> str:
        return f"/dossiers/{self.dossier.reference}/"

    @property
    def instructed(self) -> str:
        return f"/instruction/{self.dossier.reference}/"

    @property
    def owner(self) -> str:
        return str(self.dossier.referent.email)


@pytest.fixture(params=["javascript", "no-javascript"])
def scene(request: pytest.FixtureRequest, open_as: Open, axe: Check) -> Scene:
    """A candidature just transmitted, a convention to write, the objectives open for a month; three people."""
    scripted = request.param == "javascript"
    dossier_stage = factories.transmitted()
    templates.load(subsidies.AGREEMENTS / "poc-essms.md")
    reached.stage()
    dossier = dossier_stage.dossier
    verifier, lead = UserFactory(verifier=True), UserFactory(lead=True)

    def person(user: object, path: str, width: int) -> Person:
        page = open_as(user, path, width=width, scripted=scripted)
        page.set_default_timeout(15_000)
        return Person(page, page.url.removesuffix(path), axe if scripted else None)

    last = Email.objects.order_by("pk").last()
    return Scene(
        dossier,
        person(dossier.referent, "/tableau-de-bord/", NARROW),
        person(verifier, "/subventions/", WIDE),
        person(lead, "/paiements/", WIDE),
        Outbox(last.pk if last else 0),
        str(verifier.email),
    )


def test_from_a_validation_to_the_last_payment(scene: Scene) -> None:
    validate_and_grant(scene)
    sign_the_convention(scene)
    present_the_objectives(scene)
    decide_on_the_objectives(scene)
    answer_and_have_them_accepted(scene)
    control(scene)
    pay(scene)


def validate_and_grant(scene: Scene) -> None:
    """An amount that is not the estimate wants a reason, and nothing typed is lost."""
    verifier = scene.verifier
    verifier.visit(scene.instructed)
    verifier.follow("Valider l'étape")
    verifier.press("Valider l'étape")
    scene.outbox.holds(("dossier_validated", scene.owner))

    verifier.visit("/subventions/")
    verifier.follow(scene.dossier.reference)
    verifier.follow("Accorder la subvention")
    verifier.main.get_by_label("Montant accordé").fill("16 000")
    verifier.press("Accorder la subvention")
    verifier.reads("Ce montant n'est pas l'estimation (18 800 €)")
    assert verifier.main.get_by_label("Montant accordé").input_value() == "16 000"
    verifier.main.get_by_label("Motif de la correction").fill(CORRECTION)
    verifier.press("Accorder la subvention")
    verifier.reads("16 000 € sont accordés", CORRECTION, "La convention n'est pas encore envoyée.")
    scene.outbox.holds(("subsidy_granted", scene.owner))


def sign_the_convention(scene: Scene) -> None:
    """Sent, read, signed, deposited, refused once, deposited again, checked."""
    verifier, referent = scene.verifier, scene.referent
    referent.visit(scene.own)
    referent.reads("Votre subvention : 16 000 €")
    referent.follow("Voir la subvention")
    referent.reads("L'ANS prépare la convention.", CORRECTION)

    verifier.follow("Envoyer la convention")
    assert verifier.downloads("Relire la convention").startswith(b"%PDF-")
    verifier.press("Envoyer la convention")
    verifier.reads("À signer")
    signatory = factories.answers(scene.dossier.stages.get())["contact_signatory"]["email"]
    scene.outbox.holds(("agreement_ready", scene.owner), ("agreement_to_sign", str(signatory)))

    referent.visit("/tableau-de-bord/")
    referent.follow(f"Faire signer la convention du dossier {scene.dossier.reference}")
    referent.reads("La convention est à faire signer")
    assert referent.downloads("Télécharger la convention").startswith(b"%PDF-")
    sign(referent, "Convention non paraphée.pdf")
    scene.outbox.holds(("agreement_deposited", scene.desk))
    verifier.visit(f"{scene.instructed}subvention/")
    verifier.reads("Un exemplaire signé est à contrôler")
    assert verifier.downloads("Exemplaire signé") == factories.pdf_bytes()
    verifier.press("Refuser l'exemplaire")
    verifier.reads("Indiquez le motif du refus")
    verifier.main.get_by_label("Motif").fill("La page 2 n'est pas paraphée.")
    verifier.press("Refuser l'exemplaire")
    scene.outbox.holds(("agreement_refused", scene.owner))

    referent.visit(f"{scene.own}subvention/")
    referent.reads(
        "La page 2 n'est pas paraphée.", "Téléchargez la convention, faites-la signer", "Déposer l'exemplaire"
    )
    sign(referent, "Convention signée.pdf")
    scene.outbox.holds(("agreement_deposited", scene.desk))
    verifier.visit(f"{scene.instructed}subvention/")
    verifier.press("Accepter l'exemplaire")
    scene.outbox.holds(("agreement_accepted", scene.owner))


def sign(referent: Person, name: str) -> None:
    file = {"name": name, "mimeType": "application/pdf", "buffer": factories.pdf_bytes()}
    referent.main.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    referent.press("Déposer la convention signée")
    referent.reads("La convention signée est déposée.", name)


def present_the_objectives(scene: Scene) -> None:
    """The second étape, as its form is shipped: every objective reached, one of them in part."""
    referent, page = scene.referent, scene.referent.page
    referent.visit(scene.own)
    referent.press("Commencer l'étape « Atteinte des objectifs »")
    tick(page, "declaration-value")
    tick(page, "track-value", "1")
    tick(page, "diagnosis-value", "reached")
    for code in OPTIONAL:
        tick(page, "optional-value", code)
    for name, value in {
        "finished_on-value": "2026-10-01",
        "team-position_1": "RSSI",
        "team-work_1": "Pilotage",
        "team-days_1": "12",
        "steering-value": "Un comité par mois.",
        "spent-value": "21 000",
        "lessons-value": "Les réunions courtes.",
        "difficulties-value": "Le délai des prestataires.",
        "control_email-value": "rssi@exemple.fr",
        "control_phone-value": "01 23 45 67 89",
    }.items():
        page.locator(f"[name='{name}']").fill(value)
    tick(page, "has_providers-value", "no")
    save(referent)
    tick(page, "backups-value", "reached")
    tick(page, "awareness-value", "partly")
    save(referent)
    page.locator("[name='shortfall-value']").fill("Une équipe reste à former.")
    for code in (*MANDATORY, *OPTIONAL):
        deposit(referent, code, f"Preuve {code}.pdf")
    save(referent)
    referent.reads("6 objectifs présentés sur 6 : 16 000 € sur 16 000 €")
    transmit(referent)
    scene.outbox.holds(("stage_started", scene.owner), ("dossier_transmitted", scene.owner))
    referent.reads("Vos objectifs")


def tick(page: Page, name: str, value: str = "") -> None:
    choose(page.locator(f"[name='{name}'][value='{value}']" if value else f"[name='{name}']"))


def deposit(referent: Person, code: str, name: str) -> None:
    file = {"name": name, "mimeType": "application/pdf", "buffer": factories.pdf_bytes()}
    referent.page.locator(f"#{code}_files-files").set_input_files(file)  # type: ignore[arg-type]
    if referent.axe:  # with JavaScript it leaves as soon as it is chosen
        expect(referent.page.locator(f"#question-{code}_files").get_by_text(name).first).to_be_visible()


def save(referent: Person, *, said: str = "Votre brouillon est enregistré") -> None:
    button = referent.main.get_by_role("button", name="Enregistrer comme brouillon")
    referent.arrive_by(button.last)
    referent.reads(said)


def transmit(referent: Person) -> None:
    referent.press("Suivant")
    referent.press("Transmettre votre dossier")
    referent.reads("Transmis")


def decide_on_the_objectives(scene: Scene) -> None:
    """Four accepted; one refused, and a complement asked on another: the étape comes back."""
    verifier = scene.verifier
    verifier.visit(scene.instructed)
    verifier.arrive_by(verifier.main.get_by_role("link", name="Objectifs", exact=True))
    verifier.reads("Aucun objectif sur 6 accepté : 0 € sur 16 000 €", "6 objectifs restent à examiner")
    assert verifier.downloads("Télécharger « Preuve backups.pdf »") == factories.pdf_bytes()
    for code in ("diagnosis", *OPTIONAL):
        accept(verifier, code)
    verifier.reads("4 objectifs sur 6 acceptés : 5 600 € sur 16 000 €")
    awareness = objective(verifier, "awareness")
    awareness.get_by_text("Refuser", exact=False).first.click()
    awareness.get_by_label("Motif du refus").fill(REFUSAL)
    verifier.arrive_by(awareness.get_by_role("button", name="Refuser avec ce motif"))
    verifier.arrive_by(objective(verifier, "backups").get_by_role("link", name="Demander un complément"))
    verifier.page.locator("#id_remark_backups").fill(COMPLEMENT)
    verifier.page.locator("#id_remark_awareness").fill("Déposez-les signées.")
    verifier.main.get_by_label("Message au référent").fill("Complétez deux objectifs.")
    verifier.main.get_by_label("À corriger au plus tard le").fill(in_days(DAYS["request"]))
    verifier.press("Envoyer la demande")
    scene.outbox.holds(("dossier_modification_requested", scene.owner))


def objective(verifier: Person, code: str) -> Locator:
    return verifier.page.locator(f"#objectif-{code}")


def accept(verifier: Person, code: str) -> None:
    verifier.arrive_by(objective(verifier, code).get_by_role("button", name="Accepter"))
    expect(objective(verifier, code).get_by_text("Accepté", exact=True)).to_be_visible()


def answer_and_have_them_accepted(scene: Scene) -> None:
    """The référent reads what is wrong objective by objective; what was accepted and not touched stays accepted."""
    referent, verifier = scene.referent, scene.verifier
    referent.visit(scene.own)
    referent.reads(REFUSAL, COMPLEMENT)
    for code in ("backups", "awareness"):
        deposit(referent, code, f"Complément {code}.pdf")
    save(referent, said="Vos corrections sont enregistrées")
    transmit(referent)
    scene.outbox.holds(("dossier_transmitted", scene.owner))

    verifier.visit(scene.instructed)
    verifier.reads("2 objectifs restent à examiner")
    for code in ("backups", "awareness"):
        accept(verifier, code)
    verifier.reads("6 objectifs sur 6 acceptés : 16 000 € sur 16 000 €")
    verifier.follow("Valider l'étape")
    verifier.press("Valider l'étape")
    scene.outbox.holds(("dossier_validated", scene.owner))
    referent.visit(scene.own)
    referent.reads("6 objectifs sur 6 acceptés : 16 000 € sur 16 000 €")


def control(scene: Scene) -> None:
    """Opened with the pieces asked, answered, an interview noted, the amount confirmed."""
    referent, verifier = scene.referent, scene.verifier
    verifier.visit(f"{scene.instructed}subvention/")
    verifier.follow("Contrôle de la subvention")
    verifier.main.get_by_label("Pièces demandées").fill("Factures acquittées")
    verifier.main.get_by_label("À déposer au plus tard le").fill(in_days(DAYS["control"]))
    verifier.press("Ouvrir le contrôle")
    scene.outbox.holds(("control_opened", scene.owner))

    referent.visit("/tableau-de-bord/")
    referent.follow(f"Déposer les pièces du dossier {scene.dossier.reference}")
    referent.reads("Factures acquittées")
    file = {"name": "Factures.pdf", "mimeType": "application/pdf", "buffer": factories.pdf_bytes()}
    referent.main.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    referent.press("Déposer les pièces")
    referent.reads("Factures.pdf")
    scene.outbox.holds(("control_answered", scene.desk))

    verifier.visit(f"{scene.instructed}subvention/controle/")
    assert verifier.downloads("Factures.pdf") == factories.pdf_bytes()
    verifier.main.get_by_label("Compte rendu de l'entretien").fill("Entretien du jour : rien à redire.")
    verifier.press("Ajouter le compte rendu")
    verifier.reads("rien à redire")
    tick(verifier.page, "outcome", "confirm")
    verifier.press("Terminer le contrôle")
    verifier.reads("Montant confirmé")
    scene.outbox.holds(("control_closed", scene.owner))
    referent.visit(f"{scene.own}subvention/controle/")
    referent.reads("Montant confirmé")
    assert "rien à redire" not in referent.main.inner_text()


def pay(scene: Scene) -> None:
    """Scheduled, ordered and paid by the responsable; the référent reads what came and what is to come."""
    referent, lead, verifier = scene.referent, scene.lead, scene.verifier
    schedule = f"{scene.instructed}subvention/versements/"
    verifier.visit(schedule)
    verifier.reads("Aucun paiement n'est prévu.")
    expect(verifier.main.get_by_role("button", name="Ajouter au calendrier")).to_have_count(0)
    lead.visit(schedule)
    for amount in ("10 000", "6 000"):
        lead.main.get_by_label("Montant").fill(amount)
        lead.main.get_by_label("Échéance").fill(in_days(DAYS["payment"]))
        lead.press("Ajouter au calendrier")
    referent.visit(f"{scene.own}subvention/")
    referent.reads("0 € versé, 16 000 € à venir", "Prévu")

    received(scene, 1, "10 000 € versés, 6 000 € à venir")
    received(scene, 2, "16 000 € versés, 0 € à venir")
    paid = Payment.objects.filter(state=PaymentState.PAID)
    assert sum(each.amount for each in paid) == Grant.objects.get().amount == Decimal(16_000)
    lead.visit("/paiements/?etat=paid")
    lead.reads("16 000 € de versements")


def received(scene: Scene, number: int, told: str) -> None:
    """The payment of that number ordered then made, and what the référent then reads."""
    lead, referent = scene.lead, scene.referent
    reference = f"{scene.dossier.reference}-{number:02d}"
    lead.visit(f"{scene.instructed}subvention/versements/")
    lead.follow(reference)
    lead.press("Ordonnancer")
    lead.follow(reference)
    lead.press("Marquer comme versé")
    scene.outbox.holds(("payment_paid", scene.owner))
    referent.visit(f"{scene.own}subvention/")
    referent.reads(told, "Versé", reference)
