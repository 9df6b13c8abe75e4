"""How a file leaves the portal: by an authorised view, as an attachment (Q21)."""

from __future__ import annotations

import re

import pytest
from django.http import FileResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from dossiers import workflow
from dossiers.models import Attachment, DossierStage
from tests.accounts.factories import UserFactory
from tests.dossiers import factories


@pytest.fixture
def stage(db: None) -> DossierStage:
    return factories.draft()


def content(response: HttpResponseBase) -> bytes:
    """The whole of a download; read to its end, as the test client wants it."""
    assert isinstance(response, FileResponse)
    return b"".join(response.streaming_content)  # type: ignore[arg-type]


def file_url(attachment: Attachment, name: str = "file") -> str:
    return reverse(f"dossiers:{name}", args=[attachment.dossier_stage.dossier.reference, attachment.public_id])


def test_a_download_is_an_attachment_that_no_browser_interprets_or_keeps(stage: DossierStage) -> None:
    attachment = factories.deposit(stage, factories.pdf("Lettre signée – été « 2026 ».pdf"))
    response = factories.signed_in(stage.dossier.referent).get(file_url(attachment))
    assert content(response) == factories.pdf_bytes()
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == (
        "attachment; filename*=utf-8''Lettre%20sign%C3%A9e%20%E2%80%93%20%C3%A9t%C3%A9%20%C2%AB%202026%20%C2%BB.pdf"
    )
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"]
    assert int(response["Content-Length"]) == len(factories.pdf_bytes())


@pytest.mark.parametrize("name", ['guillemet".pdf', "point;virgule.pdf", "antislash\\.pdf", "100 %41.pdf", "=cmd.pdf"])
def test_a_name_never_breaks_out_of_the_header(stage: DossierStage, name: str) -> None:
    attachment = factories.deposit(stage, factories.pdf())
    Attachment.objects.update(name=name)
    response = factories.signed_in(stage.dossier.referent).get(file_url(attachment))
    assert content(response)
    value = response["Content-Disposition"]
    assert value.startswith("attachment; filename")
    [parameter] = re.findall(r"""; (filename="(?:[^"\\]|\\.)*"|filename\*=utf-8''[\w.%~-]*)$""", value)
    assert value == f"attachment; {parameter}"


def test_an_archived_file_can_still_be_read_by_its_owner(stage: DossierStage) -> None:
    attachment = factories.deposit(stage, factories.pdf())
    workflow.archive_file(attachment, by=stage.dossier.referent, at=timezone.now())
    response = factories.signed_in(stage.dossier.referent).get(file_url(attachment))
    assert content(response) == factories.pdf_bytes()


@pytest.mark.django_db
def test_only_the_owner_and_instruction_read_a_transmitted_file() -> None:
    stage = factories.modification_requested()
    entity = stage.dossier.legal_entity
    transmitted = stage.attachments.filter(code="bank").get()
    correction = factories.deposit(stage, factories.pdf("correction.pdf"))
    people = {
        "referent": stage.dossier.referent,
        "colleague": factories.referent(entity),
        "stranger": factories.referent(factories.entity()),
        "verifier": UserFactory(verifier=True),
        "admin": UserFactory(admin=True),
    }
    statuses = {}
    for person, user in people.items():
        client = factories.signed_in(user)
        for door in ("file", "instructed-file"):
            for label, attachment in (("transmitted", transmitted), ("correction", correction)):
                response = client.get(file_url(attachment, door))
                if response.status_code != 404:
                    assert content(response) == factories.pdf_bytes()
                    statuses[person, door, label] = response.status_code
    assert statuses == {
        ("referent", "file", "transmitted"): 200,
        ("referent", "file", "correction"): 200,
        # A correction under way is its référent's alone (D11).
        ("verifier", "instructed-file", "transmitted"): 200,
    }


@pytest.mark.django_db
def test_a_file_is_not_found_under_the_reference_of_another_dossier() -> None:
    entity = factories.entity()
    owner = factories.referent(entity)
    one = factories.transmitted(by=owner, legal_entity=entity)
    other = factories.draft(by=owner, legal_entity=entity, stage=factories.guichet().stages.get())
    attachment = one.attachments.all()[0]
    url = reverse("dossiers:file", args=[other.dossier.reference, attachment.public_id])
    assert factories.signed_in(owner).get(url).status_code == 404


def test_nothing_serves_the_folder_of_files(stage: DossierStage) -> None:
    attachment = factories.deposit(stage, factories.pdf())
    client = factories.signed_in(stage.dossier.referent)
    for prefix in ("/", "/media/", "/static/", "/var/media/"):
        assert client.get(prefix + attachment.file.name).status_code == 404


def test_the_blank_model_is_downloaded_by_the_referent_only(stage: DossierStage) -> None:
    url = reverse("dossiers:template-file", args=[stage.dossier.reference, "poc-essms-cadre-de-reponse"])
    response = factories.signed_in(stage.dossier.referent).get(url)
    assert content(response) == factories.docx_bytes()
    assert response["Content-Disposition"].startswith("attachment")
    stranger = factories.signed_in(factories.referent(factories.entity()))
    assert stranger.get(url).status_code == 404
    unknown = reverse("dossiers:template-file", args=[stage.dossier.reference, "autre-modele"])
    assert factories.signed_in(stage.dossier.referent).get(unknown).status_code == 404
