"""The user guide, from page 7 to page 32, with its own labels."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path

from django.utils import timezone
from playwright.sync_api import Locator, expect

from dossiers.enums import Status
from dossiers.models import Dossier, DossierStage
from ecare import french
from tests.journey.conftest import Visitor, choose, link_in, path_of, wait_for_mail

FINESS = "010000255"
EMPTY = "0/19 questions obligatoires répondues"
FULL = "19/19 questions obligatoires répondues"


def test_the_guide_from_registration_to_transfer(arrive: Callable[[str], Visitor], documents: Path) -> None:
    referent = arrive("camille.durand")
    referent.register(
        finess=FINESS,
        region="Auvergne-Rhône-Alpes",
        first_name="Camille",
        last_name="Durand",
        search="accueil sourd formation",
    )
    referent.sign_in()
    referent.accept_terms()

    reference = create_dossier(referent)
    fill_form(referent, documents)
    recap_and_transmit(referent, reference)

    verifier = arrive("ada.lenoir")
    verifier.sign_in()
    ask_for_modification(verifier, reference)
    correct(referent, reference)
    validate(verifier, reference)
    referent.visit(f"/dossiers/{reference}/")
    expect(referent.page.get_by_text("Validé", exact=True).first).to_be_visible()
    wait_for_mail(referent.email, f"{reference} est validé")

    colleague = arrive("nadia.petit")
    colleague.register(
        finess=FINESS, region="Auvergne-Rhône-Alpes", first_name="Nadia", last_name="Petit", search=FINESS
    )
    colleague.sign_in()
    colleague.accept_terms()
    transfer(referent, colleague, reference)


def create_dossier(referent: Visitor) -> str:
    """Guide, page 21: nothing yet, then « Créer un dossier »."""
    page = referent.page
    expect(page.get_by_role("heading", name="Présentation des guichets disponibles")).to_be_visible()
    expect(page.locator("main").get_by_text("Aucune candidature")).to_be_visible()
    scope = page.locator("dialog[open]" if referent.scripted else "main")
    if referent.scripted:
        page.get_by_role("link", name="Créer un dossier", exact=True).click()
        expect(scope).to_be_visible()
        referent.look()
    else:
        referent.follow("Créer un dossier")
    expect(scope.get_by_role("heading", name="Candidater à un domaine ou à un dispositif")).to_be_visible()
    scope.get_by_label(re.compile("le domaine ou le dispositif")).select_option(
        label="Phase exploratoire de l'AAP pour la mise en œuvre de mesures de cybersécurité pour les ESSMS"
    )
    scope.get_by_label(re.compile("l'établissement pour lequel")).select_option(index=0)
    referent.arrive_by(scope.get_by_role("button", name="Valider"))
    dossier = Dossier.objects.get()
    expect(page.get_by_text(dossier.reference).first).to_be_visible()
    expect(page.get_by_text("Ce dossier n'est pas transmis.")).to_be_visible()
    expect(page.get_by_text(EMPTY)).to_be_visible()
    return dossier.reference


def tick(visitor: Visitor, label: str) -> None:
    visitor.page.get_by_text(label, exact=False).first.click()


def fill_form(referent: Visitor, documents: Path) -> None:
    """Guide, pages 22 and 23: half of it, a draft, an error kept as typed, then the rest."""
    page = referent.page
    form = page.locator("#formulaire")
    choose(form.get_by_label(re.compile("Je certifie pouvoir engager")))
    choose(form.get_by_label("ESSMS seul"))
    choose(form.get_by_label("Parcours 2"))
    choose(form.get_by_label("Privé non lucratif"))
    fill_contact(form, "contact_ciso", "Zoé", phone="12")
    referent.press("Enregistrer comme brouillon")
    assert page.title().startswith("Erreur – ")
    assert page.locator("#id_contact_ciso-phone").input_value() == "12"
    expect(page.get_by_text("Saisissez un numéro de téléphone valide").first).to_be_visible()
    expect(page.get_by_text("4/19 questions obligatoires répondues")).to_be_visible()

    for site in form.locator("input[name='perimeter-sites']").all():
        choose(site)
    for site in form.locator("input[name='perimeter-equipped']").all():
        choose(site)
    if referent.scripted:
        sites = form.locator("input[name='perimeter-sites']").count()
        expect(page.locator("#estimation")).to_contain_text(french.euros(17_000 * min(sites, 4)))
    choose(form.get_by_label("Direction", exact=True))
    for words in (
        "à être le référent CaRE",
        "déclarées équipées",
        "la lettre d'engagement",
        "diagnostic OPSSIMS",
        "tous les champs",
    ):
        choose(form.get_by_role("checkbox", name=re.compile(words)))
    fill_contact(form, "contact_ciso", "Zoé")
    fill_contact(form, "contact_cio", "Paul")
    fill_contact(form, "contact_signatory", "Inès")
    page.locator("#id_bank-holder").fill("Association d'accueil")
    page.locator("#id_bank-iban").fill("FR76 3000 6000 0112 3456 7890 189")
    page.locator("#id_bank-bic").fill("AGRIFRPP")
    for slot in ("prerequisite_1", "prerequisite_2", "prerequisite_3", "framework"):
        page.locator(f"#{slot}_files-files").set_input_files(documents / "lettre.pdf")
    page.locator("#bank-files").set_input_files(documents / "lettre.pdf")
    if referent.scripted:  # each leaves as soon as it is chosen
        expect(page.locator("[data-files] li")).to_have_count(5)
    referent.press("Enregistrer comme brouillon")
    assert not page.title().startswith("Erreur")
    expect(page.get_by_text(FULL)).to_be_visible()
    expect(page.get_by_text("Votre brouillon est enregistré")).to_be_visible()
    sites = form.locator("input[name='perimeter-sites']").count()
    expect(page.locator("#estimation").get_by_text(french.euros(17_000 * min(sites, 4))).first).to_be_visible()

    # A file refused says why, archived it leaves; nothing typed is lost.
    page.locator("#framework_files-files").set_input_files(
        {"name": "budget.exe", "mimeType": "application/pdf", "buffer": b"MZ\x90\x00"}
    )
    if not referent.scripted:
        page.locator("#question-framework_files").get_by_role("button", name=re.compile("^Déposer")).click()
    page.get_by_text("n'est pas accepté").first.wait_for()
    referent.look()
    assert page.locator("#id_bank-holder").input_value() == "Association d'accueil"


def fill_contact(form: Locator, code: str, first_name: str, phone: str = "01 23 45 67 89") -> None:
    choose(form.locator(f"#question-{code}").get_by_label("Madame"))
    for field, value in {
        "last_name": "Martin",
        "first_name": first_name,
        "position": "Responsable",
        "email": f"{code}@exemple.fr".replace("_", "."),
        "phone": phone,
    }.items():
        form.locator(f"#id_{code}-{field}").fill(value)


def recap_and_transmit(referent: Visitor, reference: str) -> None:
    """Guide, page 24: « Suivant », the recap, « Transmettre votre dossier », the receipt."""
    page = referent.page
    referent.press("Suivant")
    expect(page.get_by_role("heading", name="Vérifier votre saisie")).to_be_visible()
    expect(page.get_by_text("Avant de transmettre votre dossier, nous vous invitons")).to_be_visible()
    expect(page.get_by_text(FULL)).to_be_visible()
    referent.press("Transmettre votre dossier")
    expect(page.get_by_text("Transmis", exact=True).first).to_be_visible()
    expect(page.get_by_text("vous recevrez un e-mail à chaque changement de statut").first).to_be_visible()
    message = wait_for_mail(referent.email, f"{reference} est transmis")
    assert path_of(link_in(message)) == f"/dossiers/{reference}/"
    receipt = page.request.get(page.url.rstrip("/") + "/recepisse/1.pdf")
    assert receipt.status == 200
    assert receipt.body().startswith(b"%PDF-")


def ask_for_modification(verifier: Visitor, reference: str) -> None:
    """What the guide's page 24 supposes: a verifier asks for a modification."""
    page = verifier.page
    verifier.accept_terms() if page.url.endswith("/cgu/accepter/") else None
    verifier.follow("Tous les dossiers")
    page.get_by_label("Rechercher").first.fill("accueil sourd")
    verifier.arrive_by(page.get_by_role("button", name=re.compile("Rechercher|Filtrer|Appliquer")).first)
    verifier.arrive_by(page.get_by_role("link", name=re.compile(reference)).first)
    verifier.follow("Demander une modification")
    page.get_by_label("Message au référent").fill("Merci de compléter le signataire.")
    page.get_by_label("Remarque sur « Signataire de la convention »").fill("Prénom à vérifier.")
    page.get_by_label("À corriger au plus tard le").fill(f"{timezone.localdate() + dt.timedelta(days=10):%Y-%m-%d}")
    verifier.arrive_by(page.locator("main").get_by_role("button", name=re.compile("^(Demander|Envoyer)")))
    assert not page.title().startswith("Erreur"), page.locator("[data-error-summary]").inner_text()
    assert DossierStage.objects.get(dossier__reference=reference).status == Status.MODIFICATION_REQUESTED


