"""Statements composed once give what their queryset gives, and follow what changes."""

from __future__ import annotations

import pytest
from django.db import DataError, connection, transaction
from django.db.models import F, IntegerField, TextField, Value
from django.db.models.functions import Cast
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from dossiers import access
from dossiers.models import DossierStage
from ecare.composed import Composed
from ecare.expressions import Among
from tests.dossiers import factories

pytestmark = pytest.mark.django_db


def test_rows_are_whole_objects_with_related_ones_and_annotations(django_assert_num_queries) -> None:
    stages = [factories.draft(), factories.transmitted(), factories.modification_requested()]
    for stage in stages:
        expected = (
            access.own_stages(stage.dossier.referent)
            .with_context()
            .with_newest_form()
            .get(dossier__reference=stage.dossier.reference)
        )
        with django_assert_num_queries(1):
            found = access.own_stage(stage.dossier.referent, stage.dossier.reference)
            assert found is not None
            related = [each.dossier.legal_entity.region for each in (found, expected)]
        assert found == expected
        for field in DossierStage._meta.concrete_fields:
            assert getattr(found, field.attname) == getattr(expected, field.attname)
        assert related[0] == related[1]
        assert found.newest_form == expected.newest_form


def test_each_run_reads_its_own_values() -> None:
    mine, other = factories.draft(), factories.draft()
    owner = mine.dossier.referent
    assert access.own_stage(owner, mine.dossier.reference) == mine
    assert access.own_stage(owner, other.dossier.reference) is None
    User.objects.filter(pk=owner.pk).update(last_name="Autrement")
    assert access.own_stage(owner, mine.dossier.reference).dossier.referent.last_name == "Autrement"


def test_an_example_that_the_statement_does_not_hold_is_refused() -> None:
    lost = Composed(lambda key, never: User.objects.filter(pk=key), key=-1, never="-")
    with pytest.raises(ValueError, match="never"):
        lost.rows(key=1, never="x")


def test_a_list_and_tuples_are_given_as_they_are() -> None:
    users = [factories.draft().dossier.referent for _ in range(3)]
    some = Composed(
        lambda keys: User.objects.filter(Among(F("pk"), Value(keys))).order_by("pk").values_list("pk", "email"),
        keys=[-1],
    )
    assert some.tuples(keys=[each.pk for each in users[:2]]) == [(each.pk, each.email) for each in users[:2]]
    assert some.tuples(keys=[users[2].pk]) == [(users[2].pk, users[2].email)]
    assert some.tuples(keys=[]) == []


def test_the_order_of_the_queryset_is_kept() -> None:
    users = [factories.draft().dossier.referent for _ in range(3)]
    newest = Composed(lambda least: User.objects.filter(pk__gte=least).order_by(F("pk").desc()), least=-1)
    assert newest.rows(least=users[1].pk)[:2] == [users[2], users[1]]
    assert newest.first(least=users[2].pk + 1) is None


def kept_plans(words: str) -> int:
    """How many statements that hold these words this connection keeps planned."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE strpos(statement, %s) > 0", [words])
        [(count,)] = cursor.fetchall()
    return count


def test_a_statement_is_planned_once_whatever_the_values() -> None:
    user = factories.draft().dossier.referent
    marked = Composed(lambda key: User.objects.filter(pk=key).annotate(mark=Value("planned 100 % once\u00a0?")), key=-1)
    for key in (user.pk, 1, 2**15, 2**31, 2**62):
        assert [each.pk for each in marked.rows(key=key)] == ([user.pk] if key == user.pk else [])
    assert marked.first(key=user.pk).mark == "planned 100 % once\u00a0?"
    assert kept_plans("planned 100 % once") == 1
    User.objects.annotate(mark=Value("planned by nobody")).filter(pk=user.pk).first()
    assert kept_plans("planned by nobody") == 0


@pytest.mark.django_db(transaction=True)
def test_a_statement_is_planned_again_after_what_was_undone() -> None:
    user = factories.draft().dossier.referent
    by_key = Composed(lambda key: User.objects.filter(pk=key), key=-1)
    with transaction.atomic():
        assert by_key.first(key=user.pk) == user
        transaction.set_rollback(True)
    assert by_key.first(key=user.pk) == user


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_fails_leaves_the_connection_as_it_was() -> None:
    user = factories.draft().dossier.referent
    counted = Composed(
        lambda key, text: User.objects.filter(pk=key).annotate(
            count=Cast(Value(text, output_field=TextField()), IntegerField())
        ),
        key=-1,
        text="-",
    )
    with pytest.raises(DataError):
        counted.rows(key=user.pk, text="beaucoup")
    assert counted.first(key=user.pk, text="3").count == 3
    assert connection.connection.prepare_threshold is None


@pytest.mark.django_db(transaction=True)
def test_a_column_that_a_migration_changes_is_read_at_once() -> None:
    user = factories.draft().dossier.referent
    by_key = Composed(lambda key: User.objects.filter(pk=key), key=-1)
    assert by_key.first(key=user.pk) == user
    for kind in ("varchar(151)", "varchar(150)"):
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE accounts_user ALTER last_name TYPE {kind}")
        assert by_key.first(key=user.pk).last_name == user.last_name


def test_what_is_captured_is_told_with_its_values() -> None:
    user = factories.draft().dossier.referent
    by_key = Composed(lambda key: User.objects.filter(pk=key), key=-1)
    with CaptureQueriesContext(connection) as captured:
        by_key.first(key=user.pk)
    [statement] = [each["sql"] for each in captured]
    assert f'WHERE "accounts_user"."id" = {user.pk} ' in statement
