"""The contacts of a transmitted dossier, corrected by a responsable (D12, I8)."""

from __future__ import annotations

import pytest
from django.test import Client

from dossiers import kinds, queries
from dossiers.enums import EventKind
from dossiers.models import DossierStage, Event
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages

pytestmark = pytest.mark.django_db


def url(stage: DossierStage, code: str = "contact_ciso") -> str:
    return f"/instruction/{stage.dossier.reference}/contacts/{code}/"


def typed(client: Client, stage: DossierStage, reason: str = "Elle a quitté l'établissement.", **fields: str) -> object:
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
    assert "Corrigé depuis la transmission" in page
    assert stage.transmissions.get().answers["contact_ciso"] == sent, "what was sent stays as it was"
    event = Event.objects.get(kind=EventKind.CONTACT_CORRECTED)
    assert "nom, adresse e-mail" in event.message
    assert "Elle a quitté l'établissement." in event.message
    assert event in queries.history(stage), "its référent reads it too"
    (told,) = Email.objects.filter(kind="contact_corrected")
    assert told.to == stage.dossier.referent.email
    assert "Elle a quitté l'établissement." in told.text
    assert "Ce contact a été corrigé depuis que vous avez ouvert cette page" in pages.text(
        client.post(url(stage), late)
    )
    assert Email.objects.count() == 1


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
    assert "Corrigé depuis la transmission" not in page