def correct(referent: Visitor, reference: str) -> None:
    """Guide, page 24: the request stands on top of the form; correct, check, transmit again."""
    page = referent.page
    message = wait_for_mail(referent.email, f"modification demandée sur votre dossier {reference}")
    assert "Merci de compléter le signataire." in str(message.body)
    referent.visit(f"/dossiers/{reference}/")
    referent.look()
    expect(
        page.get_by_role("heading", name="Demande de modification de l'étape Formulaire de candidature")
    ).to_be_visible()
    expect(page.get_by_text("Prénom à vérifier.")).to_be_visible()
    assert page.locator("#id_contact_ciso-last_name").count() == 0, "contacts are frozen once transmitted"
    page.locator("#id_contact_signatory-first_name").fill("Irène")
    referent.press("Suivant")
    expect(page.get_by_text("Irène").first).to_be_visible()
    referent.press("Transmettre votre dossier")
    expect(page.get_by_text("Transmis", exact=True).first).to_be_visible()
    stage = DossierStage.objects.get(dossier__reference=reference)
    assert stage.transmissions.count() == 2
    assert stage.transmissions.get(number=1).answers["contact_signatory"]["first_name"] == "Inès"


def validate(verifier: Visitor, reference: str) -> None:
    page = verifier.page
    verifier.visit(f"/instruction/{reference}/")
    expect(page.get_by_text("Irène").first).to_be_visible()
    verifier.arrive_by(page.get_by_role("link", name=re.compile("^Valider")))
    verifier.arrive_by(page.locator("main").get_by_role("button", name=re.compile("^Valider")))
    assert DossierStage.objects.get(dossier__reference=reference).status == Status.VALIDATED


def transfer(referent: Visitor, colleague: Visitor, reference: str) -> None:
    """Guide, pages 31 and 32: « Votre compte », the colleague, « Transférer mes dossiers »."""
    page = referent.page
    referent.visit("/compte/")
    referent.look()
    referent.follow("Nadia Petit")
    if referent.scripted:
        page.get_by_role("link", name="Transférer mes dossiers", exact=True).click()
        expect(page.locator("dialog[open]")).to_be_visible()
        referent.look()
    else:
        referent.follow("Transférer mes dossiers")
    expect(page.get_by_text("vous n'aurez plus accès au dossier après validation du transfert")).to_be_visible()
    choose(page.get_by_label(re.compile(reference)))
    referent.press("Confirmer le transfert")
    wait_for_mail(referent.email, f"transféré le dossier {reference}")
    wait_for_mail(colleague.email, f"{reference} vous est transféré")
    former = page.goto(f"{referent.url}/dossiers/{reference}/")
    assert former is not None
    assert former.status == 404
    response = colleague.page.goto(f"{colleague.url}/dossiers/{reference}/")
    assert response is not None
    assert response.status == 200
    expect(colleague.page.get_by_text("Validé", exact=True).first).to_be_visible()
