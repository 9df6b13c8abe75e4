from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from notifications import broker, outbox
from notifications.enums import State
from notifications.models import Email

NBSP = "\u00a0"


def post(**fields: Any) -> Email:
    usual: dict[str, Any] = {
        "kind": "hello",
        "to": "claire@exemple.fr",
        "subject": "Dossier NSCQGGBPCA transmis",
        "context": {"name": "Claire", "message": "Votre dossier est transmis."},
        "key": "transmitted:1:claire",
    }
    with transaction.atomic():
        return outbox.post(**(usual | fields))


@pytest.mark.django_db
def test_a_posted_email_waits_in_its_row() -> None:
    email = post(about="NSCQGGBPCA")
    stored = Email.objects.get()
    assert stored == email
    assert (stored.state, stored.to, stored.about) == (State.QUEUED, "claire@exemple.fr", "NSCQGGBPCA")
    assert stored.next_attempt_at is not None
    assert stored.message_id.endswith("@esante.gouv.fr>")


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_transaction_leaves_no_email() -> None:
    def fail() -> None:
        with transaction.atomic():
            post()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not Email.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_posting_outside_a_transaction_is_refused() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        outbox.post(kind="hello", to="a@exemple.fr", subject="s", context={}, key="k")
    assert not Email.objects.exists()


@pytest.mark.django_db
def test_the_same_event_is_posted_once_and_handed_over_once(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        first = post()
        second = post(subject="Autre objet")
    assert first == second
    assert second.subject == "Dossier NSCQGGBPCA transmis"
    assert Email.objects.count() == 1
    assert len(callbacks) == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_event_posted_by_eight_transactions_at_once_gives_one_row() -> None:
    barrier = threading.Barrier(8)
    found: list[int] = []

    def race() -> None:
        try:
            barrier.wait()
            found.append(post().pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert found == [Email.objects.get().pk] * 8


@pytest.mark.django_db
def test_posting_costs_two_queries() -> None:
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        outbox.post(kind="hello", to="a@exemple.fr", subject="s", context={}, key="k")
    assert len(queries) == 2


@pytest.mark.django_db
def test_the_text_says_who_to_write_to_and_not_to_answer(settings: Settings) -> None:
    text = post(about="NSCQGGBPCA", action=("Voir votre dossier", "https://portail.test/dossiers/NSCQGGBPCA/")).text
    assert text.startswith("Bonjour Claire,\n\nVotre dossier est transmis.\n\nÀ bientôt.\n\nVoir votre dossier")
    assert f"Voir votre dossier{NBSP}:\nhttps://portail.test/dossiers/NSCQGGBPCA/\n" in text
    assert f"Dossier n°{NBSP}NSCQGGBPCA" in text
    assert settings.SUPPORT_EMAIL in text
    assert text.endswith("Message envoyé automatiquement, ne répondez pas.\n")


@pytest.mark.django_db
def test_text_is_as_typed_and_html_is_escaped() -> None:
    email = post(context={"name": "<b>J & J</b>", "message": "Ligne 1\nLigne 2"})
    assert "Bonjour <b>J & J</b>," in email.text
    assert "Bonjour &lt;b&gt;J &amp; J&lt;/b&gt;," in email.html
    assert "<b>J" not in email.html
    assert "Ligne 1<br>Ligne 2" in email.html


@pytest.mark.django_db
def test_html_loads_nothing_from_anywhere() -> None:
    html = post(action=("Voir", "https://portail.test/")).html
    assert "<img" not in html
    assert "src=" not in html
    assert "url(" not in html
    assert "<link" not in html


@pytest.mark.django_db
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\x00"])
def test_line_breaks_leave_the_subject_and_the_recipient(line_break: str) -> None:
    email = post(
        subject=f"Dossier{line_break}Bcc: pirate@exemple.org", to=f"claire@exemple.fr{line_break}Bcc:x@exemple.org"
    )
    assert email.subject == "Dossier Bcc: pirate@exemple.org"
    assert email.to == "claire@exemple.frBcc:x@exemple.org"


@pytest.mark.django_db
def test_a_non_breaking_space_stays_in_the_subject() -> None:
    assert post(subject=f"Dossier n°{NBSP}NSCQGGBPCA").subject == f"Dossier n°{NBSP}NSCQGGBPCA"


@pytest.mark.django_db
def test_a_subject_too_long_is_cut_and_never_refused() -> None:
    assert len(post(subject="x" * 400).subject) == 255


@pytest.mark.django_db
def test_a_nul_character_in_a_name_does_not_refuse_the_transaction() -> None:
    assert "Bonjour Claire," in post(context={"name": "Cla\x00ire", "message": ""}).text


def test_absolute_addresses_come_from_the_setting(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://portail.test"
    assert outbox.absolute("/connexion/") == "https://portail.test/connexion/"


def test_a_code_has_a_queue_of_its_own(settings: Settings) -> None:
    assert {broker.task_for(is_code=True).name: {"queue": "codes"}} == settings.CELERY_TASK_ROUTES
    assert broker.task_for(is_code=False).name != broker.task_for(is_code=True).name
