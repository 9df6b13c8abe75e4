"""What accepted objectives give, whatever the shares (F5, Q&A 3.5); and two people deciding at once."""

from __future__ import annotations

import itertools
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from dossiers import workflow as dossiers_workflow
from dossiers.enums import EventKind, Status
from dossiers.models import Event
from funding import objectives
from funding.enums import ObjectiveState
from funding.models import Grant, ObjectiveDecision
from funding.objectives import Decision, Objectives, Reply
from funding.schedule.terms import Objective
from tests.accounts.factories import UserFactory
from tests.dossiers import crowd, factories
from tests.funding import reached

STATES = [*ObjectiveState, ""]


def built(granted: Decimal | None, shares: list[int], states: list[str]) -> Objectives:
    """Objectives worth `shares` hundredths of a percent, each presented and decided as `states` says; « absent » when
    it is not presented."""
    replies = [
        Reply(Objective("1", f"o{rank}", "", True, Decimal(share) / 100), is_presented=state != "absent", seen="x")
        for rank, (share, state) in enumerate(zip(shares, states, strict=True))
    ]
    decisions = {
        f"o{rank}": Decision(state, "", "x", 1, 1, "", timezone.now())
        for rank, state in enumerate(states)
        if state in ObjectiveState.values
    }
    return Objectives("", granted, objectives.rows(replies, granted, decisions))


@given(
    granted=st.decimals(min_value=0, max_value=9_999_999, places=2),
    cuts=st.sets(st.integers(min_value=1, max_value=9_999), max_size=9),
    data=st.data(),
)
def test_what_is_accepted_gives_a_part_of_what_was_granted_and_refusing_never_gives_more(
    granted: Decimal, cuts: set[int], data: st.DataObject
) -> None:
    bounds = [0, *sorted(cuts), 10_000]
    shares = [after - before for before, after in itertools.pairwise(bounds)]
    states = data.draw(st.lists(st.sampled_from([*STATES, "absent"]), min_size=len(shares), max_size=len(shares)))
    found = built(granted, shares, states)
    assert found.payable is not None
    assert 0 <= found.payable <= granted
    assert found.payable <= found.declared  # type: ignore[operator]
    assert built(granted, shares, ["accepted"] * len(shares)).payable == granted
    assert built(granted, shares, ["refused"] * len(shares)).payable == 0
    for rank in range(len(shares)):
        worse = [*states[:rank], "refused", *states[rank + 1 :]]
        assert built(granted, shares, worse).payable <= found.payable  # type: ignore[operator]
    assert len(found.presented) + len(found.absent) == len(shares)
    assert len(found.accepted) + len(found.refused) + len(found.waiting) == len(found.presented)
    assert built(None, shares, states).payable is None


def test_the_summary_reads_as_people_say_it() -> None:
    grant = Decimal(102000)
    assert objectives.summary(3, 5, Decimal(42300), grant) == (
        "3 objectifs sur 5 acceptés\u00a0: 42\u202f300\u00a0€ sur 102\u202f000\u00a0€"
    )
    assert objectives.summary(1, 1, None, None) == "1 objectif sur 1 accepté"
    assert objectives.summary(0, 2, Decimal(0), grant).startswith("Aucun objectif sur 2 accepté\u00a0: 0\u00a0€")


@pytest.mark.django_db(transaction=True)
def test_of_two_verifiers_on_one_objective_one_decides_and_the_other_is_told() -> None:
    stage = reached.presented()
    people = [UserFactory(verifier=True, last_name=name) for name in ("Un", "Deux")]
    answers: list[Any] = crowd.at_once(
        partial(reached.decide, stage, "backups", by=people[0], version=0),
        partial(reached.decide, stage, "backups", by=people[1], version=0, reason="Illisible."),
    )
    refusals = [each for each in answers if isinstance(each, dossiers_workflow.Refused)]
    [decision] = ObjectiveDecision.objects.all()
    assert len(refusals) == 1
    assert decision.decided_by.full_name in str(refusals[0])
    assert decision.version == 1
    kinds = [EventKind.OBJECTIVE_ACCEPTED, EventKind.OBJECTIVE_REFUSED]
    assert Event.objects.filter(kind__in=kinds).count() == 1

    # Validating while somebody changes their mind: what is payable is what the decisions say.
    for code in ("diagnosis", "awareness", "inventory", "updates"):
        reached.decide(stage, code, by=people[0])
    if decision.state == ObjectiveState.REFUSED:
        reached.decide(stage, "backups", by=people[0])
    fresh = factories.fresh(stage)
    crowd.at_once(
        partial(dossiers_workflow.validate, fresh, by=people[0]),
        partial(reached.decide, stage, "backups", by=people[1], reason="Faux."),
    )
    assert factories.fresh(stage).status == Status.VALIDATED
    kept = ObjectiveDecision.objects.get(code="backups").state == ObjectiveState.ACCEPTED
    assert Grant.objects.get().payable == Decimal(17860 if kept else 10340)
