"""What a session leaves behind, and how long it lasts (Q14)."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from tests.accounts.factories import UserFactory
from tests.accounts.sessions import give_code, give_password, sign_in

pytestmark = pytest.mark.django_db


def test_a_session_ends_twelve_hours_after_the_code_whatever_is_written_meanwhile(client):
    give_code(client, give_password(client, UserFactory()))
    key = client.session.session_key
    end = Session.objects.get(pk=key).expire_date
    assert timedelta(hours=11, minutes=59) < end - timezone.now() <= timedelta(hours=12)
    session = client.session
    session["anything"] = "written later"
    session.save()
    assert abs(Session.objects.get(pk=key).expire_date - end) < timedelta(seconds=1)
    Session.objects.filter(pk=key).update(expire_date=timezone.now())
    assert client.get("/compte/").status_code == 302


def test_a_session_written_late_is_not_extended(client, monkeypatch):
    give_code(client, give_password(client, UserFactory()))
    end = client.session.get_expiry_date()
    now = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: now() + timedelta(hours=11))
    session = client.session
    session["anything"] = "written later"
    session.save()
    assert abs(Session.objects.get(pk=session.session_key).expire_date - end) < timedelta(seconds=1)


@pytest.mark.parametrize("address", ["/tableau-de-bord/", "/dossiers/nouveau/", "/", "/compte/"])
def test_no_cache_keeps_the_pages_of_someone_signed_in(client, address):
    sign_in(client, UserFactory())
    assert "no-store" in client.get(address)["Cache-Control"]


def test_pages_of_nobody_may_be_kept(client):
    assert "Cache-Control" not in client.get("/")
