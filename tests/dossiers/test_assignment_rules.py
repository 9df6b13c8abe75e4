"""Dossiers given by rule, absences, and dossiers spread among colleagues (I5, docs/adr/0051)."""

from __future__ import annotations

import datetime as dt
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from dossiers import queries, workflow
from dossiers.enums import EventKind
from dossiers.models import Absence, AssignmentRule, Batch, DossierStage, Event
from dossiers.workflow import assignment_rules
from ecare import french
from ecare.models import AuditEntry
from establishments.models import Region
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.dossiers import crowd, factories, pages
from tests.dossiers.rows import row
from tests.establishments.factories import RegionFactory

DAY = dt.timedelta(days=1)


def rule(*people: User, region: Region | None = None, everywhere: bool = False) -> AssignmentRule:
    guichet = None if everywhere else factories.poc().guichet
    lead = UserFactory(lead=True)
    return assignment_rules.save(None, by=lead, guichet=guichet, region=region, people=people)


def away(user: User, first: int = 0, last: int = 0) -> Absence:
    today = timezone.localdate()
    days = {"first_day": today + first * DAY, "last_day": today + last * DAY}
    return workflow.absences.declare(user, by=user, at=timezone.now(), **days)


def verifier_of(stage: DossierStage) -> User | None:
    return factories.fresh(stage).dossier.verifier


@pytest.mark.django_db
def test_a_dossier_goes_to_the_rule_that_says_most_about_it_in_turn() -> None:
    ana, bob, far = (UserFactory(verifier=True, last_name=name) for name in ("Ana", "Bob", "Far"))
    corse = RegionFactory(code="94")
    rule(far, everywhere=True)
    rule(ana, bob)
    rule(far, region=corse)
    assert [verifier_of(factories.transmitted()) for _ in range(3)] == [ana, bob, ana]
    there = factories.transmitted(legal_entity=factories.entity(region=corse, region_codes=["94"]))
    assert verifier_of(there) == far
    event = Event.objects.get(dossier=there.dossier, kind=EventKind.ASSIGNED)
    assert (event.actor, event.author, event.said) == (None, "eCaRE", f"À {far.full_name}")
    assert not Email.objects.filter(kind="assigned").exists(), "the daily digest tells"
    # Given back, then transmitted again: it is not given a second time.
    workflow.assignment.release(there, by=far)
    workflow.request_modification(there, by=ana, message="Complétez.", remarks={}, due_at=timezone.now() + DAY)
    factories.transmit(there)
    assert verifier_of(there) is None


@pytest.mark.django_db
def test_nothing_is_given_to_who_is_away_left_or_may_not_instruct_it() -> None:
    ana, bob = UserFactory(verifier=True, last_name="Ana"), UserFactory(verifier=True, last_name="Bob")
    gone, reader = UserFactory(verifier=True, last_name="Aaa"), UserFactory(regional=True, last_name="Abb")
    rule(ana, bob, gone, reader)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    today = away(ana, 0, 1)
    away(bob, 1, 3)
    assert [verifier_of(factories.transmitted()) for _ in range(2)] == [bob, bob]
    away(bob, -1, 0)
    assert verifier_of(factories.transmitted()) is None, "nobody is left: it waits"
    workflow.absences.withdraw(today, by=UserFactory(lead=True))
    assert verifier_of(factories.transmitted()) == ana


@pytest.mark.django_db(transaction=True)
def test_dossiers_transmitted_at_once_take_their_turns() -> None:
    people = [UserFactory(verifier=True, last_name=name) for name in ("Ana", "Bob", "Cid", "Dan")]
    rule(*people)
    stages = [row(status="transmitted") for _ in range(8)]

    def given(stage: DossierStage) -> None:
        with transaction.atomic():
            workflow.assignment.follow_rule(workflow.table.locked(stage), at=timezone.now())

    crowd.at_once(*[partial(given, stage) for stage in stages])
    assert sorted(str(verifier_of(stage)) for stage in stages) == sorted(str(each) for each in people * 2)


