from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from funding.models import Bracket, ObjectiveShare, Schedule, UnitAmount
from funding.schedule import calculation, queries, workflow
from tests.funding.factories import FILE, GUICHET, poc_terms

pytestmark = pytest.mark.django_db


def draft() -> Schedule:
    return workflow.next_version(poc_terms().schedule_id)


def test_the_bareme_of_the_poc_is_shipped_and_loading_it_again_changes_nothing() -> None:
    first, second = poc_terms(), poc_terms()
    assert first == second
    assert Schedule.objects.count() == 1
    assert calculation.estimate(first, track="2", sites=8).total == Decimal(102_000)


def test_a_file_that_changes_a_loaded_version_is_refused(tmp_path: Path) -> None:
    poc_terms()
    changed = tmp_path / "poc-essms.yaml"
    changed.write_text(FILE.read_text().replace("9400.00", "9500.00"))
    with pytest.raises(CommandError, match="autre contenu"):
        call_command("load_schedules", str(changed))
    assert UnitAmount.objects.get(track="1").amount == 9400


def test_the_terms_of_a_day_take_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    poc_terms()
    with django_assert_num_queries(1):
        assert queries.current(GUICHET, on=date(2026, 4, 1)) is not None


def test_a_bareme_applies_from_its_day_and_only_once_published() -> None:
    poc_terms()
    assert queries.current(GUICHET, on=date(2026, 3, 30)) is None
    assert queries.current("autre", on=date(2026, 4, 1)) is None
    upcoming = workflow.next_version(Schedule.objects.get().pk)
    Schedule.objects.filter(pk=upcoming.pk).update(valid_from=date(2026, 5, 1))
    upcoming.unit_amounts.filter(track="1").update(amount=Decimal("10000.10"))

    def version(on: date) -> int:
        terms = queries.current(GUICHET, on=on)
        assert terms is not None
        return terms.version

    assert version(date(2026, 5, 1)) == 1
    workflow.publish(upcoming.pk)
    assert version(date(2026, 4, 30)) == 1
    assert version(date(2026, 5, 1)) == 2
    terms = queries.current(GUICHET, on=date(2026, 5, 1))
    assert terms is not None
    assert str(terms.track("1").amount) == "10000.10"


CHANGES: list[Callable[[Schedule], object]] = [
    lambda schedule: Schedule.objects.filter(pk=schedule.pk).update(valid_from=date(2025, 1, 1)),
    lambda schedule: Schedule.objects.filter(pk=schedule.pk).update(published_at=None),
    lambda schedule: schedule.delete(),
    lambda schedule: schedule.unit_amounts.update(amount=1),
    lambda schedule: schedule.brackets.first().delete(),  # type: ignore[union-attr]
    lambda schedule: UnitAmount.objects.create(schedule=schedule, track="9", label="x", amount=1),
    lambda schedule: Bracket.objects.filter(schedule__published_at=None).update(schedule=schedule),
    lambda schedule: schedule.objective_shares.update(share=1),
    lambda schedule: schedule.objective_shares.first().delete(),  # type: ignore[union-attr]
    lambda schedule: ObjectiveShare.objects.create(schedule=schedule, track="1", code="x", label="x", share=1),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_published_bareme_never_changes_whatever_the_door(change: Callable[[Schedule], object]) -> None:
    other = draft()
    published = Schedule.objects.exclude(pk=other.pk).get()
    with pytest.raises(IntegrityError, match="no longer changes"), transaction.atomic():
        change(published)


def test_the_next_version_is_a_draft_with_the_same_content() -> None:
    copy = draft()
    assert (copy.guichet_code, copy.version, copy.is_published) == (GUICHET, 2, False)
    terms = queries.of_schedule(copy.pk)
    assert terms is not None
    assert calculation.estimate(terms, track="3", sites=25).total == Decimal(115_600)
    assert queries.objectives(copy.pk) == queries.objectives(Schedule.objects.get(version=1).pk)


def test_each_parcours_shares_the_whole_subsidy_between_its_objectives_the_mandatory_ones_first() -> None:
    schedule_id = poc_terms().schedule_id
    for track in "123":
        objectives = queries.objectives(schedule_id, track=track)
        assert sum(one.share for one in objectives) == 100
        assert [one.mandatory for one in objectives] == [True] * 3 + [False] * 3
    # Each one is a question that the second étape asks.
    asked = yaml.safe_load((FILE.parents[1] / "guichets" / "1-poc-essms.yaml").read_text())["stages"][1]
    questions = [question for section in asked["form"]["sections"] for question in section["questions"]]
    optional = next(question for question in questions if question["code"] == "optional")["options"]["choices"]
    known = {question["code"] for question in questions} | {choice["value"] for choice in optional}
    assert {one.code for one in queries.objectives(schedule_id)} <= known


def test_a_draft_is_deleted_with_its_parts() -> None:
    copy = draft()
    copy.delete()
    assert Schedule.objects.count() == 1
    assert Bracket.objects.count() == 4


def test_an_incomplete_draft_is_not_published_and_says_why() -> None:
    copy = draft()
    copy.brackets.filter(first=5).delete()
    with pytest.raises(workflow.Refused, match="Aucune tranche ne couvre"):
        workflow.publish(copy.pk)
    copy.objective_shares.filter(track="1", code="backups").update(share=10)
    with pytest.raises(workflow.Refused, match="totalisent 70"):
        workflow.publish(copy.pk)
    copy.unit_amounts.all().delete()
    with pytest.raises(workflow.Refused, match="montant unitaire"):
        workflow.publish(copy.pk)


def test_publishing_twice_keeps_the_first_time() -> None:
    copy = draft()
    assert workflow.publish(copy.pk).published_at == workflow.publish(copy.pk).published_at


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"first": 20, "last": 10, "rate": 10}, "La fin de la tranche vient avant son début."),
        ({"first": 0, "last": 10, "rate": 10}, "Les EG se comptent à partir de 1."),
        ({"first": 20, "last": 30, "rate": 101}, "Le taux est un pourcentage compris entre 0 et 100."),
        ({"first": 20, "last": 30, "rate": -1}, "Le taux est un pourcentage compris entre 0 et 100."),
        ({"first": 4, "last": 5, "rate": 10}, "Cette tranche chevauche une autre tranche du barème."),
    ],
)
def test_an_impossible_bracket_is_refused_in_french(fields: dict[str, int], message: str) -> None:
    bracket = Bracket(schedule=draft(), **fields)
    with pytest.raises(ValidationError) as refusal:
        bracket.full_clean()
    assert message in str(refusal.value.messages)


@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_overlapping_brackets_but_lets_two_boundaries_move_together() -> None:
    copy = draft()
    with transaction.atomic():
        copy.brackets.filter(first=1).update(last=5)
        copy.brackets.filter(first=5).update(first=6)
    with pytest.raises(IntegrityError, match="bracket_no_overlap"), transaction.atomic():
        copy.brackets.filter(first=1).update(last=6)


def test_an_amount_is_not_negative() -> None:
    with pytest.raises(IntegrityError, match="unit_amount_not_negative"), transaction.atomic():
        UnitAmount.objects.create(schedule=draft(), track="9", label="x", amount=-1)
