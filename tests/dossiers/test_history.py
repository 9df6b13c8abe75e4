"""The history of a dossier of several étapes, on both sides and on paper (D14, D15): what each line is about, and
to whom it is told."""

from __future__ import annotations

import io

import pypdf
import pytest
from django.test import Client

from dossiers import workflow
from dossiers.enums import RegionalRole
from dossiers.models import DossierStage
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages

pytestmark = pytest.mark.django_db


def paper(client: Client, stage: DossierStage) -> str:
    """Without any space: a long word is cut at the end of a line."""
    content = client.get(pages.url("instructed-paper", stage)).content
    return "".join("".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages).split())


def test_a_line_names_its_etape_once_the_dossier_has_several() -> None:
    first = factories.validated()
    verifier = factories.signed_in(UserFactory(verifier=True))
    about = ", étape « Formulaire de candidature »"
    sides = ((verifier, "instruction-dossier"), (pages.owner(first), "history"))
    for client, name in sides:
        assert about not in pages.text(client.get(pages.url(name, first)))
    _, objectives = factories.next_stages()
    workflow.start_stage(first, objectives, by=first.dossier.referent, at=factories.timezone.now())
    for client, name in sides:
        said = pages.text(client.get(pages.url(name, first)))
        assert f"(Vérificateur ANS){about}" in said, "who validated it, and what"
        assert ", étape « Atteinte des objectifs »" in said
    assert "Étapevalidée–Formulairedecandidature" in paper(verifier, first)


def test_a_regional_instructor_reads_nothing_of_an_etape_that_does_not_let_him_in() -> None:
    stage = factories.started()
    dossier = stage.dossier
    workflow.desk.note(
        dossier.stages.get(is_instructed=True), by=UserFactory(lead=True), text="Lu.", at=factories.timezone.now()
    )
    factories.save(stage, word={"value": "Fait."})
    factories.transmit(stage)
    lead, verifier = UserFactory(lead=True), UserFactory(verifier=True)
    workflow.desk.note(factories.fresh(stage), by=lead, text="Preuves douteuses.", at=factories.timezone.now())
    workflow.reject(factories.fresh(stage), by=verifier, reason="Preuves insuffisantes.")
    stage.stage.regional_role = RegionalRole.NONE
    stage.stage.save()
    # The candidature is what he may still read.
    address = pages.url("instruction-stage", stage, "candidature")
    regional = factories.signed_in(UserFactory(regional=True, regions=[dossier.legal_entity.region]))
    said = pages.text(regional.get(address))
    assert "Étape validée" in said
    assert "Lu." in said
    assert "Preuves" not in said
    assert ", étape « Atteinte des objectifs »" not in said
    # The others read it all.
    assert "Preuves insuffisantes." in pages.text(factories.signed_in(verifier).get(address))
    assert "Preuves douteuses." in pages.text(factories.signed_in(verifier).get(address))
