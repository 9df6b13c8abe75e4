"""What a session leaves behind, and how long it lasts (Q14)."""

from datetime import timedelta

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import queries
from accounts.models import Session
from tests.accounts.factories import PASSWORD, UserFactory
from tests.accounts.sessions import give_code, give_password, is_signed_in, sign_in
from tests.ecare.purging import purged

pytestmark = pytest.mark.django_db
WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15"
SAFARI = f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT}"


def test_a_session_ends_twelve_hours_after_the_code_whatever_is_written_meanwhile(client):
    give_code(client, give_password(client, UserFactory()))
    key = client.session.session_key
    end = Session.objects.get(pk=key).ends_at
    assert timedelta(hours=11, minutes=59) < end - timezone.now() <= timedelta(hours=12)
    session = client.session
    session["anything"] = "written later"
    session.save()
    assert abs(Session.objects.get(pk=key).ends_at - end) < timedelta(seconds=1)
    Session.objects.filter(pk=key).update(expire_date=timezone.now())
    assert client.get("/compte/").status_code == 302


def test_a_session_written_late_is_not_extended(client, monkeypatch):
    give_code(client, give_password(client, UserFactory()))
    end = client.session.get_expiry_date()
    now = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: now() + timedelta(minutes=29))
    session = client.session
    session["anything"] = "written later"
    session.save()
    assert abs(Session.objects.get(pk=session.session_key).ends_at - end) < timedelta(seconds=1)


@pytest.mark.parametrize("address", ["/tableau-de-bord/", "/dossiers/nouveau/", "/", "/compte/"])
def test_no_cache_keeps_the_pages_of_someone_signed_in(client, address):
    sign_in(client, UserFactory())
    assert "no-store" in client.get(address)["Cache-Control"]


def test_pages_of_nobody_may_be_kept(client):
    assert "Cache-Control" not in client.get("/")


def test_what_is_sent_once_signed_out_leads_back_to_the_page_that_sent_it(client):
    """Never to an address that only takes what is sent to it."""
    address = "/instruction/ABCDEFGHJK/notes/"
    sent = client.post(
        address, {"text": "Note."}, headers={"Referer": "http://testserver/instruction/ABCDEFGHJK/?tri=region"}
    )
    assert sent.url == "/connexion/?next=/instruction/ABCDEFGHJK/%3Ftri%3Dregion"
    for sender in ("https://ailleurs.example/instruction/", "", "http://[", "testserver"):
        assert client.post(address, headers={"Referer": sender}).url == f"/connexion/?next={address}"


def test_sentences_sent_once_signed_out_are_shown_and_no_secret_is(client):
    """Without JavaScript, nothing else keeps a note, a reason or an objection."""
    sender = {"Referer": "http://testserver/instruction/ABCDEFGHJK/"}
    post = {"text": "Appeler l'établissement\nlundi <b>matin</b>.", "new_password1": "tulipe tracteur", "read": "12"}
    page = client.post("/instruction/ABCDEFGHJK/notes/", post, headers=sender)
    assert page.status_code == 403
    body = page.content.decode()
    assert "Appeler l&#x27;établissement\nlundi &lt;b&gt;matin&lt;/b&gt;.</textarea>" in body
    assert 'href="/connexion/?next=/instruction/ABCDEFGHJK/"' in body
    assert "tracteur" not in body
    assert body.count("<textarea") == 1
    assert "no-store" in page["Cache-Control"]
    # A page that saves by itself says so itself.
    assert client.post("/instruction/ABCDEFGHJK/notes/", post, headers={"HX-Request": "true"}).status_code == 302


# Half an hour (Q14)


def opened(client, user, browser="Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"):
    client.defaults["HTTP_USER_AGENT"] = browser
    give_code(client, give_password(client, user))
    return Session.objects.get(pk=client.session.session_key)


def at(monkeypatch, moment):
    monkeypatch.setattr(timezone, "now", lambda: moment)


def test_half_an_hour_without_a_request_ends_a_session_at_the_instant(client, monkeypatch):
    session = opened(client, UserFactory())
    at(monkeypatch, session.last_seen_at + timedelta(minutes=30) - timedelta(microseconds=1))
    assert client.get("/compte/session/").json()["seconds"] == 0  # less than one, and asking changes nothing
    assert client.get("/compte/").status_code == 200
    session.refresh_from_db()
    at(monkeypatch, session.last_seen_at + timedelta(minutes=30))
    assert client.get("/compte/").status_code == 302
    door = client.get("/compte/", follow=True)
    assert door.redirect_chain == [("/connexion/?next=/compte/", 302)]
    assert "terminée après 30 minutes sans activité" in door.content.decode()


