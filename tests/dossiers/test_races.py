"""People who act at the same instant, on PostgreSQL with real threads: Q25, Q31 to Q36, Q41, D3."""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
from collections import Counter
from functools import partial

import pytest
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from dossiers import kinds, queries, workflow
from dossiers.enums import EventKind, Status
from dossiers.models import Attachment, Dossier, DossierStage, Event, Stage, Transmission
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.dossiers import crowd, factories

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 100


def emails_about(dossier_stage: DossierStage) -> Counter[str]:
    return Counter(Email.objects.filter(about=dossier_stage.dossier.reference).values_list("kind", flat=True))


def test_fifty_transmissions_at_once_make_one() -> None:
    """Q31, through the pages: the fifty people see the same page."""
    dossier_stage = factories.fill(factories.draft())
    fingerprint = factories.seen(dossier_stage)
    url = reverse("dossiers:transmit", args=[dossier_stage.dossier.reference])
    clients = [factories.signed_in(dossier_stage.dossier.referent) for _ in range(50)]

    responses = crowd.at_once(*[partial(client.post, url, {"seen": fingerprint}) for client in clients])

    form = reverse("dossiers:form", args=[dossier_stage.dossier.reference])
    assert Counter((response.status_code, response.url) for response in responses) == {(302, form): 50}
    assert Transmission.objects.count() == 1
    assert Event.objects.filter(kind=EventKind.TRANSMITTED).count() == 1
    assert emails_about(dossier_stage) == {"dossier_created": 1, "dossier_transmitted": 1}
    assert factories.fresh(dossier_stage).status == Status.TRANSMITTED


def test_twenty_creations_at_once_make_one_dossier() -> None:
    """D3: two colleagues of the same EJ, ten browsers each."""
    stage, entity = factories.poc(), factories.entity()
    people = [factories.referent(entity), factories.referent(entity)]
    at = timezone.now()

    results = crowd.at_once(
        *[partial(workflow.create_dossier, stage, entity, by=person, at=at) for person in people * 10]
    )

    [dossier] = [result for result in results if isinstance(result, Dossier)]
    refusals = [result for result in results if result is not dossier]
    assert {type(refusal) for refusal in refusals} == {workflow.AlreadyExists}
    assert all(person.last_name not in str(refusal) for refusal in refusals for person in people)
    assert Dossier.objects.count() == DossierStage.objects.count() == 1
    assert Event.objects.count() == Email.objects.count() == 1


def test_validate_and_reject_at_once_one_wins_and_the_other_is_told() -> None:
    """Q34."""
    one, other = UserFactory(verifier=True, last_name="Leblanc"), UserFactory(verifier=True, last_name="Lenoir")
    lead = UserFactory(lead=True)
    dossier_stage = factories.transmitted()
    with crowd.of(2) as together:
        for _ in range(10):
            validation, rejection = together(
                lambda: workflow.validate(dossier_stage, by=one),
                lambda: workflow.reject(dossier_stage, by=other, reason="Hors périmètre."),
            )
            now = factories.fresh(dossier_stage)
            won, lost = (one, rejection) if now.status == Status.VALIDATED else (other, validation)
            assert isinstance(lost, workflow.WrongStatus)
            assert won.full_name in str(lost)
            assert now.status_label in str(lost)
            last = dossier_stage.events.latest("pk")
            assert (last.actor, last.from_status, last.to_status) == (won, Status.TRANSMITTED, now.status)
            workflow.reopen(dossier_stage, by=lead, reason="Encore.")
    sent = emails_about(dossier_stage)
    assert sent["dossier_validated"] + sent["dossier_rejected"] == sent["dossier_reopened"] == 10
    assert dossier_stage.events.exclude(from_status="").count() == 1 + 20


