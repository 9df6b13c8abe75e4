from __future__ import annotations

import itertools
import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funding.schedule import calculation, checks
from funding.schedule.estimates import Estimate
from funding.schedule.terms import Bracket, Objective, Terms, Track, UnknownTrack

POC = Terms(
    schedule_id=1,
    guichet_code="poc-essms",
    version=1,
    valid_from=date(2026, 3, 31),
    tracks=(
        Track("1", "Parcours 1", Decimal("9400")),
        Track("2", "Parcours 2", Decimal("17000")),
        Track("3", "Parcours 3", Decimal("17000")),
    ),
    brackets=(
        Bracket(1, 4, Decimal(100)),
        Bracket(5, 8, Decimal(50)),
        Bracket(9, 12, Decimal(20)),
        Bracket(13, None, Decimal(0)),
    ),
)

# Written out from Q&A 3.5, without the code: 0 to 40 sites, nothing more being added after the twelfth.
# fmt: off
PARCOURS_1 = [
    0, 9400, 18800, 28200, 37600, 42300, 47000, 51700, 56400, 58280,
    60160, 62040, 63920, 63920, 63920, 63920, 63920, 63920, 63920, 63920,
    63920, 63920, 63920, 63920, 63920, 63920, 63920, 63920, 63920, 63920,
    63920, 63920, 63920, 63920, 63920, 63920, 63920, 63920, 63920, 63920, 63920,
]
PARCOURS_2_AND_3 = [
    0, 17000, 34000, 51000, 68000, 76500, 85000, 93500, 102000, 105400,
    108800, 112200, 115600, 115600, 115600, 115600, 115600, 115600, 115600, 115600,
    115600, 115600, 115600, 115600, 115600, 115600, 115600, 115600, 115600, 115600,
    115600, 115600, 115600, 115600, 115600, 115600, 115600, 115600, 115600, 115600, 115600,
]
# fmt: on


@pytest.mark.parametrize(
    ("track", "sites", "amount"), [("1", 2, "18800.00"), ("2", 8, "102000.00"), ("3", 25, "115600.00")]
)
def test_the_three_examples_of_the_questions_and_answers(track: str, sites: int, amount: str) -> None:
    assert calculation.estimate(POC, track=track, sites=sites).total == Decimal(amount)


@pytest.mark.parametrize(("track", "amounts"), [("1", PARCOURS_1), ("2", PARCOURS_2_AND_3), ("3", PARCOURS_2_AND_3)])
def test_every_number_of_sites_up_to_forty(track: str, amounts: list[int]) -> None:
    assert [calculation.estimate(POC, track=track, sites=sites).total for sites in range(41)] == amounts
    assert calculation.growth(POC, track=track, most=40) == amounts[1:]


def test_the_breakdown_has_one_line_for_each_bracket_reached() -> None:
    lines = calculation.estimate(POC, track="3", sites=25).lines
    assert [(line.bracket, line.count, line.rate, line.unit, line.amount) for line in lines] == [
        ("1re à 4e\u00a0EG", 4, 100, 17000, 68000),
        ("5e à 8e\u00a0EG", 4, 50, 17000, 34000),
        ("9e à 12e\u00a0EG", 4, 20, 17000, 13600),
        ("À partir de la 13e\u00a0EG", 13, 0, 17000, 0),
    ]


def test_no_site_gives_no_line() -> None:
    estimate = calculation.estimate(POC, track="1", sites=0)
    assert (estimate.lines, estimate.total) == ((), Decimal("0.00"))


def test_an_unknown_parcours_and_a_negative_number_are_refused() -> None:
    with pytest.raises(UnknownTrack):
        calculation.estimate(POC, track="4", sites=1)
    with pytest.raises(ValueError, match="negative"):
        calculation.estimate(POC, track="1", sites=-1)


def test_cents_are_exact_and_each_line_is_rounded_as_shown() -> None:
    thirds = Terms(
        schedule_id=1,
        guichet_code="x",
        version=1,
        valid_from=date(2026, 1, 1),
        tracks=(Track("1", "Parcours 1", Decimal("100.10")),),
        brackets=(Bracket(1, 2, Decimal("33.33")), Bracket(3, None, Decimal("0.05"))),
    )
    estimate = calculation.estimate(thirds, track="1", sites=3)
    # 100,10 × 2 × 33,33 % = 66,72666 and 100,10 × 0,05 % = 0,05005
    assert [line.amount for line in estimate.lines] == [Decimal("66.73"), Decimal("0.05")]
    assert estimate.total == Decimal("66.78")


def test_the_last_funded_site_is_the_twelfth() -> None:
    assert POC.funded_sites == 12


amounts = st.decimals(min_value=0, max_value=1_000_000, places=2)
rates = st.decimals(min_value=0, max_value=100, places=2)
numbers = st.integers(min_value=0, max_value=2_000)


@st.composite
def any_terms(draw: st.DrawFn) -> Terms:
    widths = draw(st.lists(st.integers(min_value=1, max_value=50), max_size=5))
    brackets, first = [], 1
    for width in widths:
        brackets.append(Bracket(first, first + width - 1, draw(rates)))
        first += width
    brackets.append(Bracket(first, None, draw(rates)))
    track = Track("1", "Parcours 1", draw(amounts))
    return Terms(7, "guichet", 3, date(2026, 1, 1), (track,), tuple(brackets))


