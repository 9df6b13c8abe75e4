"""Accounts that go by themselves: never activated after 30 days (A2), or without a sign-in for two years (Q59)."""

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from accounts import links
from accounts.models import KnownBrowser, Representation, User
from accounts.workflow import inactivity
from ecare import french
from notifications import outbox
from notifications.enums import State
from notifications.models import Email
from tests.accounts.factories import RepresentationFactory, UserFactory
from tests.ecare.purging import purged

pytestmark = pytest.mark.django_db
NOW = timezone.now()
DAY_30 = NOW - timedelta(days=30)


def test_only_an_account_never_activated_goes_and_at_thirty_days_exactly(capsys):
    gone = RepresentationFactory(user=UserFactory(pending=True, created_at=DAY_30)).user
    kept = [
        UserFactory(pending=True, created_at=DAY_30 + timedelta(seconds=1)),
        UserFactory(created_at=DAY_30 - timedelta(days=300)),
        UserFactory(is_active=False, created_at=DAY_30 - timedelta(days=300)),
    ]
    assert purged("never-activated", now=NOW) == 1
    assert set(User.objects.all()) == set(kept)
    assert not Representation.objects.filter(user=gone.pk).exists()
    User.objects.filter(pk=kept[0].pk).update(created_at=DAY_30 - timedelta(days=1))
    call_command("purge")
    assert "Comptes jamais activés (30\u00a0jours) : 1, le plus ancien du" in capsys.readouterr().out
    assert not User.objects.filter(pk=kept[0].pk).exists()


def test_a_purged_account_leaves_its_address_in_no_email():
    pending = UserFactory(pending=True, created_at=DAY_30, email="Partie@exemple.fr")
    with transaction.atomic():
        for number, address in enumerate(["partie@exemple.fr", "Partie@exemple.fr", "reste@exemple.fr"]):
            outbox.post(
                kind="activation",
                to=address,
                subject="Activez votre compte",
                context={"user": pending},
                key=f"essai:{number}",
            )
    sent = Email.objects.get(key="essai:0")
    Email.objects.filter(pk=sent.pk).update(state=State.SENT, sent_at=NOW, next_attempt_at=None)
    assert purged("never-activated", now=NOW) == 1
    assert list(Email.objects.order_by("key").values_list("key", "to", "text")[:1]) == [
        ("essai:0", "adresse supprimée", "")
    ]
    assert Email.objects.get(key="essai:2").to == "reste@exemple.fr"
    assert not Email.objects.filter(key="essai:1").exists()


def test_the_link_of_a_purged_account_is_void(client):
    pending = UserFactory(pending=True, created_at=DAY_30)
    address = links.activation(pending).removeprefix("http://127.0.0.1:8000")
    purged("never-activated", now=NOW)
    assert client.post(address).status_code == 410


def came(days: int, **fields: Any) -> User:
    """A référent whose last sign-in is that many days ago."""
    seen = NOW - timedelta(days=days)
    return RepresentationFactory(user=UserFactory(activated_at=seen, last_login=seen, **fields)).user


def test_an_account_without_a_sign_in_is_told_then_goes_unless_its_owner_comes_back():
    gone, back, closed = came(700), came(700), came(700, is_active=False)
    recent, staff = came(699), UserFactory(verifier=True, activated_at=NOW, last_login=NOW - timedelta(days=4000))
    never_came = UserFactory(activated_at=NOW - timedelta(days=700), last_login=None)
    assert purged("inactive", now=NOW + timedelta(days=4000)) == 0  # nobody was told
    assert purged("inactive-told", now=NOW, dry_run=True) == 4
    assert purged("inactive-told", now=NOW) == 4
    assert purged("inactive-told", now=NOW) == 0
    told = {each.to: each for each in Email.objects.filter(kind="inactive")}
    assert set(told) == {gone.email, back.email, closed.email, never_came.email}
    assert french.day(NOW + timedelta(days=30)) in told[gone.email].text
    assert "/connexion/" in told[gone.email].text
    assert "/connexion/" not in told[closed.email].text

    User.objects.filter(pk=back.pk).update(last_login=NOW + timedelta(days=29))
    end = NOW + timedelta(days=30)
    assert purged("inactive", now=end - timedelta(seconds=1)) == 0
    assert purged("inactive", now=end) == 3
    assert purged("inactive", now=end) == 0
    assert set(User.objects.filter(deleted_at=None)) == {back, recent, staff}
    assert User.objects.get(pk=gone.pk).full_name == "Compte supprimé"
    farewell = Email.objects.get(kind="account_deleted", to=gone.email)
    assert "à votre demande" not in farewell.text
    # Told again, two years after coming back.
    assert purged("inactive-told", now=end + timedelta(days=730)) == 2


def test_who_signs_in_while_the_purge_runs_keeps_the_account():
    person = came(800, inactivity_told_at=NOW - timedelta(days=40))
    assert purged("inactive", now=NOW, dry_run=True) == 1
    User.objects.filter(pk=person.pk).update(last_login=NOW)
    assert inactivity.close([person.pk], NOW) == 0
    assert User.objects.get(pk=person.pk).is_active


def test_wrong_passwords_and_browsers_go_once_they_count_no_longer():
    person = UserFactory()
    for age, word in ((timedelta(minutes=14), "a"), (timedelta(minutes=15), "b")):
        attempt = AccessAttempt.objects.create(username=word, ip_address="192.0.2.1", failures_since_start=1)
        AccessAttempt.objects.filter(pk=attempt.pk).update(attempt_time=NOW - age)
    for age, word in ((399, "a"), (400, "b")):
        KnownBrowser.objects.create(user=person, digest=word, last_seen_at=NOW - timedelta(days=age))
    assert (purged("pauses", now=NOW), purged("browsers", now=NOW)) == (1, 1)
    assert [*AccessAttempt.objects.values_list("username", flat=True)] == ["a"]
    assert [*KnownBrowser.objects.values_list("digest", flat=True)] == ["a"]