def test_a_transfer_and_a_save_at_once_leave_one_referent_and_no_lost_answer() -> None:
    """Q36: what the former référent saved was saved before; otherwise he is refused."""
    entity = factories.entity()
    one, other = factories.referent(entity), factories.referent(entity)
    dossier_stage = factories.draft(by=one, legal_entity=entity)
    now = timezone.now()
    outcomes = Counter()
    with crowd.of(2) as together:
        for number in range(ROUNDS):
            former, new = (one, other) if number % 2 == 0 else (other, one)
            text = {"value": f"Tour {number}"}
            handed, saved = together(
                partial(workflow.transfer, [dossier_stage], by=former, to=new),
                partial(workflow.save_answers, dossier_stage, {"comment": text}, bases={}, by=former, at=now),
            )
            assert handed is None
            stored = dossier_stage.answers.filter(code="comment").values_list("raw", flat=True).first()
            if isinstance(saved, workflow.Saved):
                assert saved.written == ["comment"]
                assert stored == text
            else:
                assert isinstance(saved, workflow.NotAllowed)
                assert stored != text
            outcomes[type(saved).__name__] += 1
            assert Dossier.objects.get().referent_id == new.pk
    assert sum(outcomes.values()) == ROUNDS
    assert dossier_stage.events.filter(kind=EventKind.TRANSFERRED).count() == ROUNDS


def test_two_transfers_at_once_give_the_dossier_to_one_person() -> None:
    entity = factories.entity()
    owner, one, other = (factories.referent(entity) for _ in range(3))
    dossier_stage = factories.draft(by=owner, legal_entity=entity)

    results = crowd.at_once(
        lambda: workflow.transfer([dossier_stage], by=owner, to=one),
        lambda: workflow.transfer([dossier_stage], by=owner, to=other),
    )

    assert sorted(type(result).__name__ for result in results) == ["NoneType", "NotAllowed"]
    assert Dossier.objects.get().referent == (one if results[0] is None else other)
    assert emails_about(dossier_stage) == {"dossier_created": 1, "dossier_received": 1, "dossier_handed_over": 1}


def test_transfers_of_the_same_dossiers_in_any_order_never_block_each_other() -> None:
    entity = factories.entity()
    owner, one, other = (factories.referent(entity) for _ in range(3))
    stages = [factories.draft(by=owner, legal_entity=entity)]
    for number in range(5):
        guichet = factories.guichet(code=f"essai-{number}")
        stages.append(factories.draft(by=owner, legal_entity=entity, stage=guichet.stages.get()))

    results = crowd.at_once(
        lambda: workflow.transfer(stages, by=owner, to=one),
        lambda: workflow.transfer(stages[::-1], by=owner, to=other),
    )

    assert sorted(type(result).__name__ for result in results) == ["NoneType", "NotAllowed"]
    assert Dossier.objects.values("referent").distinct().count() == 1


def test_a_save_and_a_transmission_at_once_transmit_what_the_recap_showed() -> None:
    """Q35: either the save comes first and the transmission is refused, or it comes too late and is refused."""
    verifier = UserFactory(verifier=True)
    dossier_stage = factories.fill(factories.draft())
    referent = dossier_stage.dossier.referent
    with crowd.of(2) as together:
        for number in range(ROUNDS):
            sheet = queries.sheet(factories.fresh(dossier_stage))
            shown = {entry.code: entry.value for entry in sheet.shown if entry.value is not None}
            text = {"value": f"Tour {number}"}
            at = timezone.now()
            delay = random.uniform(-0.004, 0.004)

            def save(text: kinds.Raw = text, at: dt.datetime = at, delay: float = delay) -> workflow.Saved:
                time.sleep(max(delay, 0))
                return workflow.save_answers(dossier_stage, {"comment": text}, bases={}, by=referent, at=at)

            def transmit(seen: str = sheet.fingerprint, at: dt.datetime = at, delay: float = delay) -> Transmission:
                time.sleep(max(-delay, 0))
                return workflow.transmit(dossier_stage, by=referent, at=at, seen=seen)

            saved, transmitted = together(save, transmit)

            stored = dossier_stage.answers.filter(code="comment").values_list("raw", flat=True).first()
            if isinstance(transmitted, Transmission):
                assert isinstance(saved, workflow.Closed)
                assert stored != text
                assert Transmission.objects.get(pk=transmitted.pk).answers == shown
                workflow.request_modification(
                    dossier_stage, by=verifier, message="Encore.", remarks={}, due_at=at + dt.timedelta(days=1)
                )
            else:
                assert isinstance(transmitted, workflow.Changed)
                assert isinstance(saved, workflow.Saved)
                assert stored == text
    assert Transmission.objects.count() == Event.objects.filter(kind=EventKind.TRANSMITTED).count()
    assert emails_about(dossier_stage)["dossier_transmitted"] == Transmission.objects.count()


