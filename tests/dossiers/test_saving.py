"""One answer saved at a time (D6): what the fragment says, what it moves, and that nothing typed is lost."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from dossiers import kinds, workflow
from dossiers.models import DossierStage, Stage
from tests.dossiers import factories, pages

pytestmark = pytest.mark.django_db


def send(client: Client, stage: DossierStage, code: str, raw: kinds.Raw, *, base: kinds.Raw | None = None) -> Any:
    """Save one answer as the script of the page does; `base` is the answer that the page showed."""
    data = {f"{code}-{name}": content for name, content in raw.items()}
    return client.post(pages.url("answer", stage, code), {**data, f"{code}-base": kinds.digest(base or {})})


def asked(response: HttpResponse) -> list[str]:
    return json.loads(response["HX-Trigger-After-Swap"])["care:asked"]["asked"]  # type: ignore[no-any-return]


def test_an_answer_is_saved_by_itself_and_its_fragment_moves_what_depends_on_it() -> None:
    stage = factories.draft()
    client = pages.owner(stage)

    saved = send(client, stage, "applicant_kind", {"value": "convention"})

    body = saved.content.decode()
    assert "Enregistré à" in pages.text(saved)
    assert "<html" not in body
    assert asked(saved) == ["partnership_agreement"], "the server alone says what is asked"
    assert 'id="lien-applicant_kind"' in body
    assert 'id="lien-partnership_agreement"' in body
    assert 'id="lien-track"' not in body, "what did not move is not sent"
    assert "1/20 questions obligatoires répondues" in pages.text(saved)
    assert f'value="{kinds.digest({"value": "convention"})}"' in body, "the next save starts from this one"
    assert "estimation" not in body
    assert stage.answers.get().value == {"choice": "convention"}
    assert asked(send(client, stage, "applicant_kind", {"value": "og"}, base={"value": "convention"})) == []


def test_the_estimate_follows_the_answers_that_it_comes_from() -> None:
    """F2."""
    stage = factories.draft(sites=3)
    sites = sorted(stage.dossier.legal_entity.sites.values_list("finess", flat=True))
    client = pages.owner(stage)
    assert "Choisissez un parcours" not in pages.text(send(client, stage, "comment", {"value": "Un mot"}))
    send(client, stage, "track", {"value": "2"})
    saved = send(client, stage, "perimeter", {"sites": sites, "equipped": sites[:2]})
    assert "34 000 €" in pages.text(saved)


@pytest.mark.parametrize(
    ("code", "raw", "said", "unsaid"),
    [
        ("contact_ciso", {"last_name": "Durand"}, "À compléter : Civilité", "en erreur"),
        ("contact_ciso", {"last_name": "Durand", "email": "zoe"}, "adresse électronique", "Prénom"),
        ("bank", {"iban": "FR76 0000"}, "en erreur", "BIC"),
        ("perimeter", {"sites": ["999999999"]}, "n'est plus active", "À compléter"),
    ],
)
def test_only_a_field_that_holds_something_is_in_error(code: str, raw: kinds.Raw, said: str, unsaid: str) -> None:
    stage = factories.draft()
    saved = send(pages.owner(stage), stage, code, raw)
    assert "Enregistré à" in pages.text(saved)
    assert said in pages.text(saved)
    assert unsaid not in pages.text(saved).replace("n'est plus active ou", "")
    assert stage.answers.get().raw == raw


def test_bank_details_saved_by_themselves_are_saved_again_from_what_they_were() -> None:
    """They are encrypted in the database, whatever reads them."""
    stage = factories.draft()
    url, client = pages.url("answer", stage, "bank"), pages.owner(stage)
    before: kinds.Raw = {}
    for holder in ("Association", "Association Les Tilleuls"):
        raw: kinds.Raw = {"holder": holder, "iban": factories.IBAN, "bic": factories.BIC}
        data = {f"bank-{name}": text for name, text in raw.items()} | {"bank-base": kinds.digest(before)}
        assert client.post(url, data, headers={"HX-Request": "true"}).status_code == 200
        assert stage.answers.get(code="bank").raw == raw
        before = raw


def test_two_tabs_the_late_save_shows_both_answers_and_loses_none() -> None:
    """Q33, a hundred rounds through the page's own door."""
    stage = factories.draft()
    client = pages.owner(stage)
    current: kinds.Raw = {}
    for number in range(100):
        first: kinds.Raw = {"value": f"Premier onglet, tour {number}"}
        second: kinds.Raw = {"value": f"Second onglet, tour {number}"}
        assert send(client, stage, "comment", first, base=current).status_code == 200
        late = send(client, stage, "comment", second, base=current)
        assert late.status_code == 409
        said = pages.text(late)
        assert first["value"] in said
        assert second["value"] in said
        assert stage.answers.get().raw == first
        current = first
    assert "Garder ma saisie" in said
    assert "Reprendre la réponse enregistrée" in said
    assert f'data-keep-mine="{kinds.digest(first)}"' in late.content.decode()
    taken = client.get(pages.url("answer", stage, "comment"))
    assert "Premier onglet, tour 99</textarea>" in taken.content.decode()
    # « Garder ma saisie » sends the same again, from the answer that was shown.
    assert send(client, stage, "comment", second, base=first).status_code == 200
    assert send(client, stage, "comment", second, base=first).status_code == 200, "sent twice, it is there once"
    assert stage.answers.get().raw == second


@pytest.mark.parametrize("reason", ["closed", "transmitted", "locked", "frozen", "unknown", "slot", "other"])
def test_a_save_that_the_rules_refuse_says_why_and_changes_nothing(reason: str) -> None:
    code, stage = "track", factories.fill(factories.draft())
    client = pages.owner(stage)
    expected = 409
    match reason:
        case "closed":
            Stage.objects.update(closes_at=timezone.now() - dt.timedelta(seconds=1))
        case "transmitted":
            factories.transmit(stage)
        case "locked" | "frozen":
            factories.transmit(stage)
            workflow.request_modification(
                stage,
                by=factories.UserFactory(verifier=True),
                message="Corrigez.",
                remarks={"bank": "Vérifiez."},
                due_at=timezone.now() + dt.timedelta(days=1),
            )
            code = "track" if reason == "locked" else "contact_ciso"
        case "unknown":
            code, expected = "nowhere", 404
        case "slot":
            code, expected = "framework_files", 404
        case "other":
            client, expected = pages.owner(factories.draft()), 404
    before = list(stage.answers.order_by("code").values_list("code", "raw", "updated_at"))

    refused = send(client, stage, code, {"value": "3"}, base={"value": "1"})

    assert refused.status_code == expected
    said = {"closed": "Le délai est dépassé", "transmitted": "« Transmis »", "locked": "ne porte pas sur"}
    said["frozen"] = "écrivez au support"
    assert said.get(reason, "") in pages.text(refused)
    assert ("Non enregistré" in pages.text(refused)) == (expected == 409)
    assert list(stage.answers.order_by("code").values_list("code", "raw", "updated_at")) == before
