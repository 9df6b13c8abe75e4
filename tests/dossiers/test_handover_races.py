"""A dossier that changes hands while somebody writes in it or decides about it, with real threads: Q35, Q36."""

from __future__ import annotations

import datetime as dt
import random
import time
from collections import Counter
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from dossiers import kinds, queries, workflow
from dossiers.enums import EventKind, Status, Takeover
from dossiers.models import Answer, Dossier, DossierStage, TakeoverRequest, Transmission
from tests.accounts.factories import UserFactory
from tests.dossiers import crowd, factories

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 100
#: Both orders come up: whoever waits that long is usually second.
SPREAD = 0.003


def typed(stage: DossierStage, text: str, *, by: User, at: dt.datetime, base: str = "") -> workflow.Kept:
    """One answer saved by itself, as the page does while one types."""
    raw: kinds.Raw = {"value": text}
    return workflow.save_answer(
        stage.dossier.reference, "comment", lambda question: raw, base=base or kinds.digest(stored(stage)), by=by, at=at
    )


def stored(stage: DossierStage) -> kinds.Raw:
    raw: kinds.Raw = stage.answers.filter(code="comment").values_list("raw", flat=True).first() or {}
    return raw


def after(delay: float, call: Any) -> Any:
    time.sleep(max(delay, 0))
    return call()


def colleagues(number: int) -> tuple[DossierStage, list[User]]:
    entity = factories.entity()
    people = [factories.referent(entity) for _ in range(number)]
    return factories.draft(by=people[0], legal_entity=entity), people


def test_a_transfer_and_the_autosave_of_an_answer_leave_one_referent_and_no_late_answer() -> None:
    """Q36, for one answer: saved before the dossier left, or refused; never afterwards."""
    stage, (one, other) = colleagues(2)
    now, outcomes = timezone.now(), Counter[str]()
    with crowd.of(2) as together:
        for number in range(ROUNDS):
            former, new = (one, other) if number % 2 == 0 else (other, one)
            text, base, delay = f"Tour {number}", kinds.digest(stored(stage)), random.uniform(-SPREAD, SPREAD)
            handed, saved = together(
                partial(after, delay, partial(workflow.transfer, [stage], by=former, to=new)),
                partial(after, -delay, partial(typed, stage, text, by=former, at=now, base=base)),
            )
            assert handed is None
            assert Dossier.objects.get().referent_id == new.pk
            if isinstance(saved, workflow.Kept):
                assert not saved.is_conflict
                assert stored(stage) == {"value": text}
            else:
                assert isinstance(saved, workflow.NotAllowed)
                assert stored(stage) != {"value": text}
            outcomes[type(saved).__name__] += 1
            with pytest.raises(workflow.NotAllowed):
                typed(stage, f"Après {number}", by=former, at=now)
    assert sum(outcomes.values()) == ROUNDS
    assert set(outcomes) == {"Kept", "NotAllowed"}, f"one order only was tried: {outcomes}"
    assert stage.events.filter(kind=EventKind.TRANSFERRED).count() == ROUNDS


def test_an_autosave_and_a_transmission_at_once_transmit_what_the_recap_showed() -> None:
    """Q35, for one answer: it comes first and the recap is shown again, or it comes too late and is refused."""
    stage = factories.draft(stage=factories.guichet(questions=QUESTIONS).stages.get())
    factories.save(stage, word={"value": "Un mot"})
    referent, verifier = stage.dossier.referent, UserFactory(verifier=True)
    outcomes = Counter[str]()
    with crowd.of(2) as together:
        for number in range(ROUNDS):
            sheet = queries.sheet(factories.fresh(stage))
            shown = {entry.code: entry.value for entry in sheet.shown if entry.value is not None}
            text, base, at = f"Tour {number}", kinds.digest(stored(stage)), timezone.now()
            delay = random.uniform(-SPREAD, SPREAD)
            saved, sent = together(
                partial(after, delay, partial(typed, stage, text, by=referent, at=at, base=base)),
                partial(
                    after,
                    -delay,
                    partial(workflow.transmit, stage, by=referent, at=at, seen=sheet.fingerprint),
                ),
            )
            outcomes[type(sent).__name__] += 1
            if isinstance(sent, Transmission):
                assert isinstance(saved, workflow.Closed)
                assert stored(stage) != {"value": text}
                assert Transmission.objects.get(pk=sent.pk).answers == shown
                workflow.request_modification(
                    stage, by=verifier, message="Encore.", remarks={}, due_at=at + dt.timedelta(days=1)
                )
            else:
                assert isinstance(sent, workflow.Changed)
                assert isinstance(saved, workflow.Kept)
                assert stored(stage) == {"value": text}
    assert sum(outcomes.values()) == ROUNDS
    assert set(outcomes) == {"Transmission", "Changed"}, f"one order only was tried: {outcomes}"
    assert Transmission.objects.count() == outcomes["Transmission"]