@pytest.mark.django_db
def test_responsables_keep_the_rules_see_what_waits_and_give_it_by_a_batch() -> None:
    paul, lead = UserFactory(verifier=True, last_name="Girard"), UserFactory(lead=True)
    waiting = [row() for _ in range(2)]
    row("validated")
    client = factories.signed_in(lead)
    assert factories.signed_in(paul).get("/instruction/attribution/").status_code == 404
    assert "2 dossiers sans vérificateur ne correspondent à aucune règle" in pages.text(
        client.get("/instruction/attribution/")
    )
    answer = client.post("/instruction/attribution/nouvelle/", {"guichet": waiting[0].dossier.guichet_id})
    assert "Choisissez au moins une personne." in pages.text(answer)
    content = {"guichet": waiting[0].dossier.guichet_id, "to": [paul.public_id, lead.public_id]}
    client.post("/instruction/attribution/nouvelle/", content)
    again = client.post("/instruction/attribution/nouvelle/", content)
    assert "Une règle existe déjà pour ce guichet et cette région" in pages.text(again)
    kept = AssignmentRule.objects.get()
    assert "2 dossiers sans vérificateur y correspondent" in pages.text(client.get("/instruction/attribution/"))
    batch_page = client.post(f"/instruction/attribution/{kept.public_id}/lot/")
    batch = Batch.objects.get()
    assert batch_page["Location"] == f"/instruction/lots/{batch.public_id}/"
    assert {item.to for item in batch.items.all()} == {paul, lead}
    assert "2 dossiers sur 2 peuvent être attribués" in pages.text(client.get(batch_page["Location"]))
    # Two responsables on the same rule: the second reads it again.
    address = f"/instruction/attribution/{kept.public_id}/"
    client.post(address, {**content, "to": [paul.public_id], "read": 1})
    late = client.post(address, {**content, "to": [lead.public_id], "read": 1})
    assert "Cette règle a été modifiée" in pages.text(late)
    assert list(kept.people.all()) == [paul]
    client.post(address, {"remove": "1", "read": 2})
    assert not AssignmentRule.objects.exists()
    subject = f"dossiers.assignmentrule {kept.pk}"
    assert AuditEntry.objects.filter(subject=subject, actor_id=lead.pk).count() == 3


@pytest.mark.django_db
def test_the_pages_of_rules_and_absences_cost_the_same_whatever_they_list() -> None:
    lead = UserFactory(lead=True)
    client = factories.signed_in(lead)
    counts = {}
    for number in (1, 3, 30):
        while AssignmentRule.objects.count() < number:
            region = RegionFactory(code=f"R{AssignmentRule.objects.count()}")
            person = UserFactory(verifier=True)
            rule(person, region=region, everywhere=True)
            away(person)
        counts[number] = [
            pages.cost(partial(client.get, f"/instruction/{each}/")) for each in ("attribution", "absences")
        ]
    assert counts[1] == counts[3] == counts[30]
    assert max(counts[1]) <= 12


@pytest.mark.django_db
def test_one_says_when_one_is_away_and_a_responsable_spreads_the_dossiers() -> None:
    ana, bob, cid = (UserFactory(verifier=True, last_name=name) for name in ("Ana", "Bob", "Cid"))
    lead, today = UserFactory(lead=True, last_name="Zoé"), timezone.localdate()
    held = [row() for _ in range(3)]
    for stage in held:
        workflow.assignment.take(stage, by=ana)
    mine = factories.signed_in(ana)
    wrong = mine.post("/instruction/absences/", {"first_day": today, "last_day": today - DAY})
    assert "Le dernier jour vient avant le premier" in pages.text(wrong)
    for name, day, said in (
        ("last_day", today + 400 * DAY, "dans plus d'un an"),
        ("first_day", today - 400 * DAY, "passé"),
    ):
        mistyped = {"first_day": today, "last_day": today, name: day}
        assert said in pages.text(mine.post("/instruction/absences/", mistyped))
    over = mine.post("/instruction/absences/", {"first_day": today - 2 * DAY, "last_day": today - DAY})
    assert "Cette absence est déjà finie" in pages.text(over)
    for _ in range(2):  # sent twice; of somebody else, it is one's own all the same
        mine.post("/instruction/absences/", {"first_day": today, "last_day": today + DAY, "user": bob.public_id})
    absence = Absence.objects.get()
    assert absence.user == ana
    other = factories.signed_in(bob)
    assert other.post(f"/instruction/absences/{absence.public_id}/retrait/").status_code == 404
    assert "Ana" not in pages.text(other.get("/instruction/absences/"))
    assert mine.get(f"/instruction/repartition/{ana.public_id}/").status_code == 404
    client, address = factories.signed_in(lead), f"/instruction/repartition/{ana.public_id}/"
    assert "3 dossiers encore ouverts" in pages.text(client.get(address))
    assert str(ana.public_id) not in client.get(address).content.decode().split("<form", 2)[-1]
    client.post(address, {"to": [bob.public_id, cid.public_id]})
    batch = Batch.objects.get()
    assert [item.to for item in batch.items.order_by("position")] == [bob, cid, bob]
    workflow.batches.confirm(batch, by=lead, count=3, at=timezone.now())
    workflow.batch_work.carry_out(batch.pk)
    assert [verifier_of(stage) for stage in held] == [bob, cid, bob]
    assert Email.objects.filter(kind="assigned").count() == 2, "one each"
    client.post("/instruction/absences/", {"first_day": today, "last_day": today, "user": bob.public_id})
    assert list(queries.away(today).order_by("pk").values_list("user", flat=True)) == [ana.pk, bob.pk]
    mine.post(f"/instruction/absences/{absence.public_id}/retrait/")
    assert not Absence.objects.filter(user=ana).exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        Absence.objects.create(
            user=ana, first_day=today, last_day=today - DAY, declared_by=ana, declared_at=timezone.now()
        )


