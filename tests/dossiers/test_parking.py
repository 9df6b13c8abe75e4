"""A session that ends, a token of another one: what was typed is put aside and found again by its author alone (D6)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core import signing
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dossiers import kinds, workflow
from dossiers.models import DossierStage, ParkedInput
from tests.dossiers import factories, pages
from tests.ecare.purging import purged

pytestmark = pytest.mark.django_db

LONG = "é" * 5000
HTMX = {"HX-Request": "true"}


def typed(stage: DossierStage, text: str = LONG, **more: str) -> dict[str, str]:
    """What the form posts, as its page was made for its référent."""
    data = {"saisie": workflow.token(stage), "comment-base": kinds.digest({}), "comment-value": text}
    return {**data, "track-base": kinds.digest({}), "track-value": "2", **more}


def gone(stage: DossierStage) -> Client:
    """The référent's browser once the session has ended."""
    client = pages.owner(stage)
    client.session.flush()
    return client


def sign_in_page(stage: DossierStage) -> str:
    return f"{reverse(settings.LOGIN_URL)}?next=" + pages.url("form", stage).replace("/", "%2F")


def test_a_form_sent_after_the_session_ended_is_found_again_and_saved() -> None:
    stage = factories.draft()
    client = gone(stage)

    refused = client.post(pages.url("form", stage), {**typed(stage), "draft": "1"})

    assert (refused.status_code, refused["Location"]) == (302, sign_in_page(stage))
    assert "mis de côté" in pages.text(client.get(refused["Location"]))
    assert not stage.answers.exists()
    client = pages.owner(stage)
    page = client.get(pages.url("form", stage))
    body = page.content.decode()
    assert "Nous avons retrouvé ce que vous aviez saisi" in pages.text(page)
    assert f"{LONG}</textarea>" in body
    assert "Saisie retrouvée, pas encore enregistrée" in pages.text(page)
    assert not stage.answers.exists(), "a GET writes nothing"
    saved = pages.send(client, stage, page, comment={"value": LONG}, track={"value": "2"})
    assert saved.status_code == 302
    assert stage.answers.get(code="comment").raw == {"value": LONG}
    assert not ParkedInput.objects.exists()
    assert "Nous avons retrouvé" not in pages.text(client.get(pages.url("form", stage)))


def test_autosaves_after_the_session_ended_add_up_and_say_where_to_sign_in() -> None:
    stage = factories.draft()
    client = gone(stage)
    url = pages.url("answer", stage, "comment")
    data = {name: text for name, text in typed(stage, "Un").items() if not name.startswith("track")}
    client.post(url, data, headers=HTMX)
    refused = client.post(url, {**data, "comment-value": "Un mot"}, headers=HTMX)
    other = {"saisie": data["saisie"], "track-base": kinds.digest({}), "track-value": "2"}
    client.post(pages.url("answer", stage, "track"), other, headers=HTMX)

    assert refused.status_code == 401
    assert "Votre session est terminée : votre saisie est mise de côté" in pages.text(refused)
    assert f'href="{sign_in_page(stage)}"' in refused.content.decode()
    waiting = ParkedInput.objects.get().answers
    assert {code: each["raw"] for code, each in waiting.items()} == {
        "comment": {"value": "Un mot"},
        "track": {"value": "2"},
    }
    # Signed in again, saving one leaves the other waiting.
    client = pages.owner(stage)
    again = {**data, "comment-value": "Un mot", "comment-parked": "1"}
    assert client.post(url, again, headers=HTMX).status_code == 200
    assert list(ParkedInput.objects.get().answers) == ["track"]
    dropped = client.post(pages.url("drop-parked", stage))
    assert dropped["Location"] == pages.url("form", stage)
    assert not ParkedInput.objects.exists()


