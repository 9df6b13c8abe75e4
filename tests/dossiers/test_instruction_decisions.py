"""Decisions as they are made on the pages: by whom, with what, what the late one is told (I3, Q34)."""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from dossiers import workflow
from dossiers.enums import EventKind, FlagKind, RegionalRole
from dossiers.models import DossierStage, Event, Flag, Guichet, ModificationRequest
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.dossiers import crowd, factories
from tests.establishments.factories import RegionFactory

pytestmark = pytest.mark.django_db


def url(stage: DossierStage, name: str = "instruction-dossier") -> str:
    return reverse(f"dossiers:{name}", args=[stage.dossier.reference])


def text(response: HttpResponse) -> str:
    """The words of a page, without its tags."""
    source = re.sub(r"<script\b.*?</script>", " ", response.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", source)).split())


def title(response: HttpResponse) -> str:
    return text(response).partition(" – eCaRE")[0]


def next_week() -> dt.date:
    return timezone.localdate() + dt.timedelta(days=7)


def request_data(**fields: Any) -> dict[str, Any]:
    return {"read": 1, "message": "Précisez le périmètre.", "due_on": next_week().isoformat(), **fields}


#: What each decision needs, and the status it leads to from « transmis » (« validé » for the last).
DECISIONS: dict[str, tuple[dict[str, Any], str]] = {
    "request-modification": (request_data(), "modification_requested"),
    "validate": ({"read": 1}, "validated"),
    "reject": ({"read": 1, "reason": "Prérequis absent."}, "rejected"),
    "reopen": ({"read": 1, "reason": "Pièce reçue par courrier."}, "transmitted"),
}
ROLES: dict[str, dict[str, Any]] = {
    "verifier": {"verifier": True},
    "lead": {"lead": True},
    "regional": {"regional": True},
}


@pytest.fixture
def verifier() -> User:
    user: User = UserFactory(verifier=True, first_name="Hélène", last_name="Marchand")
    return user


@pytest.fixture
def client(verifier: User) -> Client:
    return factories.signed_in(verifier)


# Each decision by each role


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", DECISIONS)
def test_a_decision_is_made_by_those_who_may(name: str, role: str) -> None:
    stage = factories.validated() if name == "reopen" else factories.transmitted()
    Guichet.objects.update(regional_role=RegionalRole.INSTRUCT)
    user = UserFactory(**ROLES[role], regions=[RegionFactory(code="11")] if role == "regional" else [])
    data, target = DECISIONS[name]
    before = stage.status
    response = factories.signed_in(user).post(url(stage, name), data)
    now = factories.fresh(stage)
    if name == "reopen" and role != "lead":
        assert (response.status_code, now.status) == (404, before)
        return
    assert response.status_code == 302
    assert response["Location"] == url(stage)
    assert now.status == target
    event = Event.objects.filter(dossier=stage.dossier).latest("pk")
    assert (event.actor, event.from_status, event.to_status) == (user, before, target)
    assert Email.objects.filter(key__startswith=f"event-{event.pk}-", to=stage.dossier.referent.email).count() == 1


def test_the_page_that_follows_says_what_happened_and_who_is_told(client: Client) -> None:
    stage = factories.transmitted()
    page = text(client.post(url(stage, "request-modification"), request_data(), follow=True))
    name = stage.dossier.referent.full_name
    assert f"La demande de modification est envoyée. {name} reçoit un e-mail et peut corriger jusqu'au" in page
    assert "23 h 59" in page


# Ask for a modification


def test_a_request_keeps_its_message_its_remarks_and_its_due_date(client: Client, verifier: User) -> None:
    stage = factories.transmitted()
    data = request_data(remark_track="Pourquoi ce parcours ?", remark_perimeter="   ", remark_bank="RIB illisible.")
    client.post(url(stage, "request-modification"), data)
    request = ModificationRequest.objects.get()
    assert (request.message, request.by, request.transmission.number) == ("Précisez le périmètre.", verifier, 1)
    remarks = {remark.code: remark.text for remark in request.remarks.all()}
    assert remarks == {"track": "Pourquoi ce parcours ?", "bank": "RIB illisible."}
    midnight = dt.datetime.combine(next_week() + dt.timedelta(days=1), dt.time.min)
    assert request.due_at == timezone.make_aware(midnight)


def test_every_answer_has_a_field_for_a_remark_beside_it(client: Client) -> None:
    stage = factories.transmitted()
    response = client.get(url(stage, "request-modification"))
    asked = {entry.code for entry in response.context["instructed"].entries}
    assert {"commitment", "perimeter", "bank", "de_minimis", "comment"} < asked
    for code in asked:
        assert f'name="remark_{code}"' in response.content.decode()
    assert "Le référent ne peut plus modifier ces coordonnées" in text(response)  # RSSI and DSI (D12)


def test_a_remark_on_a_question_that_was_not_asked_is_not_kept(client: Client) -> None:
    stage = factories.transmitted()
    data = request_data(remark_partnership_agreement="?", remark_zzz="?", status="validated", referent="1")
    client.post(url(stage, "request-modification"), data)
    assert not ModificationRequest.objects.get().remarks.exists()
    assert factories.fresh(stage).status == "modification_requested"


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"message": ""}, "Expliquez au référent ce qu'il doit modifier."),
        ({"message": "   "}, "Expliquez au référent ce qu'il doit modifier."),
        ({"due_on": ""}, "Choisissez la date limite de la correction."),
        ({"due_on": "demain"}, "Saisissez une date, par exemple"),
        ({"due_on": "2020-01-01"}, "Cette date est passée"),
        ({"due_on": "9999-12-31"}, "vérifiez l'année"),
        ({"read": ""}, "Ouvrez à nouveau cette page depuis le dossier"),
        ({"remark_track": "a" * 2001}, "Cette remarque dépasse 2000 caractères"),
        ({"message": "a" * 5001}, "5000"),
    ],
)
def test_an_invalid_request_is_shown_again_as_typed(client: Client, fields: dict[str, str], error: str) -> None:
    stage = factories.transmitted()
    data = request_data(remark_perimeter="Il manque un site.") | fields
    response = client.post(url(stage, "request-modification"), data)
    assert response.status_code == 200
    assert title(response).startswith("Erreur – Demander une modification – Dossier")
    assert error in text(response)
    assert "Il manque un site." in text(response)
    assert "data-error-summary" in response.content.decode()
    assert factories.fresh(stage).status == "transmitted"
    assert not ModificationRequest.objects.exists()


