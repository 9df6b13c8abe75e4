"""What is encrypted at rest, and how keys change (Q60)."""

from __future__ import annotations

import importlib
import json
from unittest import mock

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from pytest_django import Settings

from dossiers import workflow
from dossiers.models import Answer, ParkedInput, Transmission
from ecare import encryption
from tests.accounts.factories import UserFactory
from tests.dossiers import factories

pytestmark = pytest.mark.django_db
PLAIN = factories.IBAN.replace(" ", "")


def everything() -> str:
    """Every row of every table, as text."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        said = []
        for table in tables:
            cursor.execute(f"SELECT t::text FROM {connection.ops.quote_name(table)} AS t")  # noqa: S608
            said += [row[0] for row in cursor.fetchall()]
    return "\n".join(said)


def test_no_iban_stands_in_clear_in_the_database_after_a_journey() -> None:
    stage = factories.modification_requested()
    factories.save(stage, bank={"holder": "A", "iban": "FR14 2004 1010 0505 0001 3M02 606", "bic": factories.BIC})
    ParkedInput.objects.create(
        user=stage.dossier.referent, dossier_stage=stage, answers={"bank": {"raw": {"iban": PLAIN}, "base": "x"}}
    )
    found = "".join(everything().split())
    assert "AssociationLesTilleuls" in found  # it does read what answers hold
    for iban in (PLAIN, "FR1420041010050500013M02606"):
        assert iban not in found
        assert iban[4:-4] not in found
    assert found.count("enc:") >= 4


def test_who_may_read_an_answer_reads_it_as_it_was_typed() -> None:
    stage = factories.transmitted()
    answer = Answer.objects.get(dossier_stage=stage, code="bank")
    assert (answer.raw["iban"], answer.value["iban"]) == (factories.IBAN, PLAIN)
    assert Transmission.objects.get().answers["bank"]["iban"] == PLAIN
    page = factories.signed_in(UserFactory(verifier=True)).get(f"/instruction/{stage.dossier.reference}/")
    assert PLAIN[4:-4] not in "".join(page.content.decode().split())


def test_the_same_iban_of_two_applicants_is_found_without_reading_it() -> None:
    first, second = factories.transmitted(), factories.transmitted()
    other = {"holder": "A", "iban": "FR14 2004 1010 0505 0001 3M02 606", "bic": factories.BIC}
    third = factories.modification_requested()
    factories.save(third, bank=other)
    workflow.transmit(third, by=third.dossier.referent, at=timezone.now(), seen=factories.seen(third))
    read = Transmission.objects.latest("pk")
    assert read.answers["bank"]["iban"] == "FR1420041010050500013M02606"
    same = Transmission.objects.filter(answers__bank__iban__startswith=encryption.prefix(factories.IBAN))
    assert set(same.exclude(pk=read.pk).values_list("dossier_stage_id", flat=True)) == {first.pk, second.pk, third.pk}
    assert read not in same


def test_a_key_is_changed_and_the_old_one_forgotten(settings: Settings) -> None:
    stage = factories.transmitted()
    old, new = settings.ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [new]
    with pytest.raises(InvalidToken):
        Transmission.objects.get()
    with pytest.raises(CommandError, match="Remettez l'ancienne clé après la nouvelle"):
        call_command("reencrypt", verbosity=0)
    settings.ENCRYPTION_KEYS = [new, old]
    call_command("reencrypt", verbosity=0)
    settings.ENCRYPTION_KEYS = [new]
    assert Transmission.objects.get().answers["bank"]["iban"] == PLAIN
    assert Answer.objects.get(dossier_stage=stage, code="bank").raw["iban"] == factories.IBAN
    with pytest.raises(Exception, match="append-only"):
        Transmission.objects.update(number=9)


def test_secrets_stored_before_encryption_are_encrypted_by_the_migration_history_included(settings: Settings) -> None:
    """With the models of that time, over several batches; what is read does not change, and history is closed again."""
    migration = importlib.import_module("dossiers.migrations.0008_encrypt_secrets")
    stage = factories.modification_requested()
    workflow.transmit(stage, by=stage.dossier.referent, at=timezone.now(), seen=factories.seen(stage))
    parked = {"bank": {"raw": {"iban": PLAIN}, "base": "x"}}
    ParkedInput.objects.create(user=stage.dossier.referent, dossier_stage=stage, answers=parked)
    said = {model: list(model.objects.order_by("pk").values()) for model in (Answer, ParkedInput, Transmission)}
    assert len(said[Transmission]) == 2
    with connection.cursor() as cursor:
        for model, rows in said.items():
            table = model._meta.db_table
            cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE {table} DISABLE TRIGGER USER")
            for field in migration.FIELDS[model.__name__]:
                clear = [(json.dumps(row[field]), row["id"]) for row in rows]
                cursor.executemany(f"UPDATE {table} SET {field} = %s::jsonb WHERE id = %s", clear)  # noqa: S608
    # Typed once with its spaces, understood without them, in two transmissions and aside.
    assert everything().count(PLAIN) == 4
    assert everything().count(factories.IBAN) == 1
    before = MigrationExecutor(connection).loader.project_state(("dossiers", "0007_secrets_in_answers")).apps
    with mock.patch.object(migration, "BATCH", 2), connection.schema_editor(atomic=False) as editor:
        migration.encrypt(before, editor)
    assert PLAIN not in "".join(everything().split())
    assert {model: list(model.objects.order_by("pk").values()) for model in said} == said
    for change in (Transmission.objects.update, Transmission.objects.filter(number=1).update):
        with pytest.raises(Exception, match="append-only"), transaction.atomic():
            change(number=9)
    # What the migration wrote follows the keys like the rest.
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]
    call_command("reencrypt", verbosity=0)
    settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS[:1]
    assert list(Transmission.objects.order_by("pk").values()) == said[Transmission]


def test_what_was_stored_before_encryption_is_read_as_it_is() -> None:
    assert encryption.decrypt(PLAIN) == PLAIN
    assert encryption.decrypt(encryption.encrypt("enc:ruse")) == "enc:ruse"


def test_saving_keeps_one_answer_readable_by_the_next_save() -> None:
    """The digest that tells two tabs apart is of what was typed, not of what is stored."""
    stage = factories.fill(factories.draft())
    saved = factories.save(stage, bank={"holder": "A", "iban": factories.IBAN, "bic": factories.BIC})
    assert isinstance(saved, workflow.Saved)
    assert not saved.conflicts
