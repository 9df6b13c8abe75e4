"""A decision is written at one's own pace and its e-mail read before it leaves (I3, Q34)."""

from __future__ import annotations

import datetime as dt
from urllib.parse import unquote

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dossiers import workflow
from dossiers.models import DecisionDraft
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages

pytestmark = pytest.mark.django_db


def test_a_decision_waits_as_a_draft_is_read_as_an_email_then_leaves_once() -> None:
    stage = factories.transmitted()
    writer, colleague = UserFactory(verifier=True), UserFactory(verifier=True)
    client, url = factories.signed_in(writer), pages.url("request-modification", stage)
    typed = {"message": "Complétez <b>tout</b>.", "remark_track": "Parcours 2 ?", "due_on": "", "read": 1}
    # Not valid yet, kept all the same; by itself, or by the button.
    said = client.post(url, {**typed, "draft": "1"}, headers={"HX-Request": "true"})
    assert said.content.decode().strip().startswith("Brouillon enregistré à")
    assert client.post(url, {**typed, "draft": "1"})["Location"] == url
    page = client.get(url)
    assert "Parcours 2 ?" in page.content.decode()
    assert "Votre brouillon du" in pages.text(page)
    assert "Parcours 2 ?" not in factories.signed_in(colleague).get(url).content.decode()
    # Read before it leaves: nothing is written.
    due_on = str(timezone.localdate() + dt.timedelta(days=9))
    before = Email.objects.count()
    preview = client.post(url, {**typed, "due_on": due_on, "preview": "1"})
    assert "Complétez &lt;b&gt;tout&lt;/b&gt;." in preview.content.decode()
    assert "1 remarque figure aussi dans le formulaire, à côté de la question concernée." in pages.text(preview)
    assert Email.objects.count() == before
    assert factories.fresh(stage).status == "transmitted"
    shown = pages.text(preview)
    assert client.post(url, {**typed, "due_on": due_on}).status_code == 302
    [sent] = Email.objects.filter(kind="dossier_modification_requested")
    assert " ".join(sent.text.split())[:80] in " ".join(shown.replace("\u202f", " ").split()) or sent.subject in shown
    assert not DecisionDraft.objects.exists()


def test_the_late_one_keeps_the_draft_and_a_reader_has_none() -> None:
    stage = factories.transmitted()
    late = UserFactory(verifier=True)
    client, url = factories.signed_in(late), pages.url("reject", stage)
    client.post(url, {"reason": "Hors périmètre.", "read": 1, "draft": "1"})
    workflow.validate(stage, by=UserFactory(verifier=True))
    refused = client.post(url, {"reason": "Hors périmètre.", "read": 1, "preview": "1"})
    assert refused.status_code == 409
    assert "Hors périmètre." in pages.text(refused)
    assert DecisionDraft.objects.get().content == {"reason": "Hors périmètre."}
    regional = UserFactory(regional=True, regions=[stage.dossier.legal_entity.region])
    assert factories.signed_in(regional).post(url, {"reason": "Non.", "draft": "1"}).status_code == 404
    with pytest.raises(workflow.NotAllowed):
        workflow.drafts.keep(stage, "reject", by=regional, content={"reason": "Non."}, at=timezone.now())
    workflow.drafts.keep(stage, "reject", by=late, content={"reason": " "}, at=timezone.now())
    assert not DecisionDraft.objects.exists()


TYPED = {
    "request-modification": {"message": "Complétez.", "remark_track": "Parcours 2 ?", "due_on": "2030-01-02"},
    "validate": {"message": "Bravo."},
    "reject": {"reason": "Hors périmètre."},
}


@pytest.mark.parametrize("name", TYPED)
def test_a_decision_sent_after_the_session_ended_is_found_again(name: str) -> None:
    """Without JavaScript, nothing else had kept it."""
    stage, user = factories.transmitted(), UserFactory(verifier=True)
    client, url = factories.signed_in(user), f"{pages.url(name, stage)}?statut=transmitted"
    carried = pages.fields(client.get(url))
    client.session.flush()
    refused = client.post(url, {**carried, **TYPED[name]})
    assert refused.status_code == 302
    door, _, following = refused["Location"].partition("?next=")
    assert (door, unquote(following)) == (reverse(settings.LOGIN_URL), url)
    assert "mis de côté. Connectez-vous" in pages.text(client.get(refused["Location"]))
    assert factories.fresh(stage).status == "transmitted"
    assert DecisionDraft.objects.get().content == TYPED[name]
    page = factories.signed_in(user).get(url)
    assert "Votre brouillon du" in pages.text(page)
    for text in TYPED[name].values():
        assert text in page.content.decode()
    # Somebody decides before the author is back: what was typed is shown all the same.
    workflow.reject(stage, by=UserFactory(verifier=True), reason="Doublon.")
    late = factories.signed_in(user).get(url)
    assert late.status_code == 409
    assert next(iter(TYPED[name].values())) in pages.text(late)


def test_only_a_page_made_for_its_author_puts_a_decision_aside() -> None:
    stage, user = factories.transmitted(), UserFactory(verifier=True)
    url = pages.url("reject", stage)
    signed = pages.fields(factories.signed_in(user).get(url))["saisie"]
    other = factories.transmitted()
    colleague = pages.fields(factories.signed_in(UserFactory(verifier=True)).get(url))["saisie"]
    nobody, typed = Client(), {"reason": "Hors périmètre."}
    for sent in (typed, {**typed, "saisie": "x"}, {**typed, "saisie": signed[:-1]}, {"saisie": signed, "reason": " "}):
        assert "mis de côté" not in pages.text(nobody.get(nobody.post(url, sent)["Location"]))
    for elsewhere in (pages.url("validate", stage), pages.url("reject", other)):
        nobody.post(elsewhere, {**typed, "message": "Non.", "saisie": signed})
    with time_machine.travel(timezone.now() + settings.PARKED_KEPT + dt.timedelta(minutes=1)):
        nobody.post(url, {**typed, "saisie": signed})
    nobody.post(url, {"reason": "x" * 200_001, "saisie": signed})
    assert not DecisionDraft.objects.exists()
    # Somebody else sits there now: it waits for its author, and the other is told nothing.
    seat = Client(enforce_csrf_checks=True)
    seat.force_login(UserFactory())
    refused = seat.post(url, {**typed, "saisie": signed})
    assert refused.status_code in {302, 403}
    assert "mis de côté" not in pages.text(refused)
    assert DecisionDraft.objects.get().user == user
    DecisionDraft.objects.all().delete()
    for gone in ({"is_active": False}, {"is_active": True, "role": "referent"}):
        type(user).objects.filter(pk=user.pk).update(**gone)
        nobody.post(url, {**typed, "saisie": signed})
    assert not DecisionDraft.objects.exists()
    nobody.post(url, {**typed, "saisie": colleague}, headers={"HX-Request": "true"})
    assert not DecisionDraft.objects.exists(), "a page that saves by itself says that it could not"
