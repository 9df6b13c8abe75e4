"""What a batch says to référents, from the texts of the team, and a dossier that stops it each time (I3, I4b)."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from dossiers import workflow
from dossiers.enums import BatchAction, BatchResult, BatchState
from dossiers.models import Batch, DossierStage, Event, TemplateText
from dossiers.workflow import batch_work, batches
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages
from tests.dossiers.rows import row

pytestmark = pytest.mark.django_db


def text(purpose: str, body: str) -> TemplateText:
    lead = UserFactory(lead=True)
    return workflow.texts.save(None, by=lead, name="Texte de l'équipe", purpose=purpose, guichet=None, body=body)


def prepared(action: BatchAction, count: int = 2) -> tuple[Batch, list[DossierStage]]:
    stages = [row() for _ in range(count)]
    chosen = DossierStage.objects.filter(pk__in=[each.pk for each in stages]).order_by("pk")
    return batches.prepare(chosen, action, by=UserFactory(verifier=True), at=timezone.now()), stages


def messages(stages: list[DossierStage], kind: str) -> list[str]:
    return [Event.objects.get(dossier=each.dossier, kind=kind).message for each in stages]


def test_a_text_of_the_team_is_inserted_without_a_script_and_filled_in_each_dossier() -> None:
    batch, stages = prepared(BatchAction.REJECT)
    kept = text("reject", "Le dossier {reference} est hors périmètre.")
    text("validate", "Pour une validation.")
    client, address = factories.signed_in(batch.author), reverse("dossiers:batch", args=[batch.public_id])
    page = client.get(address)
    assert str(kept.public_id) in page.content.decode()
    assert page.content.decode().count("<option") == 2, "those of a rejection alone"
    nothing = client.post(address, {"insert": "reason", "text_reason": "", "reason": "Bonjour"})
    assert "Choisissez dans la liste le texte à insérer." in pages.text(nothing)
    inserted = client.post(address, {"insert": "reason", "text_reason": kept.public_id, "reason": "Bonjour,"})
    assert "Bonjour,\n\nLe dossier {reference} est hors périmètre." in inserted.content.decode()
    assert not Batch.objects.get(pk=batch.pk).is_complete, "nothing is said yet"
    wrong = client.post(address, {"reason": "Le dossier {numero}"})
    assert "Le champ « {numero} » n'existe pas" in pages.text(wrong)
    checked = client.post(address, {"reason": "Le dossier {reference} est hors périmètre."}, follow=True)
    assert "Ce qui est entre accolades est remplacé, pour chaque référent" in pages.text(checked)
    batches.confirm(batch, by=batch.author, count=2, at=timezone.now())
    batch_work.carry_out(batch.pk)
    assert messages(stages, "rejected") == [
        f"Le dossier {each.dossier.reference} est hors périmètre." for each in stages
    ]


def test_the_date_of_a_request_takes_its_place_in_each_message() -> None:
    batch, stages = prepared(BatchAction.REQUEST_MODIFICATION, 1)
    due_on = timezone.localdate() + dt.timedelta(days=7)
    client, address = factories.signed_in(batch.author), reverse("dossiers:batch", args=[batch.public_id])
    client.post(address, {"message": "À corriger avant le {echeance}.", "due_on": due_on.isoformat()})
    batches.confirm(batch, by=batch.author, count=1, at=timezone.now())
    batch_work.carry_out(batch.pk)
    (said,) = messages(stages, "modification_requested")
    assert "{" not in said
    assert str(due_on.day) in said


def test_a_bulk_validation_may_carry_a_word_and_needs_none() -> None:
    batch, stages = prepared(BatchAction.VALIDATE)
    client, address = factories.signed_in(batch.author), reverse("dossiers:batch", args=[batch.public_id])
    assert "Ajouter un message aux référents" in pages.text(client.get(address))
    assert "Message aux référents (facultatif)" in pages.text(client.get(f"{address}?modifier=1"))
    client.post(address, {"message": ""})
    without = pages.text(client.get(address))
    assert "Ajouter un message aux référents" in without
    assert "reçoit un e-mail, sans message." in without
    client.post(address, {"message": "Bravo pour {raison_sociale}."})
    told = pages.text(client.get(address))
    assert "Bravo pour" in told
    assert "reçoit un e-mail, avec le message ci-dessus." in told
    batches.confirm(batch, by=batch.author, count=2, at=timezone.now())
    batch_work.carry_out(batch.pk)
    names = [each.dossier.legal_entity.display_name for each in stages]
    assert messages(stages, "validated") == [f"Bravo pour {name}." for name in names]


def test_a_dossier_that_kills_its_worker_each_time_is_given_up_and_the_batch_ends() -> None:
    batch, _ = prepared(BatchAction.TAKE)
    batches.confirm(batch, by=batch.author, count=2, at=timezone.now())
    silent = timezone.now() - 2 * batch_work.SILENCE
    for _ in range(batch_work.MOST_TRIES):
        taken = batch_work.take(batch.pk)
        assert taken is not None
        begun = batch_work.begin(taken)  # and dies
        assert begun is not None
        assert begun.result == BatchResult.WAITING
        Batch.objects.filter(pk=batch.pk).update(beat_at=silent)
    batch_work.carry_out(batch.pk)
    first, second = batch.items.order_by("position")
    assert (first.result, "interrompu trois fois" in first.reason) == (BatchResult.REFUSED, True)
    assert second.result == BatchResult.DONE
    assert Batch.objects.get(pk=batch.pk).state == BatchState.DONE
