"""The deadline, to the millisecond (Q39), by the server's clock, with nothing running in the background (Q43)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from dossiers import kinds, workflow
from dossiers.enums import Status
from dossiers.models import Dossier, DossierStage, Stage
from ecare import french
from tests.accounts.factories import UserFactory
from tests.dossiers import factories
from tests.dossiers.creating import creatable

pytestmark = pytest.mark.django_db
MILLISECOND = dt.timedelta(milliseconds=1)
CLOSES_AT = dt.datetime(2031, 6, 5, tzinfo=timezone.get_default_timezone())
LAST_MOMENT = CLOSES_AT - MILLISECOND


@pytest.fixture
def stage() -> DossierStage:
    """A complete draft whose étape closes on 4 June 2031 at midnight, Paris."""
    return factories.fill(factories.draft(stage=factories.poc(closes_at=CLOSES_AT)))


Act = Callable[[DossierStage, dt.datetime], Any]


def archive(stage: DossierStage, at: dt.datetime) -> None:
    attachment = stage.attachments.active().filter(code="framework_files").last()
    assert attachment is not None
    workflow.archive_file(attachment, by=stage.dossier.referent, at=at)


def create(stage: DossierStage, at: dt.datetime) -> Dossier:
    person = factories.referent(factories.entity())
    return workflow.create_dossier(
        Stage.objects.get(pk=stage.stage_id), person.representations.get().legal_entity, by=person, at=at
    )


ACTS: dict[str, Act] = {
    "create": create,
    "save": lambda stage, at: factories.save(stage, at=at, comment={"value": "Un mot"}),
    "add a file": lambda stage, at: workflow.add_file(
        stage, "framework_files", factories.pdf(), by=stage.dossier.referent, at=at
    ),
    "archive a file": archive,
    "transmit": lambda stage, at: factories.transmit(stage, at=at),
}


@pytest.mark.parametrize("act", ACTS)
def test_accepted_a_millisecond_before_and_refused_at_the_instant(stage: DossierStage, act: str) -> None:
    for late in (CLOSES_AT, CLOSES_AT + MILLISECOND, CLOSES_AT + dt.timedelta(days=400)):
        with pytest.raises(workflow.Closed):
            ACTS[act](stage, late)
    assert factories.fresh(stage).status == Status.DRAFT
    ACTS[act](stage, LAST_MOMENT)


@pytest.mark.parametrize("act", ACTS)
def test_refused_a_millisecond_before_the_opening_and_accepted_at_the_instant(stage: DossierStage, act: str) -> None:
    """An opening put off, for instance, while drafts exist."""
    opens_at = CLOSES_AT - dt.timedelta(days=10)
    Stage.objects.filter(pk=stage.stage_id).update(opens_at=opens_at)
    with pytest.raises(workflow.Closed):
        ACTS[act](stage, opens_at - MILLISECOND)
    ACTS[act](stage, opens_at)


@pytest.mark.parametrize("act", ACTS)
def test_an_etape_without_window_accepts_nothing(stage: DossierStage, act: str) -> None:
    Stage.objects.filter(pk=stage.stage_id).update(opens_at=None, closes_at=None)
    with pytest.raises(workflow.Closed):
        ACTS[act](stage, timezone.now())


def test_an_etape_without_closing_stays_open(stage: DossierStage) -> None:
    Stage.objects.filter(pk=stage.stage_id).update(closes_at=None)
    factories.transmit(stage, at=CLOSES_AT + dt.timedelta(days=400))


def test_the_refusal_says_since_when_and_that_nothing_is_lost(stage: DossierStage) -> None:
    with pytest.raises(workflow.Closed) as refusal:
        factories.transmit(stage, at=CLOSES_AT)
    sentence = str(refusal.value)
    assert french.moment(CLOSES_AT) in sentence
    assert "heure de Paris" in sentence
    assert "conservé" in sentence


def test_one_rule_for_the_list_and_for_the_guard(stage: DossierStage) -> None:
    """`Stage.is_open` and `StageQuerySet.open_at` agree at every instant that matters."""
    current = Stage.objects.get(pk=stage.stage_id)
    opens_at = current.opens_at
    assert opens_at is not None
    for at in (opens_at - MILLISECOND, opens_at, LAST_MOMENT, CLOSES_AT, CLOSES_AT + MILLISECOND):
        assert current.is_open(at) == Stage.objects.open_at(at).filter(pk=current.pk).exists(), at
        assert stage.is_editable(at) == current.is_open(at), at


# A correction has a deadline of its own


@pytest.mark.parametrize("act", [name for name in ACTS if name != "create"])
def test_a_requested_modification_lives_until_its_own_due_date(stage: DossierStage, act: str) -> None:
    """Which may lie after the closing, or before it."""
    verifier = UserFactory(verifier=True)
    factories.transmit(stage)
    for due_at in (CLOSES_AT + dt.timedelta(days=30), CLOSES_AT - dt.timedelta(days=30)):
        now = factories.fresh(stage)
        if now.status == Status.MODIFICATION_REQUESTED:
            factories.transmit(now)
        workflow.request_modification(stage, by=verifier, message="Encore.", remarks={}, due_at=due_at)
        now = factories.fresh(stage)
        assert now.deadline == due_at
        for late in (due_at, due_at + MILLISECOND):
            with pytest.raises(workflow.Closed):
                ACTS[act](now, late)
        if act == "archive a file":
            factories.deposit(now, factories.pdf())
        ACTS[act](now, due_at - MILLISECOND)


@pytest.mark.parametrize("status", ["transmitted", "validated", "rejected"])
def test_nothing_is_editable_while_nothing_is_awaited(status: str) -> None:
    stage = factories.BUILDERS[status]()
    assert stage.deadline is None
    assert not stage.is_editable(timezone.now())
    with pytest.raises(workflow.Closed, match=f"« {stage.status_label} »"):
        factories.save(stage, comment={"value": "Un mot"})


def test_an_extension_counts_from_the_next_request(stage: DossierStage) -> None:
    """Q42: the étape is read again under the lock, not remembered."""
    later = CLOSES_AT + dt.timedelta(days=7)
    Stage.objects.filter(pk=stage.stage_id).update(closes_at=later)
    assert stage.stage.closes_at == CLOSES_AT, "this process still holds the former date"
    workflow.transmit(stage, by=stage.dossier.referent, at=CLOSES_AT, seen=factories.seen(stage))


# Through the pages, by the server's clock


def at(moment: dt.datetime) -> Any:
    return time_machine.travel(moment, tick=False)


def posted(stage: DossierStage) -> dict[str, dict[str, Any]]:
    return {
        "form": {"comment-base": kinds.digest({}), "comment-value": "Tapé au dernier moment", "draft": "1"},
        "transmit": {"seen": factories.seen(stage)},
    }


@pytest.mark.parametrize("page", ["form", "transmit"], ids=["save", "transmit"])
def test_a_request_received_before_is_accepted_and_at_the_instant_refused(stage: DossierStage, page: str) -> None:
    url = reverse(f"dossiers:{page}", args=[stage.dossier.reference])
    data = posted(stage)[page]
    with at(CLOSES_AT):
        late = factories.signed_in(stage.dossier.referent).post(url, data)
        assert late.status_code == 409
        assert "délai est dépassé" in late.content.decode()
    assert factories.fresh(stage).status == Status.DRAFT
    with at(LAST_MOMENT):
        assert factories.signed_in(stage.dossier.referent).post(url, data).status_code == 302


def test_what_was_typed_too_late_is_shown_and_what_was_saved_is_kept(stage: DossierStage) -> None:
    """D6, Q40: nothing typed is ever lost."""
    factories.save(stage, comment={"value": "Enregistré à temps"})
    url = reverse("dossiers:form", args=[stage.dossier.reference])
    with at(CLOSES_AT):
        data = {"comment-base": kinds.digest({"value": "Enregistré à temps"}), "comment-value": "Tapé trop tard"}
        response = factories.signed_in(stage.dossier.referent).post(url, data)
    assert response.status_code == 409
    assert "Tapé trop tard" in response.content.decode()
    assert stage.answers.get(code="comment").value == "Enregistré à temps"


def test_files_sent_too_late_are_refused(stage: DossierStage) -> None:
    url = reverse("dossiers:form", args=[stage.dossier.reference])
    count = stage.attachments.count()
    with at(CLOSES_AT):
        response = factories.signed_in(stage.dossier.referent).post(url, {"framework_files-files": factories.pdf()})
    assert response.status_code == 409
    assert stage.attachments.count() == count


def test_once_closed_the_draft_is_read_only_and_says_so(stage: DossierStage) -> None:
    """D10; nobody had to close it (Q43)."""
    reference = stage.dossier.reference
    with at(CLOSES_AT):
        client = factories.signed_in(stage.dossier.referent)
        page = client.get(reverse("dossiers:form", args=[reference]))
        assert page.status_code == 200
        assert "data-dossier-form" not in page.content.decode()
        assert "heure de Paris" in page.content.decode()
        assert client.get(reverse("dossiers:recap", args=[reference])).status_code == 302
        assert client.get(reverse("dossiers:dashboard")).status_code == 200
    assert factories.fresh(stage).status == Status.DRAFT
    assert not any("clos" in name or "deadline" in name for name in settings.CELERY_BEAT_SCHEDULE)


def test_a_guichet_is_offered_until_the_instant_it_closes(stage: DossierStage) -> None:
    person = factories.referent(factories.entity())
    representation = person.representations.get()
    assert creatable(person, at=LAST_MOMENT) == [(stage.stage, representation)]
    assert creatable(person, at=CLOSES_AT) == []
    url = reverse("dossiers:create")
    data = {"stage": stage.stage_id, "establishment": representation.pk}
    with at(CLOSES_AT):
        response = factories.signed_in(person).post(url, data)
        assert response.status_code == 200
    assert not Dossier.objects.filter(referent=person).exists()
    with at(LAST_MOMENT):
        assert factories.signed_in(person).post(url, data).status_code == 302


def test_the_clock_of_the_browser_counts_for_nothing(stage: DossierStage) -> None:
    """Q39, Q20: whatever date is sent along."""
    url = reverse("dossiers:transmit", args=[stage.dossier.reference])
    with at(CLOSES_AT):
        response = factories.signed_in(stage.dossier.referent).post(
            url,
            {**posted(stage)["transmit"], "at": "2031-06-01", "received_at": "2031-06-01T00:00"},
            headers={"date": "Sun, 01 Jun 2031 00:00:00 GMT"},
        )
    assert response.status_code == 409
