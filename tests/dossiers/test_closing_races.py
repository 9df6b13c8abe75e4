"""The instant a guichet closes, and étapes begun at the same instant, with real threads and connections: Q40, Q42."""

from __future__ import annotations

import datetime as dt
import itertools
import time
from collections import Counter
from functools import partial

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dossiers import workflow
from dossiers.enums import EventKind, Status
from dossiers.models import Answer, Dossier, DossierStage, Event, LateAccess, Stage, Transmission, WindowChange
from dossiers.workflow import stages
from establishments.enums import EstablishmentType
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.dossiers import crowd, factories
from tests.establishments.factories import LegalEntityFactory

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 20


def drafts(number: int) -> list[DossierStage]:
    """As many drafts of one référent, whose only question has its answer."""
    stage = factories.guichet().stages.get()
    person = factories.referent(factories.entity())
    revision = stage.revisions.get()
    dossiers = Dossier.objects.bulk_create(
        Dossier(
            reference=stages.new_reference(),
            guichet=stage.guichet,
            legal_entity=entity,
            establishment_type=EstablishmentType.ESSMS,
            referent=person,
        )
        for entity in LegalEntityFactory.create_batch(number)
    )
    made = DossierStage.objects.bulk_create(
        DossierStage(dossier=dossier, stage=stage, revision=revision) for dossier in dossiers
    )
    text = "Enregistré avant"
    Answer.objects.bulk_create(
        Answer(dossier_stage=each, code="word", raw={"value": text}, value=text, updated_at=timezone.now())
        for each in made
    )
    return made


def test_two_hundred_requests_across_the_closing_are_accepted_if_and_only_if_received_before() -> None:
    """Q40. The refused keep their draft. Q43: nothing runs but the web."""
    waiting = drafts(200)
    seen = {each.dossier.reference: factories.seen(each) for each in waiting}
    cookie = factories.signed_in(waiting[0].dossier.referent).cookies[settings.SESSION_COOKIE_NAME].value
    shares = [waiting[start::THREADS] for start in range(THREADS)]
    answers: list[tuple[str, HttpResponse]] = []
    closings: list[dt.datetime] = []
    turn = itertools.count(1)

    def send(share: list[DossierStage]) -> None:
        client = Client()
        client.cookies[settings.SESSION_COOKIE_NAME] = cookie
        for reference in (each.dossier.reference for each in share):
            response = client.post(reverse("dossiers:transmit", args=[reference]), {"seen": seen[reference]})
            answers.append((reference, response))
            if next(turn) == 80:
                # Whatever the speed of the machine, the instant falls in the middle.
                closings.append(timezone.now() + dt.timedelta(milliseconds=100))
                Stage.objects.filter(pk=waiting[0].stage_id).update(closes_at=closings[0])

    with crowd.of(THREADS) as together:
        together(*[partial(send, share) for share in shares])

    [closes_at] = closings
    transmitted = dict(Transmission.objects.values_list("dossier_stage__dossier__reference", "at"))
    outcomes: Counter[bool] = Counter()
    for reference, response in answers:
        received = response.wsgi_request.received_at
        in_time = received < closes_at
        assert (response.status_code, reference in transmitted) == ((302, True) if in_time else (409, False)), received
        if in_time:
            assert transmitted[reference] == received
        outcomes[in_time] += 1
    assert sum(outcomes.values()) == 200
    assert min(outcomes[True], outcomes[False]) > 10, "the closing fell in the middle"
    kept = DossierStage.objects.filter(status=Status.DRAFT, answers__value="Enregistré avant")
    assert kept.count() == outcomes[False]


def test_an_extension_is_seen_by_another_connection_within_a_second() -> None:
    """Q42: of two workers, one has just refused; the administrator saves; the other accepts."""
    [draft] = drafts(1)
    Stage.objects.filter(pk=draft.stage_id).update(closes_at=timezone.now() - dt.timedelta(hours=1))
    administrator = UserFactory(admin=True)
    person, seen = draft.dossier.referent, factories.seen(draft)
    moved: list[float] = []

    def extend() -> None:
        time.sleep(0.3)
        later = timezone.now() + dt.timedelta(days=1)
        workflow.move_closing(draft.stage, later, by=administrator, reason="Panne nationale.")
        moved.append(time.monotonic())

    def insist() -> float:
        end = time.monotonic() + crowd.PATIENCE
        refusals = 0
        while time.monotonic() < end:
            try:
                workflow.transmit(draft, by=person, at=timezone.now(), seen=seen)
            except workflow.Closed:
                refusals += 1
            else:
                assert refusals
                return time.monotonic()
        raise AssertionError("never accepted")

    _, accepted = crowd.at_once(extend, insist)

    assert accepted - moved[0] < 1
    assert WindowChange.objects.get().by == administrator


def test_an_etape_begun_twenty_times_at_once_begins_once() -> None:
    first = factories.validated()
    _, objectives = factories.next_stages()
    person, at = first.dossier.referent, timezone.now()

    results = crowd.at_once(*[partial(workflow.start_stage, first, objectives, by=person, at=at)] * THREADS)

    assert Counter(type(result) for result in results) == {DossierStage: 1, workflow.WrongStatus: THREADS - 1}
    assert first.dossier.stages.count() == 2
    assert Event.objects.filter(kind=EventKind.STAGE_STARTED).count() == 1
    assert Email.objects.filter(kind="stage_started").count() == 1


def test_of_a_control_called_and_the_next_etape_begun_at_once_one_wins() -> None:
    first = factories.validated()
    control, objectives = factories.next_stages()
    person, verifier = first.dossier.referent, UserFactory(verifier=True)

    results = crowd.at_once(
        lambda: workflow.start_stage(first, objectives, by=person, at=timezone.now()),
        lambda: workflow.call_stage(first, control, by=verifier),
        lambda: workflow.reopen(first, by=UserFactory(lead=True), reason="Erreur."),
    )

    [won] = [result for result in results if isinstance(result, DossierStage)]
    assert {type(result) for result in results if result is not won} == {workflow.WrongStatus}
    now = first.dossier.stages.get(is_current=True)
    assert now.pk == won.pk
    assert (now.stage_id == first.stage_id) == (now.status == Status.TRANSMITTED)


def test_an_exception_granted_while_the_dossier_is_created_reaches_it() -> None:
    stage = factories.poc()
    administrator = UserFactory(admin=True)
    until = timezone.now() + dt.timedelta(days=60)
    with crowd.of(2) as together:
        for _ in range(10):
            entity = factories.entity()
            person = factories.referent(entity)
            dossier, late = together(
                partial(workflow.create_dossier, stage, entity, by=person, at=timezone.now()),
                partial(workflow.grant_late_access, stage, entity, until, by=administrator, reason="Incendie."),
            )
            assert isinstance(late, LateAccess)
            assert dossier.stages.get().late_until == until
