"""What a référent is told (N1): one message per change of status, to the right person, in the same transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from dossiers import workflow
from dossiers.models import Dossier, DossierStage, Event, Transmission
from ecare import french
from notifications import delivery
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.dossiers import factories

pytestmark = pytest.mark.django_db
REASON = "Le prérequis n° 3 n'est pas rempli."


def due_at() -> dt.datetime:
    return timezone.now() + dt.timedelta(days=7)


def ask(stage: DossierStage) -> None:
    workflow.request_modification(
        stage,
        by=UserFactory(verifier=True),
        message="Le diagnostic est incomplet.\n\nJoignez celui de chaque EJ.",
        remarks={"track": "Lequel ?", "bank": "Illisible."},
        due_at=due_at(),
    )


def hand(stage: DossierStage) -> None:
    workflow.transfer([stage], by=stage.dossier.referent, to=factories.referent(stage.dossier.legal_entity))


def begin(stage: DossierStage) -> None:
    _, objectives = factories.next_stages()
    workflow.start_stage(stage, objectives, by=stage.dossier.referent, at=timezone.now())


def call(stage: DossierStage) -> None:
    control, _ = factories.next_stages()
    workflow.call_stage(stage, control, by=UserFactory(lead=True), message="Joignez la facture.")


def grant(stage: DossierStage) -> None:
    entity = stage.dossier.legal_entity
    workflow.grant_late_access(stage.stage, entity, due_at(), by=UserFactory(admin=True), reason="Incendie.")


CHANGES: dict[str, tuple[str, Callable[[DossierStage], object]]] = {
    "dossier_transmitted": ("draft", factories.transmit),
    "dossier_modification_requested": ("transmitted", ask),
    "dossier_validated": ("transmitted", lambda stage: workflow.validate(stage, by=UserFactory(lead=True))),
    "dossier_rejected": ("transmitted", lambda stage: workflow.reject(stage, by=UserFactory(lead=True), reason=REASON)),
    "dossier_reopened": ("validated", lambda stage: workflow.reopen(stage, by=UserFactory(lead=True), reason=REASON)),
    "stage_started": ("validated", begin),
    "stage_called": ("validated", call),
    "late_access_granted": ("draft", grant),
    "dossier_received": ("draft", hand),
    "dossier_handed_over": ("draft", hand),
}
SUBJECTS = {
    "dossier_created": "Votre dossier {} est créé",
    "dossier_transmitted": "Votre dossier {} est transmis",
    "dossier_modification_requested": "Modification demandée sur votre dossier {}",
    "dossier_validated": "Votre dossier {} est validé",
    "dossier_rejected": "Votre dossier {} est rejeté",
    "dossier_reopened": "Votre dossier {} est de nouveau en instruction",
    "stage_started": "Votre dossier {} passe à l'étape suivante",
    "stage_called": "Une étape est ouverte sur votre dossier {}",
    "late_access_granted": "Un délai est accordé à votre dossier {}",
    "dossier_received": "Le dossier {} vous est transféré",
    "dossier_handed_over": "Vous avez transféré le dossier {}",
}


def ready(status: str) -> DossierStage:
    stage = factories.BUILDERS[status]()
    return factories.fill(stage) if status == "draft" else stage


def email_of(kind: str) -> Email:
    if kind == "dossier_created":
        factories.draft()
    else:
        status, change = CHANGES[kind]
        change(ready(status))
    return Email.objects.get(kind=kind)


@pytest.mark.parametrize("kind", SUBJECTS)
def test_an_email_names_its_dossier_and_leads_to_it(kind: str, settings: Settings) -> None:
    """N2: reference in the subject, support in the body, text and HTML, a link made from the public address."""
    settings.PUBLIC_URL = "https://portail.exemple.fr"
    email = email_of(kind)
    dossier = Dossier.objects.get()
    assert email.subject == SUBJECTS[kind].format(dossier.reference)
    assert email.about == dossier.reference
    for body in (email.text, email.html):
        assert dossier.reference in body
        assert dossier.legal_entity.finess in body
        assert settings.SUPPORT_EMAIL in body
    assert "<p" in email.html
    assert "<p" not in email.text
    link = f"https://portail.exemple.fr{reverse('dossiers:form', args=[email.about])}"
    if kind == "dossier_handed_over":  # he has no access any more
        assert "https://portail.exemple.fr/dossiers" not in email.text + email.html
    else:
        assert link in email.text
        assert f'href="{link}"' in email.html


@pytest.mark.parametrize("kind", [kind for kind in CHANGES if kind != "dossier_handed_over"])
def test_one_email_a_change_to_the_one_concerned_and_none_if_it_is_rolled_back(kind: str) -> None:
    """Q45: no e-mail, no event, no status."""
    status, change = CHANGES[kind]
    stage = ready(status)
    referent = stage.dossier.referent
    before = set(Email.objects.values_list("pk", flat=True))
    counts = (len(before), Event.objects.count(), Transmission.objects.count())

    with transaction.atomic():
        change(stage)
        transaction.set_rollback(True)
    assert (Email.objects.count(), Event.objects.count(), Transmission.objects.count()) == counts
    assert factories.fresh(stage).status == status

    change(stage)
    sent = dict(Email.objects.exclude(pk__in=before).values_list("kind", "to"))
    if kind == "dossier_received":
        new = factories.fresh(stage).dossier.referent
        assert new != referent
        assert sent == {"dossier_received": new.email, "dossier_handed_over": referent.email}
    else:
        assert sent == {kind: referent.email}


def test_the_words_that_matter_are_in_the_message() -> None:
    email = email_of("dossier_modification_requested")
    stage = DossierStage.objects.get()
    assert stage.due_at is not None
    assert "Le diagnostic est incomplet." in email.text
    assert "Joignez celui de chaque EJ." in email.text
    assert "2 remarques figurent" in email.text
    assert french.until(stage.due_at) in email.text
    workflow.reject(factories.transmit(stage), by=UserFactory(verifier=True), reason=REASON)
    assert REASON in Email.objects.get(kind="dossier_rejected").text


def test_a_receipt_counts_files_and_transmissions() -> None:
    stage = factories.modification_requested()
    factories.transmit(stage)
    first, second = Email.objects.filter(kind="dossier_transmitted").order_by("pk")
    assert "transmission n° 1" in first.text
    assert "transmission n° 2" in second.text
    assert "5 pièces jointes en font partie" in first.text
    assert first.key != second.key


def test_the_email_of_creation_says_until_when() -> None:
    stage = factories.poc(closes_at=dt.datetime(2031, 6, 5, tzinfo=timezone.get_current_timezone()))
    factories.draft(stage=stage)
    assert "mercredi 4 juin 2031 à 23 h 59, heure de Paris" in Email.objects.get().text.replace("\u00a0", " ")


HOSTILE = "Zoé\r\nBcc: pirate@exemple.fr\r\n\r\n<script>alert(1)</script> {{ 7|add:7 }} {reference}"


def test_a_hostile_name_adds_no_header_and_no_markup(mailoutbox: list[EmailMessage]) -> None:
    """Q50."""
    entity = factories.entity(name="EHPAD <b>Les & Tilleuls</b>\nBcc: x@exemple.fr")
    former = factories.referent(entity, first_name=HOSTILE[:80], last_name="</p><img src=x>")
    stage = factories.draft(by=former, legal_entity=entity)
    workflow.transfer([stage], by=former, to=factories.referent(entity))
    email = Email.objects.get(kind="dossier_received")
    assert "\n" not in email.subject + email.to
    assert "<script>" not in email.html
    assert "<img" not in email.html
    assert "<b>" not in email.html
    assert "{{ 7|add:7 }}" in email.text, "a name is never a template"
    delivery.sweep()
    assert len(mailoutbox) == Email.objects.count() == 3
    for message in mailoutbox:
        headers = message.message()
        assert headers["Bcc"] is None
        assert len(headers.get_all("To")) == len(message.recipients()) == 1


def test_a_hostile_message_of_a_verifier_stays_text() -> None:
    stage = factories.transmitted()
    workflow.request_modification(stage, by=UserFactory(verifier=True), message=HOSTILE, remarks={}, due_at=due_at())
    email = Email.objects.get(kind="dossier_modification_requested")
    assert "<script>" not in email.html
    assert "&lt;script&gt;" in email.html
    assert "<script>" in email.text


def test_files_and_saves_send_nothing() -> None:
    stage = factories.draft()
    attachment = factories.deposit(stage, factories.pdf())
    workflow.archive_file(attachment, by=stage.dossier.referent, at=timezone.now())
    factories.save(stage, comment={"value": "Un mot"})
    assert list(Email.objects.values_list("kind", flat=True)) == ["dossier_created"]
