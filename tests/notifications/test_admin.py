"""The outbox as an administrator sees it (N3, S1)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from notifications.enums import State
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.accounts.sessions import sign_in
from tests.notifications.factories import EmailFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/notifications/email/"


@pytest.fixture
def administrator(client: Client) -> Client:
    return sign_in(client, UserFactory.create(admin=True))


def one(email: Email) -> str:
    return reverse("admin:notifications_email_change", args=[email.pk])


def test_what_failed_is_found_by_state_by_reference_and_by_recipient(administrator: Client) -> None:
    EmailFactory.create(failed=True, to="perdu@exemple.fr", about="NSCQGGBPCA", subject="Dossier transmis")
    EmailFactory.create(sent=True, to="claire@exemple.fr", about="ZZZZZZZZZZ", subject="Dossier validé")
    for query in ({"state__exact": "failed"}, {"q": "NSCQGGBPCA"}, {"q": "Perdu@"}):
        page = administrator.get(LIST, query).content.decode()
        assert "perdu@exemple.fr" in page
        assert "claire@exemple.fr" not in page
    assert "En échec" in administrator.get(LIST).content.decode()


def test_renvoyer_starts_again_what_failed_and_says_how_many(administrator: Client) -> None:
    failed = EmailFactory.create(failed=True)
    sent = EmailFactory.create(sent=True)
    data = {"action": "send_again", "_selected_action": [failed.pk, sent.pk]}
    page = administrator.post(LIST, data, follow=True).content.decode()
    assert "1\u00a0e-mail repart." in page
    failed.refresh_from_db()
    sent.refresh_from_db()
    assert (failed.state, failed.attempts) == (State.QUEUED, 0)
    assert failed.next_attempt_at is not None
    assert failed.next_attempt_at <= timezone.now()
    assert sent.state == State.SENT


def test_renvoyer_what_left_does_nothing_and_says_so(administrator: Client) -> None:
    sent = EmailFactory.create(sent=True)
    page = administrator.post(LIST, {"action": "send_again", "_selected_action": [sent.pk]}, follow=True)
    assert "Aucun e-mail à renvoyer" in page.content.decode()


def test_the_text_about_a_dossier_is_shown_and_codes_and_links_never(administrator: Client) -> None:
    dossier = EmailFactory.create()
    code = EmailFactory.create(code=True)
    link = EmailFactory.create(about="", text="https://portail.test/activer/SECRET/")
    assert "Votre dossier est transmis." in administrator.get(one(dossier)).content.decode()
    assert "123456" not in administrator.get(one(code)).content.decode()
    assert "SECRET" not in administrator.get(one(link)).content.decode()


def test_nothing_is_added_changed_or_deleted_there(administrator: Client) -> None:
    email = EmailFactory.create()
    assert administrator.get(f"{LIST}add/").status_code == 403
    assert administrator.post(one(email), {"subject": "Autre"}).status_code == 403
    assert administrator.get(one(email).replace("change", "delete")).status_code == 403
    administrator.post(LIST, {"action": "delete_selected", "_selected_action": [email.pk], "post": "yes"})
    assert Email.objects.get().subject == email.subject


def test_the_searches_and_the_sweep_use_an_index_whatever_the_volume() -> None:
    now = timezone.now()
    Email.objects.bulk_create(
        [
            EmailFactory.build(sent=True, sent_at=now, created_at=now - timedelta(minutes=n), about=f"REF{n:07}")
            for n in range(3000)
        ]
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE notifications_email")
    assert "email_to" in Email.objects.filter(to__istartswith="personne12@").explain()
    assert "about" in Email.objects.about("REF0000012").explain()
    assert "email_due" in Email.objects.due(now).explain()
    assert "email_unspent_code" in Email.objects.late_codes(now).explain()
    assert "email_recent" in str(Email.objects.order_by("-created_at", "-pk")[:50].explain())
