"""Authenticator apps at rest: encrypted, their key replaceable, several an account with one count of failures."""

from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client

from accounts import protection, queries, workflow
from accounts.models import Authenticator
from tests.accounts.factories import PASSWORD, UserFactory
from tests.accounts.second_steps import SECOND_STEP, authenticator, code_of
from tests.accounts.sessions import SIGN_IN, sign_in

pytestmark = pytest.mark.django_db
FORMER = """
CREATE TABLE otp_totp_totpdevice (
    id integer PRIMARY KEY, user_id bigint REFERENCES accounts_user, name varchar(64), confirmed boolean,
    key varchar(80), drift smallint, last_t bigint, created_at timestamptz, last_used_at timestamptz,
    throttling_failure_count integer, throttling_failure_timestamp timestamptz
)
"""


def stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(t::text, ' ') FROM accounts_authenticator AS t")
        return str(cursor.fetchone()[0])


def test_apps_of_the_plugin_are_brought_encrypted_under_their_numbers() -> None:
    migration = import_module("accounts.migrations.0005_encrypted_authenticators")
    first, second = UserFactory(), UserFactory()
    key, added = "3132333435363738393031323334353637383930", datetime(2026, 3, 1, 9, tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute(FORMER)
        for pk, user, confirmed in ((41, first, True), (77, second, False)):
            row = [pk, user.pk, "Ancienne", confirmed, key, 1, 59_000_000, added, added, 3, added]
            cursor.execute("INSERT INTO otp_totp_totpdevice VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)", row)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with connection.schema_editor() as editor:
        migration.encrypt(None, editor)
    brought = Authenticator.objects.get(pk=41)
    expected = (first, "Ancienne", True, key, 1, 59_000_000, added, added, 3, added)
    names = "user name confirmed key drift last_t created_at last_used_at throttling_failure_count"
    assert expected == tuple(getattr(brought, name) for name in [*names.split(), "throttling_failure_timestamp"])
    assert not Authenticator.objects.get(pk=77).confirmed
    assert authenticator(first).pk == 78, "the next number is free"
    assert key not in stored()
    assert "otp_totp_totpdevice" not in connection.introspection.table_names()
    with connection.schema_editor() as editor:
        migration.encrypt(None, editor)  # a new database has no such table


def test_a_secret_is_never_stored_in_clear_and_follows_the_key(settings) -> None:
    device = authenticator(UserFactory())
    code, secret = code_of(device), device.key
    assert secret not in stored()
    with pytest.raises(IntegrityError, match="encrypted"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_authenticator SET key = %s", [secret])
    old, new = settings.ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [new, old]
    call_command("reencrypt", verbosity=0)
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert queries.own_factors(device.user), "with the keys lost, the other means still serve"
    settings.ENCRYPTION_KEYS = [new]
    assert protection.verify_authenticator(device.user, code=code) == device


def test_several_apps_each_with_its_code_and_one_count_of_failures() -> None:
    user = UserFactory()
    phone, tablet = authenticator(user), authenticator(user, name="Tablette")
    started = protection.start_authenticator(user, by=user)
    with time_machine.travel("2026-06-04T08:00:10+00:00", tick=False) as clock:
        assert protection.verify_authenticator(user, code=code_of(tablet)) == tablet
        assert protection.verify_authenticator(user, code=code_of(tablet)) is None, "a code serves once"
        assert protection.verify_authenticator(user, code=code_of(started)) is None, "not in use yet"
        assert set(Authenticator.objects.filter(confirmed=True).values_list("throttling_failure_count", flat=True)) == {
            2
        }
        # A clock that is late is followed: each code accepted moves the window.
        for late in (1, 2, 3):
            clock.shift(60)
            assert protection.verify_authenticator(user, code=code_of(phone, steps=-late)) == phone
        assert Authenticator.objects.get(pk=phone.pk).drift == -3
        assert protection.verify_authenticator(user, code=code_of(phone)) is None
        for wrong in ("", "12345", "1234567", "é23456", "²23456", "-12345"):
            assert protection.verify_authenticator(user, code=wrong) is None
        Authenticator.objects.filter(pk=phone.pk).update(throttling_failure_count=11)
        assert protection.verify_authenticator(user, code=code_of(tablet)) is None, "the other one gives no more tries"
        clock.shift(timedelta(minutes=15))
        assert protection.verify_authenticator(user, code=code_of(tablet)) == tablet
        assert set(Authenticator.objects.filter(confirmed=True).values_list("throttling_failure_count", flat=True)) == {
            0
        }


def test_an_app_is_renamed_and_removed_on_its_page_by_its_owner_alone(client) -> None:
    user, stranger = UserFactory(), UserFactory()
    phone, tablet = authenticator(user), authenticator(user, name="Tablette")
    started = protection.start_authenticator(user, by=user)
    sign_in(client, user)
    address = f"/compte/securite/applications/{tablet.pk}/"
    other = sign_in(Client(), stranger)
    assert [other.post(address, typed).status_code for typed in ({"name": "À moi"}, {"remove": "1"})] == [404, 404]
    assert client.get(f"/compte/securite/applications/{started.pk}/").status_code == 404
    assert "Donnez un nom" in client.post(address, {"name": " "}).content.decode()
    page = client.post(address, {"name": "Tablette du bureau"}, follow=True).content.decode()
    assert "«\u00a0Tablette\u00a0» s&#x27;appelle désormais «\u00a0Tablette du bureau\u00a0»" in page
    client.post(address, {"remove": "1"})
    assert queries.own_factors(user).authenticators == [phone]
    for number in range(4):
        authenticator(user, name=f"Application {number}")
    with pytest.raises(workflow.Refused, match="cinq"):
        protection.start_authenticator(user, by=user)
    assert (
        "déjà cinq applications"
        in client.post(f"{address[: -len(str(tablet.pk)) - 1]}ajouter/", {"start": "1"}, follow=True).content.decode()
    )


def test_the_second_of_two_apps_opens_a_session_which_ends_with_it(client) -> None:
    user = UserFactory()
    authenticator(user)
    tablet = authenticator(user, name="Tablette")
    assert client.post(SIGN_IN, {"username": user.username, "password": PASSWORD}).url == SECOND_STEP
    assert client.post(SECOND_STEP, {"code": code_of(tablet)}).url == "/tableau-de-bord/"
    protection.remove(tablet, by=user)
    assert client.get("/compte/").status_code == 302
