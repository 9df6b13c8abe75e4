"""What PostgreSQL itself refuses, whatever the door: impossible states (Q37), history rewritten, published forms."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from dossiers.enums import Status
from dossiers.models import (
    Answer,
    Dossier,
    DossierStage,
    Event,
    FormRevision,
    Question,
    Remark,
    Section,
    Stage,
    Transmission,
    TransmittedFile,
)
from dossiers.workflow import stages
from tests.dossiers import factories

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def refused(write: Callable[[], Any], *, naming: str) -> None:
    with pytest.raises(IntegrityError, match=naming), transaction.atomic():
        write()


POSSIBLE: dict[str, set[tuple[bool, bool, bool, bool]]] = {
    # first transmission, last transmission, due date, decision
    Status.DRAFT: {(False, False, False, False)},
    Status.TRANSMITTED: {(True, True, False, False)},
    Status.MODIFICATION_REQUESTED: {(True, True, True, False)},
    Status.VALIDATED: {(True, True, False, True)},
    Status.REJECTED: {(True, True, False, True)},
}


def test_a_status_has_the_dates_of_its_status_and_no_other() -> None:
    """The whole product of statuses and dates: only what the workflow can produce is a row."""
    pk = factories.draft().pk
    accepted: dict[str, set[tuple[bool, ...]]] = {status: set() for status in Status.values}
    for status in Status.values:
        for bits in range(16):
            dated = tuple(bool(bits & 1 << place) for place in range(4))
            first, last, due, decision = (NOW if each else None for each in dated)
            try:
                with transaction.atomic():
                    DossierStage.objects.filter(pk=pk).update(
                        status=status, first_transmitted_at=first, transmitted_at=last, due_at=due, decided_at=decision
                    )
            except IntegrityError:
                continue
            accepted[status].add(dated)
    assert accepted == POSSIBLE


def test_a_status_nobody_knows_is_refused() -> None:
    stage = factories.transmitted()
    refused(
        lambda: DossierStage.objects.filter(pk=stage.pk).update(status="archived"), naming="dossier_stage_status_known"
    )


def test_one_dossier_for_an_entity_and_a_guichet() -> None:
    dossier = factories.draft().dossier
    dossier.pk, dossier.reference = None, "ABCDEFGH23"
    refused(dossier.save, naming="one_dossier_per_guichet_and_entity")


@pytest.mark.parametrize(
    "reference", ["abcdefgh23", "ABCDEFGHI2", "ABCDEFGHO2", "ABCDEFGH02", "ABCDEFGH12", "ABCDEFGH2", "ABCDEFGH2\n", ""]
)
def test_a_reference_that_cannot_be_read_aloud_is_refused(reference: str) -> None:
    """D4."""
    pk = factories.draft().dossier_id
    refused(lambda: Dossier.objects.filter(pk=pk).update(reference=reference), naming="reference_shape")


def test_the_workflow_draws_references_that_the_database_takes() -> None:
    references = {stages.new_reference() for _ in range(2000)}
    assert len(references) == 2000
    assert all(re.fullmatch(r"[A-HJ-NP-Z2-9]{10}", reference) for reference in references)


def test_a_dossier_stands_at_one_etape() -> None:
    stage = factories.draft()
    later = stage.stage.guichet.stages.get(code="objectifs")
    refused(
        lambda: DossierStage.objects.create(dossier=stage.dossier, stage=later, revision=stage.revision),
        naming="one_current_stage",
    )
    DossierStage.objects.filter(pk=stage.pk).update(is_current=False)
    refused(
        lambda: DossierStage.objects.create(dossier=stage.dossier, stage=stage.stage, revision=stage.revision),
        naming="dossier_stage_once",
    )


def test_a_dossier_always_has_a_referent() -> None:
    """Q36, Q38: neither emptied nor deleted from under the dossier."""
    dossier = factories.draft().dossier
    refused(lambda: Dossier.objects.filter(pk=dossier.pk).update(referent=None), naming="referent_id")
    with pytest.raises(models.ProtectedError):
        dossier.referent.delete()


def test_one_answer_a_question() -> None:
    stage = factories.draft()
    factories.save(stage, comment={"value": "Un mot"})
    refused(
        lambda: Answer.objects.create(dossier_stage=stage, code="comment", raw={}, updated_at=NOW), naming="answer_once"
    )


def test_one_modification_is_asked_at_a_time() -> None:
    request = factories.modification_requested().modification_requests.get()
    request.pk = None
    refused(request.save, naming="one_pending_modification_request")


def test_an_etape_closes_after_it_opens() -> None:
    stage = factories.poc()
    for seconds in (0, -1):
        refused(
            lambda seconds=seconds: Stage.objects.filter(pk=stage.pk).update(
                closes_at=stage.opens_at + dt.timedelta(seconds=seconds)
            ),
            naming="stage_closes_after_it_opens",
        )


KEPT: list[type[models.Model]] = [Transmission, TransmittedFile, Event, Remark]


@pytest.mark.parametrize("model", KEPT)
def test_what_was_done_is_neither_rewritten_nor_erased(model: type[models.Model]) -> None:
    factories.modification_requested()
    table = model._meta.db_table
    assert model._default_manager.exists()
    for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):  # noqa: S608
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_transmission_number_serves_once() -> None:
    transmission = factories.transmitted().transmissions.get()
    transmission.pk = None
    refused(transmission.save, naming="transmission_number_once")


def test_a_transmitted_file_cannot_lose_its_row() -> None:
    attachment = factories.transmitted().attachments.first()
    assert attachment is not None
    with pytest.raises(models.ProtectedError):
        attachment.delete()


def test_one_remark_a_question_in_a_request() -> None:
    request = factories.modification_requested().modification_requests.get()
    refused(
        lambda: Remark.objects.create(request=request, code="prerequisite_3_files", text="Encore."),
        naming="remark_once",
    )


PUBLISHED: dict[str, Callable[[FormRevision], Any]] = {
    "revision updated": lambda revision: FormRevision.objects.filter(pk=revision.pk).update(track_question="bank"),
    "revision unpublished": lambda revision: FormRevision.objects.filter(pk=revision.pk).update(published_at=None),
    "revision deleted": lambda revision: revision.delete(),
    "section updated": lambda revision: revision.sections.update(title="Autre"),
    "section added": lambda revision: Section.objects.create(revision=revision, position=99, title="Autre"),
    "section deleted": lambda revision: revision.sections.all()[0].delete(),
    "question updated": lambda revision: revision.questions.filter(code="track").update(mandatory=False),
    "question deleted": lambda revision: revision.questions.filter(code="comment").delete(),
    "question added": lambda revision: Question.objects.create(
        revision=revision,
        section=revision.sections.all()[0],
        position=99,
        code="new",
        kind="long_text",
        label="Nouvelle",
    ),
}


@pytest.mark.parametrize("change", PUBLISHED)
def test_a_published_form_no_longer_changes(change: str) -> None:
    """G2: the answers of a dossier are read with the questions that were asked."""
    revision = factories.poc().revisions.get()
    refused(lambda: PUBLISHED[change](revision), naming="published form")


def test_a_question_cannot_slip_from_a_draft_into_a_published_form() -> None:
    published = factories.poc().revisions.get()
    draft = FormRevision.objects.create(stage=published.stage, number=2)
    section = Section.objects.create(revision=draft, position=1, title="Section")
    question = Question.objects.create(
        revision=draft, section=section, position=1, code="new", kind="long_text", label="Nouvelle"
    )
    refused(lambda: Question.objects.filter(pk=question.pk).update(revision=published), naming="published form")
    Question.objects.filter(pk=question.pk).update(label="Brouillon")  # a draft does change
    draft.delete()