def test_two_tabs_saving_at_once_lose_no_update() -> None:
    """Q33: of two tabs made from the same page, one is saved and the other is told."""
    dossier_stage = factories.draft()
    referent, now = dossier_stage.dossier.referent, timezone.now()
    current: kinds.Raw = {}
    with crowd.of(2) as together:
        for number in range(ROUNDS):
            base = {"comment": kinds.digest(current)}
            typed: list[kinds.Raw] = [{"value": f"Onglet {tab}, tour {number}"} for tab in range(2)]
            results = together(
                *[
                    partial(workflow.save_answers, dossier_stage, {"comment": raw}, bases=base, by=referent, at=now)
                    for raw in typed
                ]
            )
            [winner] = [raw for raw, saved in zip(typed, results, strict=True) if saved.written == ["comment"]]
            [loser] = [saved for saved in results if not saved.written]
            assert loser.conflicts == ["comment"]
            current = dossier_stage.answers.get(code="comment").raw
            assert current == winner


def test_one_place_left_takes_one_file_of_ten() -> None:
    """Q25."""
    dossier_stage = factories.draft()
    referent, now = dossier_stage.dossier.referent, timezone.now()

    def deposit(name: str) -> Attachment:
        return workflow.add_file(dossier_stage, "framework_files", factories.pdf(name), by=referent, at=now)

    for number in range(9):
        deposit(f"{number}.pdf")

    results = crowd.at_once(*[partial(deposit, f"Onglet {number}.pdf") for number in range(10)])

    assert sum(isinstance(result, Attachment) for result in results) == 1
    refusals = [result for result in results if isinstance(result, workflow.FileRefused)]
    assert len(refusals) == 9
    assert all("10 fichiers" in str(refusal) for refusal in refusals)
    kept = Attachment.objects.active().filter(code="framework_files")
    assert kept.count() == 10
    # Every row has its file, and every file its row.
    assert {attachment.file.path for attachment in kept} == {
        str(path) for path in (kept[0].file.storage.base_location / "pieces").rglob("*") if path.is_file()
    }


def test_archiving_twice_at_once_archives_once() -> None:
    dossier_stage = factories.draft()
    referent, now = dossier_stage.dossier.referent, timezone.now()
    attachment = workflow.add_file(dossier_stage, "framework_files", factories.pdf(), by=referent, at=now)

    crowd.at_once(*[partial(workflow.archive_file, attachment, by=referent, at=now)] * 4)

    assert Attachment.objects.active().count() == 0
    assert Event.objects.filter(kind=EventKind.FILE_ARCHIVED).count() == 1


@pytest.mark.parametrize("action", ["form", "transmit"])
def test_received_in_time_then_waiting_for_its_turn_is_accepted(action: str) -> None:
    """Q41: the instant of reception counts, not the one at which the lock is obtained. Q43: nobody closes the étape."""
    dossier_stage = factories.fill(factories.draft())
    client = factories.signed_in(dossier_stage.dossier.referent)
    sheet = queries.sheet(dossier_stage)
    posted = {
        "form": {"comment-base": kinds.digest({}), "comment-value": "À temps"},
        "transmit": {"seen": sheet.fingerprint},
    }[action]
    url = reverse(f"dossiers:{action}", args=[dossier_stage.dossier.reference])
    client.get(reverse("dossiers:recap", args=[dossier_stage.dossier.reference]))  # whatever has to be loaded, is
    closes_at = timezone.now() + dt.timedelta(seconds=0.5)
    Stage.objects.filter(pk=dossier_stage.stage_id).update(closes_at=closes_at)
    responses = []

    def send() -> None:
        try:
            responses.append(client.post(url, posted))
        finally:
            connection.close()

    with transaction.atomic():
        Dossier.objects.select_for_update().get(pk=dossier_stage.dossier_id)
        sender = threading.Thread(target=send)
        sender.start()
        time.sleep((closes_at - timezone.now()).total_seconds() + 0.1)
        assert not responses, "the request waits for its turn"
    sender.join(crowd.PATIENCE)

    assert timezone.now() > closes_at
    assert responses[0].status_code == 302
    now = factories.fresh(dossier_stage)
    if action == "form":
        assert now.answers.get(code="comment").value == "À temps"
    else:
        assert now.status == Status.TRANSMITTED
    late = client.post(url, posted)
    assert late.status_code == (409 if action == "form" else 302)
    assert Transmission.objects.count() == (0 if action == "form" else 1)