def test_a_token_of_another_session_leads_back_to_the_form_with_what_was_typed() -> None:
    stage = factories.draft()
    client = Client(enforce_csrf_checks=True)
    client.cookies = pages.owner(stage).cookies
    page = client.get(pages.url("form", stage))
    hidden = pages.fields(page)
    assert hidden["saisie"]
    data = {**typed(stage, "Un mot"), "saisie": hidden["saisie"], "csrfmiddlewaretoken": "x" * 64}
    refused = client.post(pages.url("form", stage), data)
    assert (refused.status_code, refused["Location"]) == (302, pages.url("form", stage))
    assert "Un mot</textarea>" in client.get(refused["Location"]).content.decode()
    assert not stage.answers.exists()


def test_somebody_else_who_signs_in_finds_nothing() -> None:
    stage = factories.draft()
    colleague = factories.referent(stage.dossier.legal_entity)
    gone(stage).post(pages.url("form", stage), typed(stage, "Secret"))
    other = factories.signed_in(colleague)
    assert other.get(pages.url("form", stage)).status_code == 404
    assert "Secret" not in other.get(reverse("dossiers:dashboard")).content.decode()
    # Even sent by the browser where the colleague is now: it waits for its author.
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = other.cookies
    assert strict.post(pages.url("form", stage), typed(stage, "Autre secret")).status_code == 403
    [row] = ParkedInput.objects.all()
    assert (row.user, row.answers["comment"]["raw"]) == (stage.dossier.referent, {"value": "Autre secret"})
    # Once the dossier is the colleague's, what its former référent typed is nobody's.
    workflow.transfer([stage], by=stage.dossier.referent, to=colleague)
    assert "secret" not in other.get(pages.url("form", stage)).content.decode()


@pytest.mark.parametrize("token", ["", "forged", "other dossier", "expired", "too much"])
def test_nothing_is_put_aside_without_the_page_of_the_referent(token: str) -> None:
    stage, other = factories.draft(), factories.draft()
    data: dict[str, Any] = typed(stage)
    late = timezone.now()
    match token:
        case "":
            del data["saisie"]
        case "forged":
            data["saisie"] = signing.dumps([str(stage.dossier.referent.public_id), stage.dossier.reference], salt="x")
        case "other dossier":
            data["saisie"] = workflow.token(other)
        case "expired":
            late += dt.timedelta(days=7, seconds=2)
        case "too much":
            data["comment-value"] = "x" * 1_000_001
    with time_machine.travel(late, tick=True):
        refused = gone(stage).post(pages.url("form", stage), data)
    assert refused["Location"].startswith(reverse(settings.LOGIN_URL))
    assert not ParkedInput.objects.exists()


def test_the_page_of_somebody_who_is_not_the_referent_puts_nothing_aside_and_says_only_what_it_holds() -> None:
    """As a former référent has, once the session is over (D13)."""
    stage, other = factories.draft(), factories.draft()
    factories.save(stage, care_funding={"value": "Un secret du référent"})
    person = str(other.dossier.referent.public_id)
    token = signing.dumps([person, stage.dossier.reference], salt=workflow.parking.SALT)
    refused = gone(stage).post(pages.url("form", stage), typed(stage, "Un mot") | {"saisie": token})
    assert refused.status_code == 409
    assert "Un mot" in pages.text(refused)
    assert "secret" not in refused.content.decode()
    assert not ParkedInput.objects.exists()


def test_what_was_put_aside_and_changed_elsewhere_is_a_conflict_like_any_other() -> None:
    stage = factories.draft()
    gone(stage).post(pages.url("form", stage), typed(stage, "Mis de côté"))
    elsewhere = {"comment-base": kinds.digest({}), "comment-value": "Entre-temps"}
    pages.owner(stage).post(pages.url("answer", stage, "comment"), elsewhere)
    page = pages.owner(stage).get(pages.url("form", stage))
    assert "modifiée ailleurs" in pages.text(page)
    assert "Entre-temps" in pages.text(page)
    assert "Mis de côté</textarea>" in page.content.decode()


def test_what_waits_a_week_is_purged() -> None:
    stage = factories.draft()
    gone(stage).post(pages.url("form", stage), typed(stage, "Un mot"))
    now = timezone.now()
    assert purged("parked", now=now + dt.timedelta(days=6, hours=23)) == 0
    assert purged("parked", now=now + dt.timedelta(days=7, minutes=1)) == 1
