"""The texts that the team writes once, and that decisions start from (I3)."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from dossiers import template_texts, workflow
from dossiers.enums import TextPurpose
from dossiers.models import Event, TemplateText
from ecare import french
from ecare.models import AuditEntry
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages

pytestmark = pytest.mark.django_db


def written(purpose: str, body: str, *, name: str = "Diagnostic incomplet", guichet: object = None) -> TemplateText:
    content = {"name": name, "purpose": purpose, "guichet": guichet, "body": body}
    return workflow.texts.save(None, by=UserFactory(lead=True), **content)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("purpose", "body", "said"),
    [
        (TextPurpose.MODIFICATION, "Bonjour {prenom}", "« {prenom} » n'existe pas"),
        (TextPurpose.REJECTION, "Avant le {echeance}", "« {echeance} » n'existe que pour une demande de modification"),
        (TextPurpose.REMARK, "Le dossier {reference", "accolade"),
        (TextPurpose.REMARK, "{reference.__class__}", "« {reference.__class__} » n'existe pas"),
        (TextPurpose.REMARK, "Dossier {reference}, jusqu'au {echeance}", ""),
    ],
)
def test_a_field_that_means_nothing_is_named_when_the_text_is_saved(purpose: str, body: str, said: str) -> None:
    client = factories.signed_in(UserFactory(lead=True))
    data = {"name": "Motif", "purpose": purpose, "guichet": "", "body": body}
    answer = client.post("/instruction/textes/nouveau/", data)
    if not said:
        assert answer.status_code == 302
        return
    assert said in pages.text(answer)
    assert pages.title(answer).startswith("Erreur")
    assert body in pages.text(answer)
    assert not TemplateText.objects.exists()
    with pytest.raises(workflow.Refused):
        written(purpose, body)


def test_a_text_is_inserted_without_losing_what_was_typed_and_leaves_with_its_date() -> None:
    stage = factories.transmitted()
    message = written(TextPurpose.MODIFICATION, "Dossier {reference} de {raison_sociale}, jusqu'au {echeance}.")
    remark = written(TextPurpose.REMARK, "Corrigez d'ici au {echeance}.")
    elsewhere = written(TextPurpose.MODIFICATION, "Autre.", name="D'ailleurs", guichet=factories.guichet())
    client, url = factories.signed_in(UserFactory(verifier=True)), pages.url("request-modification", stage)
    shown = client.get(url).content.decode()
    assert str(message.public_id) in shown
    assert str(elsewhere.public_id) not in shown
    typed = {"message": "Bonjour.", "remark_track": "Lequel ?", "due_on": "n'importe quoi", "read": 1}
    page = client.post(url, {**typed, "insert": "message", "text_message": message.public_id})
    entity = stage.dossier.legal_entity.display_name
    said = f"Bonjour.\n\nDossier {stage.dossier.reference} de {entity}, jusqu'au {{echeance}}."
    assert said in page.content.decode().replace("&#x27;", "'")
    assert "Lequel ?" in pages.text(page)
    assert "n&#x27;importe quoi" in page.content.decode()
    assert "Choisissez dans la liste" in pages.text(client.post(url, {**typed, "insert": "message"}))
    page = client.post(url, {**typed, "message": said, "insert": "remark_track", "text_remark_track": remark.public_id})
    assert "Lequel ?\n\nCorrigez d'ici au {echeance}." in page.content.decode().replace("&#x27;", "'")
    # The date replaces its field wherever it stands, in the preview as in what leaves.
    due_on = timezone.localdate() + dt.timedelta(days=9)
    typed |= {"message": said, "remark_track": "D'ici au {echeance}.", "due_on": str(due_on)}
    assert "{echeance}" in pages.text(
        client.post(url, {**typed, "preview": "1"})
    )  # what is being written still says it
    assert client.post(url, typed).status_code == 302
    request = stage.modification_requests.get()
    until = french.until(request.due_at)
    assert request.message.endswith(f"jusqu'au {until}.")
    assert request.remarks.get().text == f"D'ici au {until}."
    assert until in Email.objects.get(kind="dossier_modification_requested").text


def test_an_insertion_does_not_forget_which_transmission_was_read() -> None:
    stage = factories.transmitted()
    text = written(TextPurpose.REJECTION, "Hors périmètre.")
    client, url = factories.signed_in(UserFactory(verifier=True)), pages.url("reject", stage)
    sent = {"reason": "", "read": 7, "insert": "reason", "text_reason": text.public_id}
    assert pages.fields(client.post(url, sent))["read"] == "7"


def test_a_validation_is_read_as_an_email_before_it_leaves_with_its_message() -> None:
    stage = factories.transmitted()
    factories.next_stages()
    client, url = factories.signed_in(UserFactory(verifier=True)), pages.url("validate", stage)
    preview = client.post(url, {"message": "Bravo à toute l'équipe.", "read": 1, "preview": "1"})
    assert factories.fresh(stage).status == "transmitted"
    shown = pages.text(preview)
    assert client.post(url, {"message": "Bravo à toute l'équipe.", "read": 1}).status_code == 302
    sent = Email.objects.get(kind="dossier_validated")
    body = sent.text.split("Commencer l'étape")[0]
    assert " ".join(body.replace("\u00a0", " ").replace("\u202f", " ").split()) in shown
    assert "Bravo à toute l'équipe." in sent.text
    assert Event.objects.get(kind="validated").message == "Bravo à toute l'équipe."


def test_two_leads_never_overwrite_each_other_and_others_write_nothing() -> None:
    text = written(TextPurpose.REJECTION, "Hors périmètre.")
    late = factories.signed_in(UserFactory(lead=True))
    url = f"/instruction/textes/{text.public_id}/"
    page = late.get(url)
    first = {"name": "Motif", "purpose": "reject", "guichet": None, "body": "Hors barème."}
    workflow.texts.save(text, by=UserFactory(lead=True), read=1, **first)  # type: ignore[arg-type]
    typed = {"name": "Motif", "purpose": "reject", "body": "Hors délai.", "read": pages.fields(page)["read"]}
    told = late.post(url, typed)
    assert told.status_code == 409
    assert "Hors barème." in pages.text(told)
    assert "Hors délai." in pages.text(told)
    assert late.post(url, {"read": 1, "remove": "1"})["Location"] == url
    assert late.post(url, {**typed, "read": pages.fields(told)["read"]}).status_code == 302
    text.refresh_from_db()
    assert (text.body, text.version) == ("Hors délai.", 3)
    assert AuditEntry.objects.filter(kind="administered", detail__has_key="changed").count() == 2
    same_name = late.post("/instruction/textes/nouveau/", {**typed, "read": ""})
    assert "porte déjà ce nom" in pages.text(same_name)
    with pytest.raises(workflow.NotAllowed):
        workflow.texts.save(None, by=UserFactory(verifier=True), **{**first, "name": "Autre"})  # type: ignore[arg-type]
    assert late.post(url, {"read": 3, "remove": "1"})["Location"] == "/instruction/textes/"
    gone = late.post(url, typed)
    assert gone.status_code == 409
    assert "Hors délai." in pages.text(gone)


def test_the_administration_writes_them_by_the_same_rules() -> None:
    client = factories.signed_in(UserFactory(admin=True))
    data = {"name": "Motif", "purpose": "reject", "guichet": "", "body": "Hors {barème}."}
    assert "n'existe pas" in pages.text(client.post("/admin/dossiers/templatetext/add/", data))
    assert client.post("/admin/dossiers/templatetext/add/", {**data, "body": "Hors barème."}).status_code == 302
    text = TemplateText.objects.get()
    address = f"/admin/dossiers/templatetext/{text.pk}/change/"
    assert client.post(address, {**data, "body": "Hors délai.", "read": 1}).status_code == 302
    text.refresh_from_db()
    assert (text.body, text.version) == ("Hors délai.", 2)


def test_every_field_offered_is_filled() -> None:
    stage = factories.transmitted()
    body = " ".join(f"{{{name}}}" for name in template_texts.FIELDS)
    due_at = timezone.now() + dt.timedelta(days=9)
    assert "{" not in template_texts.dated(template_texts.filled(body, stage), due_at)
