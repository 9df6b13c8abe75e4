"""A requested modification opens what the verifier remarked, and what follows from it (D11, D12)."""

from __future__ import annotations

import pytest
from django.utils import timezone

from dossiers import queries, workflow
from dossiers.models import DossierStage, ModificationRequest, Transmission
from dossiers.sheet import Sheet
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages

pytestmark = pytest.mark.django_db


def correcting(stage: DossierStage) -> Sheet:
    stage = factories.fresh(stage)
    return queries.sheet(stage, request=queries.pending_request(stage))


def opened(stage: DossierStage) -> set[str]:
    return {entry.code for entry in correcting(stage).entries if entry.editable}


def states(stage: DossierStage) -> dict[str, str]:
    return {entry.code: entry.state for entry in correcting(stage).entries}


def test_only_the_questions_remarked_and_those_that_they_decide_can_be_corrected() -> None:
    stage = factories.modification_requested(remarks={"applicant_kind": "Vérifiez."}, opens_everything=False)
    open_now = {"applicant_kind", "partnership_agreement"}
    assert opened(stage) == open_now
    standing = queries.standing(factories.fresh(stage))
    assert {entry.code for entry in standing.entries if entry.editable} == open_now, "one rule, read in two ways"

    saved = factories.save(stage, applicant_kind={"value": "convention"}, track={"value": "3"})

    assert saved.written == ["applicant_kind"]
    referent, at = stage.dossier.referent, timezone.now()
    with pytest.raises(workflow.FileRefused, match="ne porte pas sur"):
        workflow.add_file(stage, "framework_files", factories.pdf(), by=referent, at=at)
    with pytest.raises(workflow.FileRefused, match="ne porte pas sur"):
        workflow.archive_file(stage.attachments.get(code="framework_files"), by=referent, at=at)
    workflow.add_file(stage, "partnership_agreement", factories.pdf(), by=referent, at=at)
    assert factories.transmit(stage).transmissions.count() == 2


def test_what_misses_can_always_be_completed_and_what_was_corrected_stays_open() -> None:
    """A remark may ask for less than what the form now wants: nobody is stuck."""
    stage = factories.modification_requested(remarks={"track": "Vérifiez."}, opens_everything=False)
    stage.answers.filter(code="bank").update(raw={"holder": "A"}, value=None)
    stage.attachments.filter(code="framework_files").update(archived_at=stage.transmitted_at)
    assert opened(stage) == {"track", "bank", "framework_files"}
    factories.save(stage, bank=factories.answers(stage)["bank"])
    assert opened(stage) == {"track", "bank", "framework_files"}, "a slip can be put right"
    assert states(stage)["bank"] == "corrected"


@pytest.mark.parametrize(("remarks", "asked"), [({}, False), ({"track": "Vérifiez."}, True)])
def test_everything_is_open_without_a_remark_or_when_the_verifier_opens_it(
    remarks: dict[str, str], asked: bool
) -> None:
    stage = factories.modification_requested(remarks=remarks, opens_everything=asked)
    assert ModificationRequest.objects.get().opens_everything
    closed = {entry.code for entry in correcting(stage).entries} - opened(stage)
    assert closed == {"contact_ciso", "contact_cio"}, "contacts stay as they were transmitted (D12)"


def test_the_page_shows_remarks_what_is_closed_and_what_is_corrected() -> None:
    stage = factories.modification_requested(
        remarks={"track": "Confirmez le parcours.", "bank": "IBAN illisible."}, opens_everything=False
    )
    before = Transmission.objects.values().get()
    client = pages.owner(stage)
    body = client.get(pages.url("form", stage)).content.decode()

    def question(code: str) -> str:
        return body.split(f'id="question-{code}"')[1].split('id="question-')[0]

    assert "Confirmez le parcours." in question("track")
    assert "hx-post" in body.split('id="question-track"')[1].split(">")[0]
    for code, why in (("applicant_type", "ne porte pas sur cette réponse"), ("contact_ciso", "écrivez au support")):
        assert "<input" not in question(code)
        assert why in question(code)
    assert "Bon de commande.pdf" in question("prerequisite_1_files")
    assert (states(stage)["track"], states(stage)["bank"], states(stage)["comment"]) == (
        "correct",
        "correct",
        "optional",
    )

    factories.save(stage, track={"value": "3"})
    workflow.archive_file(stage.attachments.get(code="bank"), by=stage.dossier.referent, at=timezone.now())
    workflow.add_file(stage, "bank", factories.pdf("Nouveau RIB.pdf"), by=stage.dossier.referent, at=timezone.now())

    assert (states(stage)["track"], states(stage)["bank"]) == ("corrected", "corrected")
    assert "corrigée" in pages.text(client.get(pages.url("form", stage)))
    assert "Corrigée" in pages.text(client.get(pages.url("recap", stage)))
    assert Transmission.objects.values().get() == before, "what is under instruction does not move"


def test_the_verifier_chooses_what_is_open() -> None:
    stage = factories.transmitted()
    client = factories.signed_in(UserFactory(verifier=True))
    url = pages.url("request-modification", stage)
    assert "Ouvrir tout le formulaire à la correction" in pages.text(client.get(url))
    data = {
        "message": "Complétez.",
        "due_on": timezone.localdate().isoformat(),
        "read": 1,
        "remark_track": "Pourquoi ?",
    }
    assert client.post(url, data).status_code == 302
    assert not ModificationRequest.objects.get().opens_everything
    assert opened(stage) == {"track"}