def test_activity_carries_a_session_to_twelve_hours_and_not_further(client, monkeypatch):
    session = opened(client, UserFactory())
    moment = session.opened_at
    while moment + timedelta(minutes=29) < session.ends_at:
        moment += timedelta(minutes=29)
        at(monkeypatch, moment)
        assert client.get("/compte/").status_code == 200
    at(monkeypatch, session.ends_at)
    assert client.get("/compte/").status_code == 302


def test_reading_pages_writes_a_session_once_a_minute(client, monkeypatch, django_assert_num_queries):
    session = opened(client, UserFactory())
    at(monkeypatch, session.last_seen_at + timedelta(seconds=59))
    assert client.get("/compte/").status_code == 200
    session.refresh_from_db()
    before = session.last_seen_at
    at(monkeypatch, before + timedelta(seconds=60))
    client.get("/compte/")
    session.refresh_from_db()
    assert session.last_seen_at == before + timedelta(seconds=60)


def test_staying_lengthens_a_session_and_asking_does_not(client, monkeypatch):
    session = opened(client, UserFactory())
    at(monkeypatch, session.last_seen_at + timedelta(minutes=28))
    assert client.get("/compte/session/").json() == {"seconds": 120}
    assert client.get("/compte/session/").json() == {"seconds": 120}
    assert client.post("/compte/session/").json() == {"seconds": 1800}


def test_nobody_is_told_that_no_time_is_left(client):
    assert client.get("/compte/session/").json() == {"seconds": 0}
    assert client.post("/compte/session/").json() == {"seconds": 0}


# The list


def test_sessions_are_listed_in_words_and_closed_at_once(client, monkeypatch):
    user, other = UserFactory(), Client()
    opened(other, user)
    mine = opened(
        client,
        user,
        SAFARI,
    )
    page = client.get("/compte/").content.decode()
    assert "Firefox sous Windows" in page
    assert "Safari sur un Mac" in page
    assert page.count("Session actuelle") == 1
    for key in Session.objects.values_list("session_key", flat=True):
        assert key not in page
    theirs = Session.objects.exclude(pk=mine.pk).get()
    assert client.post(f"/compte/sessions/{mine.public_id}/deconnecter/").status_code == 404
    assert client.post(f"/compte/sessions/{theirs.public_id}/deconnecter/").url == "/compte/"
    assert not is_signed_in(other)
    assert is_signed_in(client)


def test_nobody_closes_somebody_else_s_session(client):
    stranger = opened(Client(), UserFactory())
    opened(client, UserFactory())
    assert client.post(f"/compte/sessions/{stranger.public_id}/deconnecter/").status_code == 404
    client.post("/compte/sessions/deconnecter/")
    assert Session.objects.filter(pk=stranger.pk).exists()


def test_all_other_sessions_close_together_and_with_a_new_password(client):
    user, others = UserFactory(), [Client(), Client()]
    for other in others:
        opened(other, user)
    opened(client, user)
    assert "Déconnecter toutes les autres sessions" in client.get("/compte/").content.decode()
    client.post("/compte/sessions/deconnecter/")
    assert [is_signed_in(other) for other in others] == [False, False]
    opened(others[0], user)
    new = "quatre mots sans rapport entre eux"
    client.post("/compte/mot-de-passe/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new})
    assert is_signed_in(client)
    assert Session.objects.filter(account=user).count() == 1


def test_the_page_costs_the_same_whatever_the_number_of_sessions(client):
    """Q70."""
    user = UserFactory()
    opened(client, user)
    counts = []
    for number in (0, 2, 27):
        for _ in range(number):
            sign_in(Client(), user)
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/compte/").status_code == 200
        counts.append(len(captured))
    assert len(set(counts)) == 1
    assert counts[0] <= 12


def test_the_list_of_sessions_reads_an_index():
    with connection.cursor() as cursor:
        # A table that holds nearly nothing is read by any index: only one gives the rows in order.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        plan = queries.sessions_of(UserFactory()).explain()
    assert "session_of_account" in plan


def test_sessions_live_where_no_cache_is_needed(client, settings):
    """Redis lost: nobody is signed out, and what was closed stays closed."""
    user, closed = UserFactory(), Client()
    theirs = opened(closed, user)
    opened(client, user)
    client.post(f"/compte/sessions/{theirs.public_id}/deconnecter/")
    caches["default"].clear()
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    assert is_signed_in(client)
    assert not is_signed_in(closed)


def test_purge_lets_go_of_sessions_that_are_over(client):
    kept = opened(client, UserFactory())
    over = opened(Client(), UserFactory())
    Session.objects.filter(pk=over.pk).update(expire_date=timezone.now())
    assert purged("sessions") == 1
    assert list(Session.objects.all()) == [kept]
