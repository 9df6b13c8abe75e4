"""Scores of a self-assessment: exact, axis by axis, drawn with their figures wherever the answers are read."""

from __future__ import annotations

import html
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossiers import pdf, scores
from dossiers.models import DossierStage, Question
from tests.accounts.factories import UserFactory
from tests.browsing import fits
from tests.dossiers import factories, pages
from tests.dossiers.browsing import Check, Open
from tests.dossiers.test_pdf import structure, text_of

AXES = [{"code": "a", "label": "Gouvernance"}, {"code": "b", "label": "Traçabilité"}]


def question(axis: str | None, *points: float | int | None, kind: str = "single_choice") -> Question:
    choices = [
        {"value": str(number), "label": str(number), **({} if each is None else {"points": each})}
        for number, each in enumerate(points)
    ]
    return Question(kind=kind, options={"choices": choices} | ({"axis": axis} if axis else {}))


def chose(number: int) -> dict[str, str]:
    return {"choice": str(number)}


#: (what was asked, with its answers) → per axis: points, possible, percent, missing.
TABLE: dict[str, tuple[list[tuple[Question, Any]], list[tuple[str, str, int, int]]]] = {
    "nothing asked": ([], [("0", "0", 0, 0), ("0", "0", 0, 0)]),
    "every point": ([(question("a", 0, 3), chose(1))], [("3", "3", 100, 0), ("0", "0", 0, 0)]),
    "a third, rounded down": ([(question("a", 0, 1, 3), chose(1))], [("1", "3", 33, 0), ("0", "0", 0, 0)]),
    "almost every point is not 100 %": (
        [(question("b", 0, 199, 200), chose(1))],
        [("0", "0", 0, 0), ("199", "200", 99, 0)],
    ),
    "a question without an answer": (
        [(question("a", 0, 3), None), (question("a", 0, 1), chose(1))],
        [("1", "4", 25, 1), ("0", "0", 0, 0)],
    ),
    "tenths add up exactly": (
        [(question("a", 0, 0.1), chose(1)) for _ in range(3)],
        [("0.3", "0.3", 100, 0), ("0", "0", 0, 0)],
    ),
    "the best choice stands anywhere": ([(question("a", 3, 0), chose(1))], [("0", "3", 0, 0), ("0", "0", 0, 0)]),
    "a choice without points": ([(question("a", None, 2), chose(0))], [("0", "2", 0, 0), ("0", "0", 0, 0)]),
    "several ticked": (
        [(question("a", 1, 2, 4, kind="multiple_choice"), ["0", "2"])],
        [("5", "7", 71, 0), ("0", "0", 0, 0)],
    ),
    "no axis, or one that is not there": (
        [(question(None, 0, 3), chose(1)), (question("z", 0, 3), chose(1))],
        [("0", "0", 0, 0), ("0", "0", 0, 0)],
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_scores_written_out(name: str) -> None:
    asked, expected = TABLE[name]
    axes = scores.compute(AXES, asked).axes
    found = [(axis.label, axis.points, axis.possible, axis.percent, axis.missing) for axis in axes]
    assert found == [
        (axis["label"], Decimal(points), Decimal(possible), percent, missing)
        for axis, (points, possible, percent, missing) in zip(AXES, expected, strict=True)
    ]


amounts = st.one_of(st.integers(0, 1000), st.decimals(0, 100, places=2).map(float))


@st.composite
def asked(draw: st.DrawFn) -> list[tuple[Question, Any]]:
    """Questions of any axis with any points, each with one of its answers or none."""
    result = []
    for points in draw(st.lists(st.lists(amounts, min_size=1, max_size=4), max_size=8)):
        numbers = st.integers(0, len(points) - 1)
        axis = draw(st.sampled_from(["a", "b", "z", None]))
        if draw(st.booleans()):
            several = st.lists(numbers.map(str), min_size=1, unique=True)
            result.append((question(axis, *points, kind="multiple_choice"), draw(st.none() | several)))
        else:
            result.append((question(axis, *points), draw(st.none() | numbers.map(chose))))
    return result


@given(asked())
def test_a_score_is_within_its_bounds_and_the_whole_is_the_sum_of_its_axes(entries: list[tuple[Question, Any]]) -> None:
    result = scores.compute(AXES, entries)
    for score in (*result.axes, result.total):
        assert 0 <= score.points <= score.possible
        assert 0 <= score.percent <= 100
        assert (score.percent == 100) == (score.points == score.possible > 0)
    counted = [(each, value) for each, value in entries if each.options.get("axis") in ("a", "b")]
    assert result.total.points == sum((scores.obtained(*each) for each in counted), Decimal())
    assert result.total.possible == sum((scores.possible(each) for each, _ in counted), Decimal())
    assert result.total.missing == sum(value is None for _, value in counted)
    # One more answer never takes points away.
    blank = scores.compute(AXES, [(each, None) for each, _ in entries])
    assert blank.total.points == 0
    assert blank.total.possible == result.total.possible


def assessment() -> DossierStage:
    """Two axes; the second question of « Traçabilité » is asked to those who keep logs only."""
    choices = [{"value": str(points), "label": f"Niveau {points}", "points": points} for points in range(4)]

    def asking(code: str, axis: str, **fields: Any) -> dict[str, Any]:
        options = {"axis": axis, "choices": choices}
        return {
            "code": code,
            "kind": "single_choice",
            "label": code,
            "short_label": code,
            "options": options,
            **fields,
        }

    guichet = factories.guichet(
        questions=[
            asking("owner", "a"),
            asking("training", "a", mandatory=False),
            asking("logs", "b"),
            asking("checks", "b", shown_when={"question": "logs", "in": ["1", "2", "3"]}),
        ],
        axes=AXES,
    )
    return factories.draft(stage=guichet.stages.get())


@pytest.mark.django_db
def test_the_score_is_drawn_and_written_wherever_the_answers_are_read() -> None:
    stage = assessment()
    factories.save(stage, owner={"value": "2"}, logs={"value": "3"}, checks={"value": "1"})
    recap = pages.owner(stage).get(pages.url("recap", stage))
    said = "Score d'ensemble : 50 % , soit 6 points sur 12. 1 question sans réponse ne compte aucun point."
    assert said in pages.text(recap)
    chart = re.search(r"<svg.*</svg>", recap.content.decode(), re.DOTALL)
    assert chart is not None
    assert 'role="img"' in chart[0]
    assert "style" not in chart[0]
    drawn = " ".join(html.unescape(chart[0]).split())
    assert "Gouvernance : 33 %. Traçabilité : 66 %. </desc>" in drawn
    assert re.findall(r'care-score__bar[^>]* width="([^"]*)"', chart[0]) == ["33%", "66%"]
    assert "Voir les données" in pages.text(recap)
    assert "Traçabilité 4 6 66 % Ensemble 6 12 50 %" in pages.text(recap)

    stage = factories.transmit(stage)

    for response in (
        pages.owner(stage).get(pages.url("form", stage)),
        factories.signed_in(UserFactory(verifier=True)).get(pages.url("instruction-dossier", stage)),
    ):
        assert said in pages.text(response)
        assert response.content.count(b'<svg class="care-score__chart"') == 1
    receipt = pdf.receipt(stage.transmissions.get())
    assert "Traçabilité 4 6 66 % Ensemble 6 12 50 %" in text_of(receipt).replace("\u00a0", " ")
    figures = [each for each in structure(receipt) if each["/S"] == "/Figure"]
    assert [each["/Alt"] for each in figures] == ["Score par axe, en pourcentage des points possibles"]


@pytest.mark.django_db
def test_a_question_that_is_not_asked_gives_nothing_and_takes_nothing() -> None:
    stage = assessment()
    factories.save(stage, owner={"value": "3"}, training={"value": "3"}, logs={"value": "3"}, checks={"value": "3"})
    factories.save(stage, logs={"value": "0"})
    stage = factories.transmit(stage)
    assert "Score d'ensemble : 66 % , soit 6 points sur 9." in pages.text(
        pages.owner(stage).get(pages.url("form", stage))
    )


@pytest.mark.django_db
def test_a_form_without_axes_has_no_score() -> None:
    stage = factories.draft(stage=factories.guichet().stages.get())
    factories.save(stage, word={"value": "Oui"})
    page = pages.owner(stage).get(pages.url("recap", stage))
    assert b"care-score" not in page.content
    assert "Estimation de la subvention" not in pages.text(page), "nor has a form without parcours a subsidy"


@pytest.mark.django_db(transaction=True)
def test_the_chart_has_no_barrier_and_fits_narrow_screens(open_as: Open, axe: Check) -> None:
    stage = assessment()
    factories.save(stage, owner={"value": "2"}, logs={"value": "3"}, checks={"value": "1"})
    page = open_as(stage.dossier.referent, pages.url("recap", stage))
    page.get_by_text("Voir les données").click()
    chart = page.get_by_role("img", name="Score par axe")
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 900})
        axe(page)
        box, figures = chart.bounding_box(), page.get_by_role("table", name="Score par axe").bounding_box()
        assert box is not None
        assert figures is not None
        assert box["x"] + box["width"] <= width
        assert figures["y"] >= box["y"] + box["height"]
        assert fits(page)
    track, bar = (page.locator(f".care-score__{name}").first.bounding_box() for name in ("track", "bar"))
    assert track is not None
    assert bar is not None
    assert abs(bar["width"] / track["width"] - 0.33) < 0.01