def test_a_request_may_be_due_today(client: Client) -> None:
    stage = factories.transmitted()
    client.post(url(stage, "request-modification"), request_data(due_on=timezone.localdate().isoformat()))
    assert factories.fresh(stage).status == "modification_requested"


# Validate, reject, reopen


def test_validating_asks_for_confirmation_first(client: Client) -> None:
    stage = factories.transmitted()
    page = text(client.get(url(stage, "validate")))
    assert f"{stage.dossier.referent.full_name} ({stage.dossier.referent.email}) reçoit un e-mail, avec" in page
    assert "Un responsable d'instruction peut rouvrir l'étape" in page
    assert "18 800 €" in page
    assert factories.fresh(stage).status == "transmitted"


def test_before_deciding_one_knows_who_else_instructs_and_what_is_still_to_be_examined(
    client: Client, verifier: User
) -> None:
    stage = factories.transmitted()
    workflow.assignment.take(stage, by=verifier)
    for name in ("validate", "reject", "request-modification"):
        page = text(client.get(url(stage, name)))
        assert "décider à sa place" not in page, "one's own"
        assert "à examiner" not in page
    nadia = UserFactory(verifier=True, first_name="Nadia", last_name="Chevalier")
    workflow.assignment.assign(stage, by=UserFactory(lead=True), to=nadia)
    Flag.objects.create(dossier_stage=stage, kind=FlagKind.REGIONS, text="Deux régions.")
    for name in ("validate", "reject", "request-modification"):
        page = text(client.get(url(stage, name)))
        assert "Nadia Chevalier instruit ce dossier depuis le" in page
        assert ("1 point de vigilance reste à examiner" in page) is (name == "validate")
    assert client.post(url(stage, "validate"), {"read": 1}).status_code == 302, "nothing of it forbids to decide"


@pytest.mark.parametrize("name", ["reject", "reopen"])
@pytest.mark.parametrize("reason", ["", "  \n "])
def test_a_reason_is_required(name: str, reason: str) -> None:
    stage = factories.validated() if name == "reopen" else factories.transmitted()
    response = factories.signed_in(UserFactory(lead=True)).post(url(stage, name), {"read": 1, "reason": reason})
    assert response.status_code == 200
    assert title(response).startswith("Erreur – ")
    assert "le référent le lira" in text(response)
    assert 'aria-invalid="true"' in response.content.decode()
    assert factories.fresh(stage).status == stage.status


def test_the_reason_of_a_rejection_reaches_the_referent(client: Client) -> None:
    stage = factories.transmitted()
    client.post(url(stage, "reject"), {"read": 1, "reason": "Le diagnostic date de <2024>."})
    email = Email.objects.get(kind="dossier_rejected")
    assert email.to == stage.dossier.referent.email
    assert "Le diagnostic date de <2024>." in email.text


# Too late


