"""A form of 200 questions and 40 files: what its page and the save of one answer cost (Q70, Q73).

A page is timed beside that of a form four times smaller, the best of several in one run; the save of one answer is
compared with the whole page by what it does.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dossiers import kinds
from dossiers.models import Attachment, DossierStage
from tests.dossiers import factories, pages

pytestmark = pytest.mark.django_db
ROUNDS = 25


YES_NO = {"choices": [{"value": "yes", "label": "Oui"}, {"value": "no", "label": "Non"}]}


def question(number: int, files: int) -> dict[str, Any]:
    """A form as they are: texts, choices, contacts, conditions, slots."""
    named = {"code": f"q{number}", "label": f"Question {number}", "short_label": f"Question {number}"}
    if number % 5 == 0 and number // 5 < files:
        return {**named, "kind": "files"}
    if number % 5 == 1:
        return {**named, "kind": "single_choice", "options": YES_NO}
    if number % 5 == 2:
        return {**named, "kind": "short_text", "shown_when": {"question": f"q{number - 1}", "in": ["yes"]}}
    return {**named, "kind": "long_text" if number % 5 == 3 else "contact"}


def form(size: int) -> DossierStage:
    """A filled form of `size` questions, a fifth of which hold a file."""
    asked = [question(number, size // 5) for number in range(size)]
    stage = factories.draft(stage=factories.guichet(code=f"g{size}", questions=asked).stages.get())
    raws: dict[str, kinds.Raw] = {
        "single_choice": {"value": "yes"},
        "short_text": {"value": "Un mot"},
        "long_text": {"value": "Un mot"},
        "contact": factories.contact(),
    }
    factories.save(stage, **{each["code"]: raws[each["kind"]] for each in asked if each["kind"] in raws})
    Attachment.objects.bulk_create(
        Attachment(
            dossier_stage=stage,
            code=each["code"],
            file="pieces/absente",
            name="Lettre.pdf",
            size=1000,
            sha256="0" * 64,
            content_type="application/pdf",
            uploaded_by=stage.dossier.referent,
        )
        for each in asked
        if each["kind"] == "files"
    )
    return stage


def timed(*acts: Callable[[], Any]) -> list[float]:
    """The least processor time of each, measured turn by turn: a clock would hear what the neighbours do."""
    times: list[list[float]] = [[] for _ in acts]
    for _ in range(ROUNDS):
        for act, measured in zip(acts, times, strict=True):
            start = time.thread_time()
            act()
            measured.append(time.thread_time() - start)
    return [min(measured) for measured in times]


def steps(act: Callable[[], Any]) -> int:
    """The functions of Python that one takes, once warm: no neighbour changes them, as they do its time."""
    act()
    taken = 0

    def count(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal taken
        taken += event == "call"

    sys.setprofile(count)
    try:
        act()
    finally:
        sys.setprofile(None)
    return taken


def counted(act: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert act().status_code == 200
    return len([each for each in captured if "SAVEPOINT" not in each["sql"]])


def reader(stage: DossierStage) -> Callable[[], Any]:
    client, url = pages.owner(stage), pages.url("form", stage)
    return lambda: client.get(url)


def saver(stage: DossierStage, code: str, *raws: kinds.Raw) -> Callable[[], Any]:
    """Saves one answer after the other, each from the one before it."""
    client, url = pages.owner(stage), pages.url("answer", stage, code)
    turns = iter(raws * 1000)
    answer = stage.answers.filter(code=code).first()
    base = [answer.raw if answer else {}]

    def save() -> Any:
        raw = next(turns)
        data = {f"{code}-{name}": content for name, content in raw.items()}
        response = client.post(url, {**data, f"{code}-base": kinds.digest(base[0])}, headers={"HX-Request": "true"})
        base[0] = raw
        return response

    return save


def test_a_page_of_two_hundred_questions_costs_no_more_queries_and_grows_no_faster_than_them() -> None:
    small, large = reader(form(50)), reader(form(200))
    assert {small().status_code, large().status_code} == {200}
    assert counted(small) == counted(large) <= 12
    short, long = timed(small, large)
    assert long / short <= 4.5


def test_saving_one_answer_costs_at_most_eight_queries_and_never_draws_the_form() -> None:
    """Q73."""
    stage = form(200)
    save = saver(stage, "q1", {"value": "no"}, {"value": "yes"})
    assert save().status_code == 200
    assert counted(save) <= 8
    assert steps(save) <= steps(reader(stage)) / 4


def test_the_answers_that_the_subsidy_comes_from_cost_no_more_than_the_others() -> None:
    """In a draft and in a correction; a perimeter reads its sites, one query more."""
    for stage in (
        factories.draft(sites=30),
        factories.modification_requested(remarks={"track": "?", "perimeter": "?"}),
    ):
        sites = sorted(stage.dossier.legal_entity.sites.values_list("finess", flat=True))
        first: dict[str, kinds.Raw] = {"track": {"value": "2"}, "perimeter": {"sites": sites}}
        second: dict[str, kinds.Raw] = {"track": {"value": "3"}, "perimeter": {"sites": sites, "equipped": sites[:1]}}
        for code in first:
            save = saver(stage, code, first[code], second[code])
            assert save().status_code == 200
            assert counted(save) <= (9 if code == "perimeter" else 8), (stage.status, code)