@given(any_terms(), numbers)
def test_one_more_site_never_brings_less(terms: Terms, sites: int) -> None:
    fewer = calculation.estimate(terms, track="1", sites=sites)
    more = calculation.estimate(terms, track="1", sites=sites + 1)
    assert more.total >= fewer.total >= 0
    assert checks.of_totals(terms) == []


@given(any_terms(), numbers)
def test_the_lines_add_up_to_the_total_and_count_every_site_once(terms: Terms, sites: int) -> None:
    estimate = calculation.estimate(terms, track="1", sites=sites)
    assert sum(line.amount for line in estimate.lines) == estimate.total
    assert sum(line.count for line in estimate.lines) == sites
    assert estimate.total <= terms.tracks[0].amount * sites + Decimal("0.01") * len(estimate.lines)


@given(numbers)
def test_beyond_the_twelfth_site_nothing_is_added(sites: int) -> None:
    assert calculation.estimate(POC, track="2", sites=sites).total <= Decimal(115_600)
    assert calculation.estimate(POC, track="2", sites=sites + 12).total == Decimal(115_600)


@given(any_terms(), numbers)
def test_an_estimate_comes_back_from_json_exactly_as_it_was(terms: Terms, sites: int) -> None:
    estimate = calculation.estimate(terms, track="1", sites=sites)
    back = Estimate.from_json(json.loads(json.dumps(estimate.as_json())))
    assert back == estimate
    assert str(back.total) == str(estimate.total)


@pytest.mark.parametrize("value", [{}, {"schedule": 1}, [], None, {"schedule": "x"}, {"lines": 3}])
def test_what_is_not_an_estimate_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        Estimate.from_json(value)  # type: ignore[arg-type]


@given(any_terms())
def test_contiguous_brackets_have_no_flaw_in_whatever_order(terms: Terms) -> None:
    assert checks.of_brackets(list(reversed(terms.brackets))) == []


@pytest.mark.parametrize(
    ("spans", "words"),
    [
        ([], "au moins une tranche"),
        ([(2, None)], "l'EG n°\u00a01"),
        ([(1, 4), (6, None)], "l'EG n°\u00a05"),
        ([(1, 4), (4, None)], "chevauche"),
        ([(1, 4)], "sans fin"),
        ([(1, None), (5, 8)], "après une tranche sans fin"),
    ],
)
def test_brackets_that_leave_a_site_without_one_rate_are_told(spans: list[tuple[int, int | None]], words: str) -> None:
    (flaw,) = checks.of_brackets([Bracket(first, last, Decimal(50)) for first, last in spans])
    assert words in flaw


def test_a_bracket_that_would_lower_the_subsidy_is_told_with_both_amounts() -> None:
    falling = (Bracket(1, 4, Decimal(100)), Bracket(5, None, Decimal(-10)))
    terms = Terms(1, "poc-essms", 2, date(2026, 1, 1), POC.tracks[:1], falling)
    (flaw,) = checks.of_totals(terms)
    assert "avec 5 EG, la subvention (36\u202f660\u00a0€) serait plus basse qu'avec 4 (37\u202f600\u00a0€)" in flaw


def test_the_shares_of_a_parcours_make_up_the_whole_subsidy() -> None:
    def shares(*values: str) -> list[Objective]:
        return [Objective("1", f"o{place}", "Objectif", True, Decimal(value)) for place, value in enumerate(values)]

    assert checks.of_objectives(shares("33.33", "33.33", "33.34")) == checks.of_objectives([]) == []
    (flaw,) = checks.of_objectives(shares("60", "30.5"))
    assert "totalisent 90,5\u00a0%" in flaw
    (flaw,) = checks.of_tracks(shares("100"), [Track("2", "Parcours 2", Decimal(1))])
    assert "pas de montant unitaire" in flaw


@given(
    amount=st.decimals(min_value=0, max_value=999_999_999, places=2),
    cuts=st.sets(st.integers(min_value=1, max_value=9_999), max_size=20),
)
def test_the_parts_of_an_amount_make_it_up_to_the_cent_and_none_is_negative(amount: Decimal, cuts: set[int]) -> None:
    bounds = [0, *sorted(cuts), 10_000]
    shares = [Decimal(after - before) / 100 for before, after in itertools.pairwise(bounds)]
    parts = calculation.parts(amount, shares)
    assert sum(parts) == amount
    assert all(part >= 0 for part in parts)
    assert len(parts) == len(shares)


def test_the_parts_of_the_shipped_shares_are_round_and_thirds_lose_nothing() -> None:
    shares = [Decimal(share) for share in (20, 40, 25, 5, 5, 5)]
    assert calculation.parts(Decimal(18800), shares) == [3760, 7520, 4700, 940, 940, 940]
    thirds = [Decimal("33.33"), Decimal("33.33"), Decimal("33.34")]
    assert calculation.parts(Decimal("0.01"), thirds) == [0, Decimal("0.01"), 0]
    assert calculation.parts(Decimal(100), []) == []
