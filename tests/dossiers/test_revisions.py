"""Drafts follow the newest form of their étape (G2): what was answered is kept, and the référent is told."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from dossiers import kinds, queries, tasks, workflow
from dossiers.enums import EventKind, Status
from dossiers.models import Answer, DossierStage, Event, FormRevision, Question, Stage, Transmission
from tests.accounts.factories import UserFactory
from tests.dossiers import crowd, factories

CHOICE = {
    "code": "size",
    "kind": "single_choice",
    "label": "Votre taille",
    "short_label": "Taille",
    "options": {"choices": [{"value": "small", "label": "Petite"}, {"value": "large", "label": "Grande"}]},
}
WORD = {"code": "word", "kind": "short_text", "label": "Un mot", "short_label": "Mot"}
GONE = {"code": "gone", "kind": "short_text", "label": "Une précision", "short_label": "Précision"}


@pytest.fixture
def administrator(db: None) -> User:
    return UserFactory(admin=True)


@pytest.fixture
def stage(db: None) -> Stage:
    return factories.guichet(questions=[CHOICE, WORD, GONE]).stages.get()


def answered(stage: Stage) -> DossierStage:
    dossier_stage = factories.draft(stage=stage)
    factories.save(dossier_stage, size={"value": "large"}, word={"value": "Bonjour"}, gone={"value": "Pour mémoire"})
    return factories.fresh(dossier_stage)


def publish(stage: Stage, *, by: User, **changes: Any) -> FormRevision:
    """A new form: `size` offers one choice less, `gone` goes, `extra` comes."""
    draft = workflow.publication.start_draft(stage, by=by)
    workflow.editing.change_question(
        draft.questions.get(code="size"), by=by, options={"choices": CHOICE["options"]["choices"][:1]}
    )
    workflow.editing.delete_question(draft.questions.get(code="gone"), by=by)
    section = draft.sections.get()
    workflow.editing.add_question(
        section, by=by, code="extra", kind="short_text", label="Encore", short_label="Encore", **changes
    )
    return workflow.publication.publish(draft, by=by)


def test_a_draft_follows_and_keeps_what_was_answered(stage: Stage, administrator: User) -> None:
    dossier_stage = answered(stage)
    newest = publish(stage, by=administrator)

    workflow.revisions.follow(dossier_stage)
    workflow.revisions.follow(factories.fresh(dossier_stage))  # twice does once

    now = factories.fresh(dossier_stage)
    assert now.revision == dossier_stage.revision == newest
    answers = {answer.code: (answer.raw, answer.value) for answer in now.answers.all()}
    assert answers == {
        "word": ({"value": "Bonjour"}, "Bonjour"),
        "size": ({"value": "large"}, None),  # no longer offered: kept as typed, to correct
        "gone": ({"value": "Pour mémoire"}, "Pour mémoire"),  # kept, no longer asked
    }
    sheet = queries.sheet(now)
    assert [entry.code for entry in sheet.entries] == ["size", "word", "extra"]
    assert [entry.code for entry in sheet.entries if entry.is_invalid] == ["size"]
    event = now.events.get(kind=EventKind.FORM_CHANGED)
    assert event.actor == administrator
    assert event.message.replace("\u00a0", " ") == (
        "question ajoutée : « Encore » ; question modifiée : « Taille » ; question supprimée : « Précision »"
    )
    assert event.from_status == event.to_status == ""


def test_an_answer_comes_back_with_its_question(stage: Stage, administrator: User) -> None:
    dossier_stage = answered(stage)
    publish(stage, by=administrator)
    workflow.revisions.follow(dossier_stage)
    draft = workflow.publication.start_draft(stage, by=administrator)
    again = {name: value for name, value in GONE.items() if name != "code"}
    workflow.editing.add_question(draft.sections.get(), by=administrator, code="gone", **again)
    workflow.publication.publish(draft, by=administrator)
    workflow.revisions.follow(dossier_stage)
    entry = queries.sheet(factories.fresh(dossier_stage)).entry("gone")
    assert entry is not None
    assert entry.value == "Pour mémoire"


@pytest.mark.parametrize("status", [Status.TRANSMITTED, Status.MODIFICATION_REQUESTED, Status.VALIDATED])
@pytest.mark.django_db
def test_what_was_transmitted_stays_on_its_form(administrator: User, status: str) -> None:
    dossier_stage = factories.BUILDERS[status]()
    draft = workflow.publication.start_draft(dossier_stage.stage, by=administrator)
    workflow.editing.delete_question(draft.questions.get(code="comment"), by=administrator)
    workflow.publication.publish(draft, by=administrator)
    before = factories.fresh(dossier_stage).revision
    workflow.revisions.follow(dossier_stage)
    tasks.follow_newest(dossier_stage.stage_id)
    tasks.sweep_drafts()
    if status == Status.MODIFICATION_REQUESTED:
        factories.save(dossier_stage, comment={"value": "Corrigé"})
    assert factories.fresh(dossier_stage).revision == before
    assert not dossier_stage.events.filter(kind=EventKind.FORM_CHANGED).exists()


def test_whatever_writes_on_a_draft_follows_first(stage: Stage, administrator: User) -> None:
    """No rule depends on a task having run."""
    dossier_stage = answered(stage)
    newest = publish(stage, by=administrator, mandatory=False)
    saved = factories.save(dossier_stage, extra={"value": "Nouveau"}, gone={"value": "Trop tard"})
    assert saved.written == ["extra"]
    assert factories.fresh(dossier_stage).revision == newest
    assert dossier_stage.answers.get(code="gone").value == "Pour mémoire"


def test_the_recap_of_the_former_form_is_not_transmitted(stage: Stage, administrator: User) -> None:
    """A changed label is enough: nobody transmits what they did not read (Q35)."""
    dossier_stage = answered(stage)
    seen = factories.seen(dossier_stage)
    draft = workflow.publication.start_draft(stage, by=administrator)
    workflow.editing.change_question(draft.questions.get(code="word"), by=administrator, label="Le mot de la fin")
    newest = workflow.publication.publish(draft, by=administrator)

    with pytest.raises(workflow.Changed):
        workflow.transmit(dossier_stage, by=dossier_stage.dossier.referent, at=timezone.now(), seen=seen)

    assert factories.fresh(dossier_stage).revision == newest, "the refusal leaves the draft on its new form"
    assert factories.transmit(dossier_stage).status == Status.TRANSMITTED


def test_the_task_moves_every_draft_and_the_sweep_what_was_missed(
    stage: Stage, administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts = [factories.draft(stage=stage) for _ in range(5)]
    newest = publish(stage, by=administrator)
    monkeypatch.setattr(workflow.revisions, "BATCH", 2)
    after = 0
    for _ in range(2):
        after = workflow.revisions.follow_some(stage_id=stage.pk, after=after)
        assert after
    assert workflow.revisions.behind().count() == 1
    tasks.sweep_drafts()
    assert {factories.fresh(each).revision for each in drafts} == {newest}
    assert Event.objects.filter(kind=EventKind.FORM_CHANGED).count() == 5


def test_following_costs_nothing_when_there_is_nothing_to_follow(
    stage: Stage, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    dossier_stage = answered(stage)
    read = DossierStage.objects.with_context().with_newest_form().get(pk=dossier_stage.pk)
    with django_assert_num_queries(0):
        workflow.revisions.follow(read)
    with django_assert_num_queries(1):
        workflow.revisions.follow(dossier_stage)


# The database


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE dossiers_question SET label = 'x' WHERE revision_id = %s",
        "DELETE FROM dossiers_question WHERE revision_id = %s",
        "UPDATE dossiers_section SET title = 'x' WHERE revision_id = %s",
        "UPDATE dossiers_formrevision SET minutes = 5 WHERE id = %s",
        "UPDATE dossiers_formrevision SET published_at = NULL WHERE id = %s",
    ],
)
def test_the_database_refuses_to_change_a_published_form(stage: Stage, statement: str) -> None:
    revision = stage.revisions.get()
    with pytest.raises(IntegrityError, match="no longer changes"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [revision.pk])


def test_one_draft_an_etape(stage: Stage, administrator: User) -> None:
    draft = workflow.publication.start_draft(stage, by=administrator)
    assert workflow.publication.start_draft(stage, by=administrator) == draft
    with pytest.raises(DatabaseError), transaction.atomic():
        FormRevision.objects.create(stage=stage, number=9)


# Races


@pytest.mark.django_db(transaction=True)
def test_publishing_while_saving_and_transmitting_the_snapshot_is_what_the_recap_showed() -> None:
    """Q35 with a third hand: the administrator."""
    administrator = UserFactory(admin=True)
    stage = factories.guichet(questions=[CHOICE, WORD]).stages.get()
    for number in range(12):
        dossier_stage = factories.draft(stage=stage)
        factories.save(dossier_stage, size={"value": "small"}, word={"value": "Avant"})
        draft = workflow.publication.start_draft(stage, by=administrator)
        workflow.editing.change_question(draft.questions.get(code="word"), by=administrator, label=f"Mot {number}")
        shown = queries.sheet(factories.fresh(dossier_stage))
        read = (shown.dossier_stage.revision_id, {entry.code: entry.value for entry in shown.shown})
        referent = dossier_stage.dossier.referent
        now = timezone.now()
        results = crowd.at_once(
            partial(workflow.publication.publish, draft, by=administrator),
            partial(factories.save, dossier_stage, word={"value": "Après"}),
            partial(workflow.transmit, dossier_stage, by=referent, at=now, seen=shown.fingerprint),
        )
        published, saved, transmitted = results
        assert isinstance(published, FormRevision), published
        after = factories.fresh(dossier_stage)
        if isinstance(transmitted, Transmission):
            assert (after.revision_id, transmitted.answers) == (read[0], read[1])
            assert isinstance(saved, workflow.Closed)
        else:
            assert isinstance(transmitted, workflow.Changed), transmitted
            assert isinstance(saved, workflow.Saved), saved
            assert after.revision == published or workflow.revisions.behind().filter(pk=after.pk).exists()
            assert Answer.objects.get(dossier_stage=after, code="word").value == "Après"


def test_kinds_read_again_what_was_typed_when_a_question_becomes_optional(stage: Stage, administrator: User) -> None:
    dossier_stage = answered(stage)
    draft = workflow.publication.start_draft(stage, by=administrator)
    question: Question = draft.questions.get(code="word")
    workflow.editing.change_question(question, by=administrator, mandatory=False, options={"max_length": 3})
    workflow.publication.publish(draft, by=administrator)
    workflow.revisions.follow(dossier_stage)
    answer = dossier_stage.answers.get(code="word")
    now: kinds.Raw = answer.raw
    assert now == {"value": "Bonjour"}
    assert answer.value is None