QUESTIONS = [
    {"code": "word", "kind": "short_text", "label": "Un mot", "short_label": "Mot", "mandatory": True},
    # Optional: the first round may transmit before anything is written there.
    {
        "code": "comment",
        "kind": "short_text",
        "label": "Commentaire",
        "short_label": "Commentaire",
        "mandatory": False,
    },
]


def test_a_takeover_accepted_while_the_referent_transfers_gives_the_dossier_once() -> None:
    stage, (owner, asker, other) = colleagues(3)
    lead = UserFactory(lead=True)
    winners = Counter[str]()
    with crowd.of(2) as together:
        for _ in range(10):
            request = workflow.takeovers.ask(stage, by=asker, reason="Parti.", at=timezone.now())
            delay = random.uniform(-SPREAD, SPREAD)
            accepted, handed = together(
                partial(after, delay, partial(workflow.takeovers.accept, request, by=lead, at=timezone.now())),
                partial(after, -delay, partial(workflow.transfer, [stage], by=owner, to=other)),
            )
            request.refresh_from_db()
            if accepted is None:
                assert isinstance(handed, workflow.NotAllowed)
                assert Dossier.objects.get().referent == asker
                assert request.state == Takeover.ACCEPTED
                winners["accepted"] += 1
            else:
                assert isinstance(accepted, workflow.WrongStatus)
                assert handed is None
                assert Dossier.objects.get().referent == other
                assert request.state == Takeover.SETTLED
                winners["transferred"] += 1
            workflow.transfer([stage], by=Dossier.objects.get().referent, to=owner)
            TakeoverRequest.objects.update(at=timezone.now() - dt.timedelta(days=60))  # asked too often otherwise
    assert sum(winners.values()) == 10


def test_a_reassignment_while_the_referent_transmits_loses_neither() -> None:
    """Transmitted by the référent before he lost the dossier, or not at all; it goes to the new one either way."""
    stage, (owner, other) = colleagues(2)
    lead, verifier = UserFactory(lead=True), UserFactory(verifier=True)
    factories.fill(stage)
    sent = 0
    with crowd.of(2) as together:
        for number in range(10):
            former, new = (owner, other) if number % 2 == 0 else (other, owner)
            seen, at, delay = factories.seen(stage), timezone.now(), random.uniform(-SPREAD, SPREAD) * 3
            moved, done = together(
                partial(after, delay, partial(workflow.reassign, stage, by=lead, to=new, reason="Départ.")),
                partial(after, -delay, partial(workflow.transmit, stage, by=former, at=at, seen=seen)),
            )
            assert moved is None
            assert Dossier.objects.get().referent == new
            if isinstance(done, Transmission):
                sent += 1
                assert (done.by, done.applicant["referent_email"]) == (former, former.email)
                assert factories.fresh(stage).status == Status.TRANSMITTED
                workflow.request_modification(
                    stage, by=verifier, message="Encore.", remarks={}, due_at=at + dt.timedelta(days=1)
                )
            else:
                assert isinstance(done, workflow.NotAllowed)
    assert Transmission.objects.count() == sent


def test_two_people_asking_and_one_asking_twice_at_once() -> None:
    """One open request a person and a dossier; two people may both ask, and one receives."""
    stage, (_, one, other) = colleagues(3)
    lead, at = UserFactory(lead=True), timezone.now()
    ask = partial(workflow.takeovers.ask, stage, reason="Parti.", at=at)
    found = crowd.at_once(*[partial(ask, by=person) for person in (one, one, other, other)])
    assert all(isinstance(each, TakeoverRequest) for each in found)
    first, second = TakeoverRequest.objects.filter(state=Takeover.PENDING)

    accepted = crowd.at_once(
        partial(workflow.takeovers.accept, first, by=lead, at=at),
        partial(workflow.takeovers.accept, second, by=lead, at=at),
    )

    assert sorted(type(each).__name__ for each in accepted) == ["NoneType", "WrongStatus"]
    assert Counter(TakeoverRequest.objects.values_list("state", flat=True)) == {"accepted": 1, "settled": 1}
    assert Dossier.objects.get().referent == TakeoverRequest.objects.get(state=Takeover.ACCEPTED).asker
    assert stage.events.filter(kind=EventKind.REASSIGNED).count() == 1
    assert not Answer.objects.exists()


def test_two_people_who_exchange_their_dossiers_never_block_each_other() -> None:
    entity = factories.entity()
    one, other = factories.referent(entity), factories.referent(entity)
    mine = factories.draft(by=one, legal_entity=entity)
    theirs = factories.draft(by=other, legal_entity=entity, stage=factories.guichet().stages.get())
    for _ in range(10):
        done = crowd.at_once(
            partial(workflow.transfer, [mine], by=one, to=other), partial(workflow.transfer, [theirs], by=other, to=one)
        )
        assert done == [None, None]
        one, other = other, one
    assert {each.referent for each in Dossier.objects.all()} == {one, other}
