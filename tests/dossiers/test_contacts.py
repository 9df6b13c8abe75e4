"""The contacts of a transmitted dossier, corrected by a responsable (D12, I8)."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pypdf
import pytest
from django.core.files.storage import default_storage
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import User
from dossiers import kinds, queries, workflow
from dossiers.enums import EventKind, ExportFormat
from dossiers.models import DossierStage, Event
from ecare import french
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages

pytestmark = pytest.mark.django_db


def url(stage: DossierStage, code: str = "contact_ciso") -> str:
    return f"/instruction/{stage.dossier.reference}/contacts/{code}/"


def typed(
    client: Client, stage: DossierStage, reason: str = "Elle a quitté l'établissement.", **fields: str
) -> dict[str, str]:
    return {**factories.contact(**fields), "read": pages.fields(client.get(url(stage)))["read"], "reason": reason}


def test_a_responsable_corrects_a_contact_and_both_sides_read_it() -> None:
    stage = factories.transmitted()
    lead, verifier = UserFactory(lead=True, last_name="Laurent"), UserFactory(verifier=True)
    client = factories.signed_in(lead)
    Email.objects.all().delete()
    sent = stage.transmissions.get().answers["contact_ciso"]
    assert factories.signed_in(verifier).get(url(stage)).status_code == 404
    assert "Corriger ce contact" not in pages.text(
        factories.signed_in(verifier).get(pages.url("instruction-dossier", stage))
    )
    for code in ("bank", "inconnu"):
        assert client.get(url(stage, code)).status_code == 404
    wrong = client.post(url(stage), typed(client, stage, reason="", email="zoe"))
    assert "Saisissez une adresse électronique" in pages.text(wrong)
    assert "Indiquez le motif de la correction" in pages.text(wrong)
    same = client.post(url(stage), typed(client, stage))
    assert "Rien n'est changé" in pages.text(same)
    assert not Email.objects.exists()
    late = typed(client, stage, last_name="Tard")
    client.post(url(stage), typed(client, stage, email="nouvelle@exemple.fr", last_name="Martin"))
    assert stage.answers.get(code="contact_ciso").value["email"] == "nouvelle@exemple.fr"
    page = pages.text(client.get(pages.url("instruction-dossier", stage)))
    assert "nouvelle@exemple.fr" in page
    today = french.day(timezone.now())
    assert f"Corrigé le {today}, depuis la transmission. Motif : Elle a quitté l'établissement." in page
    assert stage.transmissions.get().answers["contact_ciso"] == sent, "what was sent stays as it was"
    event = Event.objects.get(kind=EventKind.CONTACT_CORRECTED)
    assert "nom, adresse e-mail" in event.message
    assert "Elle a quitté l'établissement." in event.message
    assert event in queries.history(stage), "its référent reads it too"
    (told,) = Email.objects.filter(kind="contact_corrected")
    assert told.to == stage.dossier.referent.email
    assert "Elle a quitté l'établissement." in told.text
    refused = client.post(url(stage), late)
    page = pages.text(refused)
    assert refused.status_code == 409
    assert "Ce contact a été corrigé depuis que vous avez ouvert cette page" in page
    assert "Le contact tel qu'il est maintenant" in page
    assert "Adresse e-mail : nouvelle@exemple.fr" in page
    assert 'value="Tard"' in refused.content.decode(), "what was typed is not lost"
    assert Email.objects.count() == 1
    # Read at last, it may be replaced.
    read = pages.fields(refused)["read"]
    assert client.post(url(stage), {**late, "read": read}).status_code == 302
    assert stage.answers.get(code="contact_ciso").value["last_name"] == "Tard"


@pytest.mark.parametrize("name", [*factories.contact(), "reason", "read"])
def test_a_character_that_postgresql_refuses_fails_no_correction(name: str) -> None:
    stage = factories.transmitted()
    client = factories.signed_in(UserFactory(lead=True))
    sent = typed(client, stage, last_name="Martin")
    assert client.post(url(stage), {**sent, name: f"{sent[name]}\0"}).status_code in {200, 302}
    raw = stage.answers.get(code="contact_ciso").raw
    assert not any("\0" in text for text in raw.values())


def test_what_is_transmitted_again_holds_the_correction() -> None:
    stage = factories.modification_requested()
    client = factories.signed_in(UserFactory(lead=True))
    client.post(url(stage), typed(client, stage, email="nouvelle@exemple.fr"))
    assert stage.answers.get(code="contact_ciso").raw == factories.contact(email="nouvelle@exemple.fr")
    assert kinds.digest(factories.contact()) != pages.fields(client.get(url(stage)))["read"]
    factories.transmit(stage)
    again = stage.transmissions.latest("number")
    assert again.answers["contact_ciso"]["email"] == "nouvelle@exemple.fr"
    page = pages.text(client.get(pages.url("instruction-dossier", stage)))
    assert "depuis la transmission. Motif" not in page


def test_a_contact_that_the_referent_may_be_rewriting_is_neither_shown_nor_written_over() -> None:
    """D11: the signatory stays open during a modification, the RSSI does not."""
    stage = factories.transmitted()
    client, signatory = factories.signed_in(UserFactory(lead=True)), url(stage, "contact_signatory")
    opened_before = pages.fields(client.get(signatory))["read"]
    workflow.request_modification(
        stage,
        by=UserFactory(verifier=True),
        message="Corrigez.",
        remarks={},
        due_at=timezone.now() + dt.timedelta(days=7),
    )
    factories.save(stage, contact_signatory=factories.contact(last_name="Brouillon"))
    assert client.get(signatory).status_code == 404
    dossier = client.get(pages.url("instruction-dossier", stage)).content.decode()
    assert signatory not in dossier
    assert url(stage, "contact_ciso") in dossier
    late = client.post(
        signatory, {**factories.contact(last_name="Tard"), "read": opened_before, "reason": "Il est parti."}
    )
    assert "ce contact revient au référent" in pages.text(late)
    assert "Brouillon" not in late.content.decode()
    assert 'value="Tard"' in late.content.decode(), "what was typed is not lost"
    assert stage.answers.get(code="contact_signatory").value["last_name"] == "Brouillon"
    factories.transmit(stage)
    assert client.get(signatory).status_code == 200


def test_paper_keeps_what_was_transmitted_with_the_correction_beside_and_an_export_gives_who_to_write_to() -> None:
    stage, other = factories.transmitted(), factories.transmitted()
    lead = UserFactory(lead=True)
    client = factories.signed_in(lead)
    client.post(url(stage), typed(client, stage, email="nouvelle@exemple.fr", last_name="Martin"))
    for reader, name in ((stage.dossier.referent, "paper"), (lead, "instructed-paper")):
        text = paper_text(factories.signed_in(reader).get(pages.url(name, stage)))
        assert "Adressee-mail:zoe.durand@exemple.fr" in text
        assert "Adressee-mailenvigueur:nouvelle@exemple.fr" in text
        said = f"Corrigéle{french.day(timezone.now())}parunresponsabled'instruction.Motif:Elleaquittél'établissement."
        assert said.replace(" ", "") in text
    receipt = paper_text(factories.signed_in(stage.dossier.referent).get(pages.url("receipt", stage, 1)))
    assert "zoe.durand@exemple.fr" in receipt
    assert "nouvelle@exemple.fr" not in receipt
    assert "envigueur" not in paper_text(factories.signed_in(lead).get(pages.url("instructed-paper", other)))
    columns = ["reference", *(f"poc-essms.candidature.{code}" for code in ("contact_ciso", "contact_cio"))]
    lines = {line["Référence"]: list(line.values()) for line in exported(lead, columns)}
    corrected, untouched = lines[stage.dossier.reference], lines[other.dossier.reference]
    assert ("nouvelle@exemple.fr" in corrected, "Madame Zoé Martin" in corrected) == (True, True)
    assert corrected.count("zoe.durand@exemple.fr") == 1, "the other contact is as it was sent"
    assert untouched.count("zoe.durand@exemple.fr") == 2


def test_a_contact_that_its_referent_rewrites_is_read_by_nobody_before_it_is_transmitted() -> None:
    """Neither beside another that was corrected, nor once corrected itself (D11)."""
    stage = factories.transmitted()
    client = factories.signed_in(UserFactory(lead=True))
    verifier = UserFactory(verifier=True)
    for code in ("contact_ciso", "contact_signatory"):
        page = pages.fields(client.get(url(stage, code)))
        raw = {**factories.contact(email="corrige@exemple.fr"), "read": page["read"], "reason": "Départ."}
        assert client.post(url(stage, code), raw).status_code == 302
    workflow.request_modification(
        stage, by=verifier, message="Complétez.", remarks={}, due_at=timezone.now() + dt.timedelta(days=5)
    )
    stage = factories.fresh(stage)
    factories.save(
        stage,
        contact_signatory=factories.contact(email="en.cours@exemple.fr"),
        contact_commitment=factories.contact(email="en.cours@exemple.fr"),
    )
    assert stage.answers.get(code="contact_signatory").value["email"] == "en.cours@exemple.fr"
    page = pages.text(client.get(pages.url("instruction-dossier", stage)))
    assert "corrige@exemple.fr" in page
    assert "en.cours@exemple.fr" not in page
    text = paper_text(client.get(pages.url("instructed-paper", stage)))
    assert "corrige@exemple.fr" in text
    assert "en.cours@exemple.fr" not in text
    columns = [f"poc-essms.candidature.{code}" for code in ("contact_ciso", "contact_signatory", "contact_commitment")]
    (line,) = exported(verifier, columns)
    assert "corrige@exemple.fr" in line.values()
    assert "en.cours@exemple.fr" not in line.values()


def paper_text(response: HttpResponse) -> str:
    """What a PDF says, without any space: a long word is cut at the end of a line."""
    found = pypdf.PdfReader(io.BytesIO(response.content)).pages
    return "".join("".join(page.extract_text() for page in found).split())


def exported(owner: User, columns: list[str]) -> list[dict[str, str]]:
    export = workflow.exports.ask(owner, query="", format=ExportFormat.CSV, columns=columns, at=timezone.now())
    workflow.exports.produce(export.pk)
    export.refresh_from_db()
    with default_storage.open(export.file) as file:
        return list(csv.DictReader(io.StringIO(file.read().decode("utf-8-sig")), delimiter=";"))
