"""The geometry of the charts of the money: lengths and places, drawn by templates. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from funding.models import Consumption
from funding.queries import envelopes
from funding.schedule import calculation
from funding.schedule.terms import Terms

#: How many EG the chart of a parcours goes to: past the last one that the barème pays, to show that it stops.
MOST_SITES = 15
#: The height of the highest column, in pixels.
HIGHEST = 160
#: The part of its place that a column fills.
FILLED = 0.72


@dataclass(frozen=True)
class Column:
    """The subsidy of a number of sites: places in percent of the width, heights in pixels, amounts in euros."""

    sites: int
    total: Decimal
    #: What this site brings beside those before it.
    added: Decimal
    x: float
    width: float
    height: int

    @property
    def top(self) -> int:
        return HIGHEST - self.height

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 3)


@dataclass(frozen=True)
class Part:
    """A part of a budget, in a bar as wide as the budget, or as what is used of it if that is more."""

    #: Names its colour.
    code: str
    label: str
    amount: Decimal
    x: float
    width: float


def parts(consumption: Consumption) -> list[Part]:
    """What a budget has become, from what is paid to what is left."""
    amounts = [
        ("paid", "Versé", consumption.paid),
        ("to-pay", "Accordé, à verser", consumption.to_pay),
        ("to-grant", "Validé, à accorder", consumption.to_grant),
        ("asked", "En instruction", consumption.in_instruction),
        ("left", "Disponible", consumption.left),
    ]
    whole = max(consumption.budget, consumption.used)
    drawn, before = [], Decimal(0)
    for code, label, amount in amounts:
        drawn.append(Part(code, label, amount, place(before, whole), place(amount, whole)))
        before += amount
    return drawn


@dataclass(frozen=True)
class Threshold:
    """A part of a budget from which the leads are told: in percents of it, in euros, and where it stands in the bar."""

    level: int
    amount: Decimal
    x: float


def thresholds(consumption: Consumption) -> list[Threshold]:
    """Where the leads are told, on the bar of `parts`."""
    whole = max(consumption.budget, consumption.used)
    amounts = [(level, consumption.budget * level / 100) for level in envelopes.LEVELS]
    return [Threshold(level, amount, place(amount, whole)) for level, amount in amounts]


def place(amount: Decimal, whole: Decimal) -> float:
    """In percent."""
    return round(float(100 * amount / whole), 3)


def growth(terms: Terms, *, track: str) -> list[Column]:
    """How the subsidy of a parcours grows from 1 to 15 EG (P2, F1). Raises UnknownTrack."""
    totals = calculation.growth(terms, track=track, most=MOST_SITES)
    most, step = max(totals) or 1, 100 / MOST_SITES
    return [
        Column(
            sites=sites,
            total=total,
            added=total - before,
            x=round((sites - 1 + (1 - FILLED) / 2) * step, 3),
            width=round(step * FILLED, 3),
            height=-int(-HIGHEST * total // most),
        )
        for sites, (total, before) in enumerate(zip(totals, [Decimal(0), *totals], strict=False), start=1)
    ]
