"""A verifier's day in a browser: from the home to an export; the same with the keyboard alone, then without JavaScript
(I1–I7, Q61–Q65)."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import User
from dossiers import workflow
from dossiers.enums import Status, TextPurpose
from dossiers.models import DossierStage, Export
from dossiers.workflow import vigilance
from tests.accounts.factories import UserFactory
from tests.browsing import fits
from tests.dossiers import factories
from tests.dossiers.browsing import Check, Open, focused_label, follow
from tests.dossiers.rows import row

pytestmark = pytest.mark.django_db(transaction=True)

#: What makes a candidate of the POC sanitary, and so a point of vigilance.
HOSPITAL = {
    "applicant_type": {"value": "hospital"},
    "perimeter_separation": {"value": "Deux réseaux."},
    "care_funding": {"value": "aucun"},
}
NOTHING = "nothing is focused"
#: What is focused can be seen: on the screen, and with a mark around it or, for the boxes of the design system, around
#: its label.
FOCUS = """() => {
  const focused = document.activeElement;
  if (!focused || focused === document.body) return "nothing is focused";
  const marked = [focused, ...(focused.labels ?? [])];
  const name = (focused.labels?.[0] ?? focused).textContent.trim().slice(0, 60) || focused.name;
  const seen = marked.some((each) => {
    const box = each.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && box.bottom > 0 && box.top < innerHeight && box.right > 0;
  });
  if (!seen) return `not on the screen: ${name}`;
  if (focused.type === "date") return ""; // a browser marks its parts, down to the calendar's button
  const outlined = marked.flatMap((each) => [getComputedStyle(each), getComputedStyle(each, "::before")]);
  return outlined.some((style) => style.outlineStyle !== "none") ? "" : `no mark around: ${name}`;
}"""


def reference(stage: DossierStage) -> str:
    return str(stage.dossier.reference)


def written(purpose: TextPurpose, name: str, body: str) -> None:
    workflow.texts.save(None, by=UserFactory(lead=True), name=name, purpose=purpose, guichet=None, body=body)


@pytest.fixture
def verifier() -> User:
    user: User = UserFactory(verifier=True, first_name="Paul", last_name="Girard")
    return user


def test_a_day_from_the_home_to_an_export(
    open_as: Open, axe: Check, verifier: User, worker: None, tmp_path: Path
) -> None:
    second, first = factories.transmitted(), factories.transmitted()  # the last transmitted comes first in the list
    others = [row(), row()]
    written(TextPurpose.MODIFICATION, "Pièce illisible", "Dossier {reference} : une pièce est illisible.")
    written(TextPurpose.REMARK, "À redéposer", "Déposez ce document à nouveau avant le {echeance}.")
    page = open_as(verifier, "/accueil/")
    expect(page.get_by_role("heading", name="Bonjour Paul")).to_be_visible()
    axe(page)
    follow(page, "À prendre en charge")
    expect(page.locator("tbody tr")).to_have_count(4)
    follow(page, reference(first))
    follow(page, "Prendre en charge", "button")
    expect(page.get_by_text("Vous instruisez ce dossier depuis")).to_be_visible()
    axe(page)

    # A file, in a tab of its own.
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Ouvrir « Lettre d'engagement.pdf » dans un nouvel onglet").click()
    file = opened.value
    expect(file.get_by_role("heading", name="Lettre d'engagement.pdf")).to_be_visible()
    image = file.get_by_role("img", name=re.compile("^Page 1 sur 1"))
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1100
    file.get_by_text("Texte de la page").click()
    axe(file)
    follow(file, "Agrandir deux fois")
    assert fits(file)
    expect(file.get_by_role("region", name="Page agrandie")).to_be_visible()
    axe(file)
    file.close()

    # A modification, from the texts of the team, put where the cursor was.
    follow(page, "Demander une modification")
    remark = page.locator("#id_remark_prerequisite_2_files")
    fold = page.locator(".care-remarked", has=remark)
    fold.locator("summary", has_text="Partir d'un texte type").click()
    fold.get_by_label("Texte type").select_option("À redéposer")
    fold.get_by_role("button", name="Insérer").click()
    expect(remark).to_have_value("Déposez ce document à nouveau avant le {echeance}.")
    expect(remark).to_be_focused()
    message = page.get_by_label("Message au référent")
    message.fill("Bonjour, Merci d'avance.")
    message.evaluate("field => field.setSelectionRange(8, 8)")
    message.blur()
    side = page.locator("#message-general")
    side.get_by_label("Partir d'un texte type").select_option("Pièce illisible")
    side.get_by_role("button", name="Insérer").click()
    said = f"Bonjour,\n\nDossier {reference(first)} : une pièce est illisible.\n\nMerci d'avance."
    expect(message).to_have_value(said)
    expect(message).to_be_focused()
    expect(page.locator("#etat-brouillon")).to_contain_text("Brouillon enregistré à")
    due = timezone.localdate() + dt.timedelta(days=9)
    page.get_by_label("À corriger au plus tard le").fill(str(due))
    axe(page)
    follow(page, "Relire l'e-mail avant l'envoi", "button")
    preview = page.locator(".care-email")
    expect(preview).to_contain_text(f"Dossier {reference(first)} : une pièce est illisible.")
    expect(preview).not_to_contain_text("{echeance}")
    axe(page)
    assert factories.fresh(first).status == Status.TRANSMITTED, "reading sends nothing"
    follow(page, "Envoyer la demande", "button")
    expect(page.locator(".care-reference")).to_contain_text("Modification demandée")
    axe(page)

    # The next one of the list that was filtered, without going back to it.
    assert "verificateur=personne" in page.url
    follow(page, "Dossier suivant")
    expect(page.locator(".care-reference")).to_contain_text(reference(second))
    assert "verificateur=personne" in page.url
    follow(page, "Valider l'étape")
    follow(page, "Valider l'étape", "button")
    expect(page.get_by_text("L'étape est validée.")).to_be_visible()
    assert factories.fresh(second).status == Status.VALIDATED

    # The others, at once.
    page.goto(page.url.split("/instruction/")[0] + "/instruction/")
    follow(page, "Transmis 2 dossiers")
    page.get_by_role("button", name="Cocher la page").click()
    expect(page.locator("[data-ticked]")).to_have_text("2 cochés")
    axe(page)
    page.get_by_label("Agir en lot").select_option("Prendre en charge")
    follow(page, "Préparer le lot", "button")
    expect(page.locator("main")).to_contain_text("2 dossiers")
    axe(page)
    with page.expect_navigation():
        page.locator(".care-batch-form button[type=submit]").click()
    expect(page.locator("#lot")).to_contain_text("Fait", timeout=20_000)
    expect(page.locator("#lot progress")).to_have_count(0, timeout=20_000)
    axe(page)
    assert {factories.fresh(each).dossier.verifier_id for each in others} == {verifier.pk}

    # And the list, in a file.
    follow(page, "Retour à la liste")
    follow(page, "Exporter la liste")
    expect(page.locator("main")).to_contain_text("Statut : Transmis")
    axe(page)
    follow(page, "Demander l'export", "button")
    download = page.get_by_role("link", name=re.compile("^Télécharger l'export"))
    expect(download).to_be_visible(timeout=20_000)
    axe(page)
    with page.expect_download() as started:
        download.click()
    started.value.save_as(tmp_path / "export")
    content = (tmp_path / "export").read_bytes()
    assert len(content) == Export.objects.get().size
    page.context.close()


def test_a_verifier_works_with_the_keyboard_alone(open_as: Open, verifier: User) -> None:
    """Tab, Enter, Space and arrows: what is focused is seen at every step, and what is inserted keeps the focus."""
    stage = factories.transmitted()
    written(TextPurpose.MODIFICATION, "Périmètre", "Complétez le périmètre.")
    page = open_as(verifier, "/accueil/")

    def reach(name: str) -> None:
        """Through the end of the page once at most, where a browser shows its own buttons."""
        ends = 0
        for _ in range(200):
            page.keyboard.press("Tab")
            wrong = page.evaluate(FOCUS)
            ends += wrong == NOTHING
            assert not wrong or (wrong == NOTHING and ends == 1), wrong
            if focused_label(page).startswith(name):
                return
        raise AssertionError(f"Tab never reached {name}")

    def press(name: str, key: str = "Enter") -> None:
        reach(name)
        with page.expect_navigation():
            page.keyboard.press(key)

    press("À prendre en charge")
    press(reference(stage))
    press("Prendre en charge", "Space")
    expect(page.get_by_text("Vous instruisez ce dossier depuis")).to_be_visible()
    reach("Ouvrir « Lettre d'engagement.pdf »")
    with page.expect_popup() as opened:
        page.keyboard.press("Enter")
    expect(opened.value.get_by_role("heading", name="Lettre d'engagement.pdf")).to_be_visible()
    opened.value.close()
    page.bring_to_front()
    press("Demander une modification")
    reach("Remarque sur « Périmètre »")
    page.keyboard.type("Il manque un site.")
    reach("Partir d'un texte type")
    page.keyboard.press("ArrowDown")
    reach("Insérer dans")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Message au référent")).to_have_value("Complétez le périmètre.")
    assert focused_label(page).startswith("Message au référent")
    assert page.evaluate(FOCUS) == ""
    press("Envoyer la demande")
    assert page.title().startswith("Erreur – ")  # the date is missing, what was typed is kept
    assert page.get_by_label("Remarque sur « Périmètre »").input_value() == "Il manque un site."
    assert page.evaluate(FOCUS) == ""


def test_a_verifier_works_without_javascript(open_as: Open, verifier: User, worker: None) -> None:
    stage = factories.transmitted(overrides=HOSPITAL)
    vigilance.appraise_due()
    page = open_as(verifier, "/instruction/", scripted=False)
    page.get_by_label("Guichet", exact=True).select_option(label="POC AAP ESSMS")
    follow(page, "Filtrer les dossiers", "button")
    follow(page, reference(stage))
    follow(page, "Prendre en charge", "button")
    expect(page.get_by_text("Vous instruisez ce dossier depuis")).to_be_visible()
    page.locator("#id_text").fill("Appeler la direction lundi.")
    follow(page, "Ajouter la note", "button")
    expect(page.locator(".care-notes")).to_contain_text("Appeler la direction lundi.")
    flag = page.locator(".care-flag", has_text="se déclare rattaché à un GHT")
    flag.locator("summary").click()
    flag.locator("textarea").fill("Le périmètre est bien médico-social.")
    with page.expect_navigation():
        flag.get_by_role("button", name="Enregistrer l'examen").click()
    expect(flag).to_contain_text("Examiné")
    follow(page, "Valider l'étape")
    follow(page, "Valider l'étape", "button")
    expect(page.get_by_text("L'étape est validée.")).to_be_visible()
    assert factories.fresh(stage).status == Status.VALIDATED
    follow(page, "Instruction")
    follow(page, "Exporter la liste")
    follow(page, "Demander l'export", "button")
    for _ in range(40):
        if page.get_by_role("link", name=re.compile("^Télécharger l'export")).count():
            break
        page.wait_for_timeout(250)
        follow(page, "Actualiser")
    with page.expect_download() as started:
        page.get_by_role("link", name=re.compile("^Télécharger l'export")).click()
    assert started.value.suggested_filename
