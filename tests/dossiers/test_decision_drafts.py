"""A decision is written at one's own pace and its e-mail read before it leaves (I3, Q34)."""

from __future__ import annotations

import datetime as dt

import pytest
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
    assert "1 remarque figure aussi dans le formulaire" in pages.text(preview)
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
