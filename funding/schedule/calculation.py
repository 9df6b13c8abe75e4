"""The amount of a subsidy, from a barème, a parcours and a number of sites (F1, Q&A 3.5). Pure: no database, no clock.

Amounts are euros, exact decimals; rates are percents.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import accumulate, pairwise

from funding.schedule.estimates import Estimate, Line
from funding.schedule.terms import Bracket, Terms

CENT = Decimal("0.01")
HUNDRED = Decimal(100)


def estimate(terms: Terms, *, track: str, sites: int) -> Estimate:
    """The subsidy of `sites` eligible sites on a parcours, with one line for each bracket they reach.

    Each line is rounded to the cent, and the total is the sum of the lines as shown.
    Raises UnknownTrack, and ValueError for a negative number of sites.
    """
    if sites < 0:
        raise ValueError("a number of sites is not negative")
    chosen = terms.track(track)
    lines = tuple(_lines(terms.brackets, unit=chosen.amount, sites=sites))
    return Estimate(
        schedule_id=terms.schedule_id,
        guichet_code=terms.guichet_code,
        version=terms.version,
        track=chosen.code,
        track_label=chosen.label,
        sites=sites,
        lines=lines,
        total=sum((line.amount for line in lines), Decimal("0.00")),
    )


def _lines(brackets: Iterable[Bracket], *, unit: Decimal, sites: int) -> Iterable[Line]:
    for bracket in brackets:
        reached = sites if bracket.last is None else min(sites, bracket.last)
        count = reached - bracket.first + 1
        if count > 0:
            amount = (unit * count * bracket.rate / HUNDRED).quantize(CENT, rounding=ROUND_HALF_UP)
            yield Line(bracket.first, bracket.last, count, bracket.rate, unit, amount)


def growth(terms: Terms, *, track: str, most: int) -> list[Decimal]:
    """The totals of 1, 2 … `most` sites: how the subsidy grows. Raises UnknownTrack."""
    return [estimate(terms, track=track, sites=sites).total for sites in range(1, most + 1)]


def parts(amount: Decimal, shares: Sequence[Decimal]) -> list[Decimal]:
    """The euros of each share (percents) of an amount. What is rounded is the sum so far: shares that total 100 make up
    the amount to the cent (F5, Q&A 3.5)."""
    so_far = [(amount * share / HUNDRED).quantize(CENT, rounding=ROUND_HALF_UP) for share in accumulate(shares)]
    return [after - before for before, after in pairwise([Decimal("0.00"), *so_far])]
