"""A tab left open by who is no longer the référent: nothing enters the dossier, nothing typed is lost (D13)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from dossiers import kinds, workflow
from dossiers.models import Attachment, DossierStage, ParkedInput
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages
from tests.ecare.purging import purged

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
GONE = "Vous n'êtes plus le référent de ce dossier"


class Tab:
    """The form of a dossier as its référent had opened it, then lost it."""

    def __init__(self, stage: DossierStage, *, lost_by: str = "transfer") -> None:
        self.stage, self.former = stage, stage.dossier.referent
        self.client = factories.signed_in(self.former)
        self.page = self.client.get(pages.url("form", stage))
        self.recap = self.client.get(pages.url("recap", stage))
        self.new: User = factories.referent(stage.dossier.legal_entity, last_name="Zyxwvut")
        if lost_by == "transfer":
            workflow.transfer([stage], by=self.former, to=self.new)
        else:
            workflow.reassign(stage, by=UserFactory(lead=True), to=self.new, reason="Départ.")

    def typed(self, **answers: kinds.Raw) -> dict[str, Any]:
        return {"saisie": pages.fields(self.page)["saisie"], **pages.typed(self.page, **answers)}

    def post(self, name: str, *args: str, client: Client | None = None, **data: Any) -> HttpResponse:
        headers = {"headers": HTMX} if data.pop("htmx", False) else {}
        return (client or self.client).post(pages.url(name, self.stage, *args), data, **headers)


@pytest.fixture(params=["transfer", "reassign"])
def tab(request: pytest.FixtureRequest) -> Tab:
    return Tab(factories.draft(), lost_by=request.param)


def untouched(tab: Tab) -> bool:
    return not tab.stage.answers.exists() and not Attachment.objects.exists() and not ParkedInput.objects.exists()


def test_the_form_is_refused_and_shows_what_was_typed(tab: Tab) -> None:
    data = tab.typed(comment={"value": "Trois pages de texte"}, track={"value": "2"})
    response = tab.post("form", **data, draft="1")
    body = pages.text(response)
    assert response.status_code == 409
    assert response["Cache-Control"] == "no-store"
    assert GONE in body
    assert "Trois pages de texte" in body
    assert "Parcours 2" in body
    assert "Zyxwvut" not in body
    assert pages.title(response).startswith("Erreur")
    assert untouched(tab)


def test_an_answer_saved_by_itself_is_refused_in_words(tab: Tab) -> None:
    response = tab.post("answer", "comment", htmx=True, **tab.typed(comment={"value": "Un mot"}))
    assert response.status_code == 409
    assert "Non enregistré : vous n'êtes plus le référent de ce dossier" in pages.text(response)
    assert "<html" not in response.content.decode()
    assert untouched(tab)


def test_a_file_is_refused_in_words_and_not_kept(tab: Tab) -> None:
    saisie = pages.fields(tab.page)["saisie"]
    response = tab.post("slot", "framework_files", saisie=saisie, **{"framework_files-files": factories.pdf()})
    assert response.status_code == 409
    assert "data-refusal" in response.content.decode()
    assert "Fichier non déposé : vous n'êtes plus le référent" in pages.text(response)
    with_form = tab.post("form", **tab.typed(), draft="1", **{"framework_files-files": factories.pdf()})
    assert "ne sont pas déposés" in pages.text(with_form)
    assert untouched(tab)


def test_the_recap_left_open_transmits_nothing() -> None:
    tab = Tab(factories.fill(factories.draft()))
    fields = pages.fields(tab.recap)
    response = tab.post("transmit", seen=fields["seen"], saisie=fields["saisie"])
    assert response.status_code == 409
    assert GONE in pages.text(response)
    assert factories.fresh(tab.stage).status == "draft"


def test_every_page_and_file_of_the_dossier_is_shut_at_once() -> None:
    stage = factories.modification_requested()
    tab = Tab(stage)
    file = stage.attachments.get(code="bank")
    addresses = [
        pages.url("form", stage),
        pages.url("recap", stage),
        pages.url("receipt", stage, 1),
        pages.url("file", stage, file.public_id),
        pages.url("answer", stage, "comment"),
        pages.url("template-file", stage, "poc-essms-cadre-de-reponse"),
        pages.url("perimeter", stage, "perimeter"),
        pages.url("successors", stage),
        pages.url("takeovers", stage),
        reverse("dossiers:stage-receipt", args=[stage.dossier.reference, "candidature", 1]),
    ]
    unknown = tab.client.get(reverse("dossiers:form", args=["ZZZZZZZZZZ"]))
    for address in addresses:
        response = tab.client.get(address)
        assert (response.status_code, response.content) == (404, unknown.content), address
    for button in ("archive", "up"):
        assert tab.post("slot", "bank", **{button: file.public_id}).status_code == 404
    assert Attachment.objects.active().filter(pk=file.pk).exists()


def test_whoever_never_had_the_page_learns_nothing(tab: Tab) -> None:
    """D16, Q19: without the token of a page made for them, the page that does not exist."""
    data = tab.typed(comment={"value": "Un mot"})
    colleague = factories.signed_in(factories.referent(tab.stage.dossier.legal_entity))
    assert tab.post("form", client=colleague, **data).status_code == 404
    assert tab.post("form", **{**data, "saisie": "forgé"}).status_code == 404
    del data["saisie"]
    assert tab.post("form", **data).status_code == 404


def test_a_session_over_and_a_dossier_gone_still_show_what_was_typed(tab: Tab) -> None:
    """Nothing could be put aside for a dossier that is another's: the words are shown at once, or lost."""
    data = tab.typed(comment={"value": "Trois pages de texte"})
    tab.client.session.flush()
    response = tab.post("form", **data, draft="1")
    assert response.status_code == 409
    assert "Trois pages de texte" in pages.text(response)
    htmx = tab.post("answer", "comment", htmx=True, **data)
    assert "vous n'êtes plus le référent" in pages.text(htmx)
    # Somebody else who sits there now is shown nothing.
    other = factories.signed_in(factories.referent(tab.stage.dossier.legal_entity))
    assert "Trois pages" not in pages.text(tab.post("form", client=other, **data))
    assert untouched(tab)


def test_what_was_put_aside_before_the_dossier_left_is_found_by_its_author_alone() -> None:
    stage = factories.draft()
    former = stage.dossier.referent
    data = {"saisie": workflow.token(stage), "comment-base": kinds.digest({}), "comment-value": "Mis de côté"}
    Client().post(pages.url("form", stage), data)
    assert ParkedInput.objects.get().user == former
    new = factories.referent(stage.dossier.legal_entity)
    workflow.transfer([stage], by=former, to=new)

    found = factories.signed_in(former).get(pages.url("form", stage))

    assert found.status_code == 404
    assert GONE in pages.text(found)
    assert "Mis de côté" in pages.text(found)
    assert "Mis de côté" not in pages.text(factories.signed_in(new).get(pages.url("form", stage)))
    assert not stage.answers.exists()
    assert purged("parked", now=timezone.now() + dt.timedelta(days=8)) == 1
    assert GONE not in pages.text(factories.signed_in(former).get(pages.url("form", stage)))
