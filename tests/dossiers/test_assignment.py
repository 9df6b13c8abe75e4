"""Who instructs a dossier: taken, given, given back, told to instruction alone (I2b, I5)."""

from __future__ import annotations

from functools import partial

import pytest

from accounts.enums import Digest
from dossiers import queries, workflow
from dossiers.enums import EventKind, RegionalRole
from dossiers.models import Event, Guichet
from dossiers.workflow import assignment
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.dossiers import crowd, factories


@pytest.mark.django_db
def test_a_dossier_is_taken_given_and_given_back() -> None:
    stage = factories.transmitted()
    paul, nadia = UserFactory(verifier=True, last_name="Girard"), UserFactory(verifier=True)
    lead, reader = UserFactory(lead=True), UserFactory(regional=True, regions=[stage.dossier.legal_entity.region])
    assignment.take(stage, by=paul)
    assignment.take(stage, by=paul)
    dossier = factories.fresh(stage).dossier
    assert (dossier.verifier, dossier.assigned_at is not None) == (paul, True)
    with pytest.raises(assignment.Taken, match=r"Girard instruit ce dossier depuis le"):
        assignment.take(stage, by=nadia)
    with pytest.raises(workflow.NotAllowed):
        assignment.release(stage, by=nadia)
    with pytest.raises(workflow.Refused, match="ne peut pas instruire"):
        assignment.assign(stage, by=lead, to=reader)
    assignment.assign(stage, by=lead, to=nadia)
    with pytest.raises(workflow.Refused, match="instruit déjà"):
        assignment.assign(stage, by=lead, to=nadia)
    assignment.release(stage, by=nadia)
    assert factories.fresh(stage).dossier.verifier is None
    # Where régions instruct, so does an instructeur régional.
    Guichet.objects.update(regional_role=RegionalRole.INSTRUCT)
    assignment.assign(factories.fresh(stage), by=lead, to=reader)
    told = Event.objects.filter(dossier=stage.dossier, kind__in=[EventKind.ASSIGNED, EventKind.RELEASED])
    assert [event.said for event in told.order_by("-at", "-pk")] == [
        f"À {reader.full_name}",
        nadia.full_name,
        f"De {paul.full_name} à {nadia.full_name}",
        f"À {paul.full_name}",
    ]
    assert not queries.history(stage).filter(kind__in=["assigned", "released"]).exists()


@pytest.mark.django_db(transaction=True)
def test_of_ten_who_take_it_at_once_one_has_it() -> None:
    stage = factories.transmitted()
    people = UserFactory.create_batch(10, verifier=True)
    results = crowd.at_once(*[partial(assignment.take, stage, by=one) for one in people])
    winner = factories.fresh(stage).dossier.verifier
    assert [one for one, result in zip(people, results, strict=True) if result is None] == [winner]
    assert all(winner.last_name in str(result) for result in results if result is not None)
    assert Event.objects.filter(kind=EventKind.ASSIGNED).count() == 1


@pytest.mark.django_db
def test_a_lead_gives_a_dossier_from_its_page_and_its_new_verifier_is_told_once() -> None:
    stage = factories.transmitted()
    paul, silent = UserFactory(verifier=True, first_name="Paul"), UserFactory(verifier=True, digest=Digest.NONE)
    lead, reader = UserFactory(lead=True), UserFactory(regional=True, regions=[stage.dossier.legal_entity.region])
    client, address = factories.signed_in(lead), f"/instruction/{stage.dossier.reference}/attribution/"
    assert factories.signed_in(paul).get(address).status_code == 404
    page = client.get(address).content.decode()
    assert str(paul.public_id) in page
    assert str(reader.public_id) not in page, "who may not instruct it is not offered"
    answer = client.post(address, {"to": ""})
    assert "Choisissez la personne qui instruira ce dossier." in answer.content.decode()
    for _ in range(2):  # sent twice
        client.post(address, {"to": paul.public_id, "seen": ""})
    assert factories.fresh(stage).dossier.verifier == paul
    (told,) = Email.objects.filter(to=paul.email)
    assert told.subject == f"Le dossier {stage.dossier.reference} vous est attribué"
    # It changed hands meanwhile: nobody gives what they have not seen.
    assignment.assign(stage, by=lead, to=lead)
    late = client.post(address, {"to": silent.public_id, "seen": paul.public_id}, follow=True)
    assert f"{lead.full_name} instruit ce dossier depuis le" in late.content.decode()
    client.post(address, {"to": silent.public_id, "seen": lead.public_id})
    assert factories.fresh(stage).dossier.verifier == silent
    assert Email.objects.filter(kind="assigned").count() == 1