@pytest.mark.django_db
def test_responsables_see_what_each_has_to_instruct_and_spread_it() -> None:
    ana, bob = (UserFactory(verifier=True, first_name="A", last_name=name) for name in ("Ana", "Bob"))
    for status in ("transmitted", "transmitted", "modification_requested", "validated"):
        workflow.assignment.take(row(status), by=ana)
    away(bob)
    client = factories.signed_in(UserFactory(lead=True))
    page = client.get("/instruction/attribution/")
    said = pages.text(page)
    assert f"{ana.full_name} Vérificateur ANS 2 à instruire par {ana.full_name} 1 en modification" in said
    assert f"{bob.full_name} Vérificateur ANS, absence jusqu'au" in said
    assert f"/instruction/repartition/{ana.public_id}/" in page.content.decode()
    assert f"/instruction/repartition/{bob.public_id}/" not in page.content.decode()
    # Each figure is the number of dossiers that its link lists.
    for status, count in (("transmitted", 2), ("modification_requested", 1)):
        listed = client.get("/instruction/", {"statut": status, "verificateur": str(ana.public_id)})
        assert listed.context["page"].paginator.count == count


@pytest.mark.django_db
@pytest.mark.parametrize("gone", [{"is_active": False}, {"role": "admin"}])
def test_the_dossiers_of_somebody_who_no_longer_instructs_are_found_and_spread(gone: dict[str, object]) -> None:
    ana, bob = (UserFactory(verifier=True, last_name=name) for name in ("Ana", "Bob"))
    lead = UserFactory(lead=True)
    open_ones, decided = [row(), row("modification_requested")], row("validated")
    for stage in (*open_ones, decided):
        workflow.assignment.take(stage, by=ana)
    client, address = factories.signed_in(lead), f"/instruction/repartition/{ana.public_id}/"
    for page in ("/accueil/", "/instruction/absences/"):
        assert "n'instruit plus" not in pages.text(client.get(page))
    User.objects.filter(pk=ana.pk).update(**gone)
    for page in ("/accueil/", "/instruction/absences/"):
        assert f"{ana.full_name} : 2 dossiers à instruire" in pages.text(client.get(page))
        assert address in client.get(page).content.decode()
        assert "n'instruit plus" not in pages.text(factories.signed_in(bob).get(page))
    found = client.get(f"/instruction/?verificateur={ana.public_id}")
    assert found.context["page"].paginator.count == 3
    assert f"{ana.full_name} (n'instruit plus)" in pages.text(found)
    client.post(address, {"to": [bob.public_id]})
    workflow.batches.confirm(batch := Batch.objects.get(), by=lead, count=2, at=timezone.now())
    workflow.batch_work.carry_out(batch.pk)
    assert [verifier_of(stage) for stage in (*open_ones, decided)] == [bob, bob, ana]
    assert "n'instruit plus" not in pages.text(client.get("/accueil/"))


@pytest.mark.django_db
def test_more_dossiers_than_a_batch_holds_are_spread_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow.batches, "MOST", 2)
    ana, bob, cid = (UserFactory(verifier=True, last_name=name) for name in ("Ana", "Bob", "Cid"))
    lead, now = UserFactory(lead=True), timezone.now()
    held = [row(transmitted_at=now - days * DAY) for days in (5, 4, 3, 2, 1)]
    for stage in held:
        workflow.assignment.take(stage, by=ana)
    client, address = factories.signed_in(lead), f"/instruction/repartition/{ana.public_id}/"
    for turn, (before, after) in enumerate((("les 3 dossiers restants", 3), ("le dossier restant", 1), ("", 0))):
        page = pages.text(client.get(address))
        assert ("Un lot compte 2 dossiers au plus" in page) is bool(before)
        assert f"répartissez de la même façon {before}." in page or not before
        prepared = client.post(address, {"to": [bob.public_id, cid.public_id]}, follow=True)
        others = french.count(after, "autre dossier", "autres dossiers").replace("\xa0", " ")
        assert (f"{ana.full_name} instruit {others}, que ce lot ne compte pas" in pages.text(prepared)) is bool(after)
        batch = Batch.objects.latest("pk")
        expected = held[2 * turn : 2 * turn + 2]
        assert [item.dossier_stage for item in batch.items.order_by("position")] == expected, "the oldest first"
        workflow.batches.confirm(batch, by=lead, count=len(expected), at=now)
        workflow.batch_work.carry_out(batch.pk)
    assert [verifier_of(stage) for stage in held] == [bob, cid, bob, cid, bob]
    assert "n'a aucun dossier à instruire" in pages.text(client.get(address))
