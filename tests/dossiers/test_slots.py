"""A slot by itself: files sent to it, replaced, put in order, archived (D7, Q25, Q32)."""

from __future__ import annotations

import datetime as dt
from functools import partial

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dossiers import workflow
from dossiers.enums import EventKind
from dossiers.models import Attachment, DossierStage, Stage
from tests.dossiers import crowd, factories, pages

CODE = "framework_files"


@pytest.fixture
def stage(db: None) -> DossierStage:
    return factories.draft()


def post(stage: DossierStage, code: str = CODE, **data: object) -> HttpResponse:
    """What uploads.js sends."""
    return pages.owner(stage).post(pages.url("slot", stage, code), data)


def names(stage: DossierStage, code: str = CODE) -> list[str]:
    return [file.name for file in stage.attachments.active().filter(code=code)]


def test_files_are_sent_to_a_slot_without_the_form(stage: DossierStage) -> None:
    files = [factories.pdf("a.pdf"), factories.upload(b"MZ", "b.pdf"), factories.docx("c.docx")]
    response = post(stage, **{f"{CODE}-files": files, "bank-files": factories.pdf("RIB.pdf")})
    assert response.status_code == 422
    content = response.content.decode()
    assert f'id="lien-{CODE}" hx-swap-oob="true"' in content, "the side follows"
    assert '<div id="completion" hx-swap-oob="true">' in content
    text = pages.text(response)
    assert "« b.pdf » n'est pas celui d'un PDF" in text
    assert "<html" not in response.content.decode()
    assert names(stage) == ["a.pdf", "c.docx"]
    assert names(stage, "bank") == [], "another slot has its own address"
    again = post(stage, **{f"{CODE}-files": factories.pdf("a.pdf")})
    assert again.status_code == 200
    assert names(stage) == ["a.pdf", "c.docx"]


@pytest.mark.parametrize("code", ["comment", "nowhere", "base"])
def test_a_question_without_slot_has_no_such_address(stage: DossierStage, code: str) -> None:
    assert post(stage, code, **{f"{code}-files": factories.pdf()}).status_code == 404
    assert not Attachment.objects.exists()


def test_files_are_put_in_order_with_and_without_the_script(stage: DossierStage) -> None:
    a, b, c = (factories.deposit(stage, factories.pdf(f"{name}.pdf")) for name in "abc")
    assert post(stage, up=c.public_id).status_code == 200
    assert names(stage) == ["a.pdf", "c.pdf", "b.pdf"]
    form = pages.owner(stage).post(pages.url("form", stage), {"down": a.public_id})
    assert form["Location"] == pages.url("form", stage) + f"#question-{CODE}"
    assert names(stage) == ["c.pdf", "a.pdf", "b.pdf"]
    for button, file in (("up", c), ("down", b)):
        assert post(stage, **{button: file.public_id}).status_code == 200
    assert names(stage) == ["c.pdf", "a.pdf", "b.pdf"], "the ends stay"
    factories.deposit(stage, factories.pdf("d.pdf"))
    assert names(stage)[-1] == "d.pdf"
    assert post(stage, "bank", up=a.public_id).status_code == 404
    other = factories.deposit(factories.draft(), factories.pdf())
    assert post(stage, up=other.public_id).status_code == 404


def test_a_new_file_takes_the_place_of_an_old_one_or_nothing_changes(stage: DossierStage) -> None:
    for name in "abc":
        factories.deposit(stage, factories.pdf(f"{name}.pdf"))
    old = stage.attachments.get(name="b.pdf")
    refused = post(stage, replace=old.public_id, **{f"{CODE}-files": factories.upload(b"MZ", "x.pdf")})
    assert refused.status_code == 422
    none = post(stage, replace=old.public_id)
    assert "Choisissez d'abord le fichier qui remplace « b.pdf »" in pages.text(none)
    assert names(stage) == ["a.pdf", "b.pdf", "c.pdf"]

    for _ in range(2):  # a double press
        done = post(stage, replace=old.public_id, **{f"{CODE}-files": factories.docx("x.docx")})
        assert done.status_code == 200
        assert names(stage) == ["a.pdf", "x.docx", "c.pdf"]
    old.refresh_from_db()
    assert old.archived_at is not None
    late = post(stage, replace=old.public_id, **{f"{CODE}-files": factories.docx("y.docx")})
    assert "« b.pdf » a déjà été archivé ou remplacé" in pages.text(late)
    kinds = list(stage.events.order_by("pk").values_list("kind", flat=True))[-2:]
    assert kinds == [EventKind.FILE_ARCHIVED, EventKind.FILE_ADDED]


def test_a_full_slot_takes_a_replacement_without_the_script(stage: DossierStage) -> None:
    factories.deposit(stage, factories.pdf("RIB.pdf"), code="bank")
    old = stage.attachments.get()
    response = pages.owner(stage).post(
        pages.url("form", stage), {"replace": old.public_id, "bank-files": factories.pdf("RIB bis.pdf")}
    )
    assert response.status_code == 302
    assert names(stage, "bank") == ["RIB bis.pdf"]


def test_after_closing_a_slot_says_so_and_changes_nothing(stage: DossierStage) -> None:
    kept = factories.deposit(stage, factories.pdf("a.pdf"))
    Stage.objects.filter(pk=stage.stage_id).update(closes_at=timezone.now() - dt.timedelta(seconds=1))
    for data in ({f"{CODE}-files": factories.pdf("b.pdf")}, {"archive": kept.public_id}, {"up": kept.public_id}):
        response = post(stage, **data)
        assert response.status_code == 409
        assert "Le délai est dépassé" in pages.text(response)
    assert names(stage) == ["a.pdf"]


def test_a_slot_costs_the_same_with_one_file_and_ten(stage: DossierStage) -> None:
    client = pages.owner(stage)
    costs = []
    for count in (1, 10):
        while len(names(stage)) < count:
            factories.deposit(stage, factories.pdf(f"{len(names(stage))}.pdf"))
        with CaptureQueriesContext(connection) as reading:
            client.post(pages.url("slot", stage, CODE), {})
        costs.append(len(reading))
    assert costs[0] == costs[1] <= 12


@pytest.mark.django_db(transaction=True)
def test_the_same_file_sent_ten_times_at_once_is_there_once() -> None:
    """Q32."""
    stage = factories.draft()
    add = partial(workflow.add_file, stage, CODE, by=stage.dossier.referent, at=timezone.now())
    results = crowd.at_once(*[partial(add, factories.pdf("a.pdf")) for _ in range(10)])
    assert len({result.pk for result in results}) == Attachment.objects.count() == 1
    assert stage.events.filter(kind=EventKind.FILE_ADDED).count() == 1


@pytest.mark.django_db(transaction=True)
def test_replacing_and_moving_at_once_leave_one_file_a_place() -> None:
    stage = factories.draft()
    referent, now = stage.dossier.referent, timezone.now()
    a, b = (factories.deposit(stage, factories.pdf(f"{name}.pdf")) for name in "ab")
    results = crowd.at_once(
        *[
            partial(workflow.replace_file, a, factories.docx(f"{number}.docx"), by=referent, at=now)
            for number in range(3)
        ],
        partial(workflow.move_file, b, up=True, by=referent, at=now),
    )
    assert sum(isinstance(result, Attachment) for result in results) == 1
    assert len(names(stage)) == len(set(stage.attachments.active().values_list("position", flat=True))) == 2