@pytest.mark.parametrize("name", ["request-modification", "validate", "reject"])
def test_the_late_one_is_told_who_did_what_and_keeps_what_was_typed(client: Client, name: str) -> None:
    stage = factories.transmitted()
    workflow.reject(stage, by=UserFactory(verifier=True, first_name="Paul", last_name="Garnier"), reason="Non.")
    data = DECISIONS[name][0] | {"remark_track": "Pourquoi ce parcours ?"}
    response = client.post(url(stage, name), data)
    assert response.status_code == 409
    page = text(response)
    assert title(response).startswith("Erreur – ")
    assert "Aucune décision n'a été enregistrée" in page
    assert re.search(
        r"« Rejeté » depuis le \w+ \d.* à \d+ h \d\d, heure de Paris, par décision de Paul Garnier\.", page
    )
    if name == "request-modification":
        assert "Précisez le périmètre." in page
        assert "Pourquoi ce parcours ?" in page
    if name == "reject":
        assert "Prérequis absent." in page
    assert (
        Event.objects.filter(dossier=stage.dossier, to_status__in=["validated", "modification_requested"]).count() == 0
    )


def test_an_old_decision_page_says_where_the_dossier_stands(client: Client) -> None:
    stage = factories.validated()
    response = client.get(url(stage, "reject"))
    assert response.status_code == 409
    assert "« Validé » depuis le" in text(response)


def test_nobody_decides_on_a_transmission_they_have_not_read(client: Client) -> None:
    """The référent corrected and transmitted again while the page of the first transmission was open."""
    stage = factories.transmitted()
    workflow.request_modification(
        stage,
        by=UserFactory(verifier=True),
        message="À revoir.",
        remarks={},
        due_at=timezone.now() + dt.timedelta(days=3),
    )
    factories.transmit(stage)
    for name in ("request-modification", "validate", "reject"):
        data, _ = DECISIONS[name]
        response = client.post(url(stage, name), data)
        assert response.status_code == 409, name
        assert "Le référent a transmis à nouveau ce dossier" in text(response)
        assert factories.fresh(stage).status == "transmitted"
    assert client.post(url(stage, "validate"), {"read": 2}).status_code == 302
    assert factories.fresh(stage).status == "validated"


@pytest.mark.parametrize("name", ["request-modification", "validate", "reject"])
def test_a_form_sent_twice_has_one_effect_and_one_page(client: Client, name: str) -> None:
    stage = factories.transmitted()
    data, target = DECISIONS[name]
    first, second = (client.post(url(stage, name), data) for _ in range(2))
    assert first["Location"] == second["Location"] == url(stage)
    assert Event.objects.filter(dossier=stage.dossier, to_status=target).count() == 1
    assert text(client.get(url(stage))).count("reçoit un e-mail") == 1


def test_another_text_after_ones_own_decision_is_not_taken_for_the_same(client: Client) -> None:
    stage = factories.transmitted()
    client.post(url(stage, "reject"), {"read": 1, "reason": "Premier motif."})
    response = client.post(url(stage, "reject"), {"read": 1, "reason": "Second motif."})
    assert response.status_code == 409
    assert "Second motif." in text(response)


# At once


@pytest.mark.django_db(transaction=True)
def test_two_verifiers_decide_at_once_and_one_wins() -> None:
    """Q34, ten rounds, through the pages: one redirect, one 409 that names the winner; one event, one e-mail."""
    people = [
        UserFactory(verifier=True, first_name="Hélène", last_name="Marchand"),
        UserFactory(verifier=True, first_name="Paul", last_name="Garnier"),
    ]
    clients = [factories.signed_in(user) for user in people]
    for client in clients:
        assert client.get("/instruction/").status_code == 200  # the session is read once before the race

    with crowd.of(2) as together:
        for _ in range(10):
            stage = factories.transmitted()
            responses = together(
                lambda stage=stage: clients[0].post(url(stage, "validate"), {"read": 1}),
                lambda stage=stage: clients[1].post(url(stage, "reject"), {"read": 1, "reason": "Non."}),
            )
            assert sorted(response.status_code for response in responses) == [302, 409]
            won = next(index for index, response in enumerate(responses) if response.status_code == 302)
            status, label, kind = [
                ("validated", "« Validé »", EventKind.VALIDATED),
                ("rejected", "« Rejeté »", EventKind.REJECTED),
            ][won]
            assert factories.fresh(stage).status == status
            page = text(responses[1 - won])
            assert f"Cette étape est au statut {label} depuis le" in page
            assert f"par décision de {people[won].full_name}." in page
            decisions = Event.objects.filter(dossier=stage.dossier, to_status__in=["validated", "rejected"])
            assert [(event.kind, event.actor) for event in decisions] == [(kind, people[won])]
            emails = Email.objects.filter(
                about=stage.dossier.reference, kind__in=["dossier_validated", "dossier_rejected"]
            )
            assert [email.kind for email in emails] == [f"dossier_{status}"]
