"""The geometry of the charts of the statistics: lengths and places, drawn by templates (I9). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dossiers.queries.statistics import Period, Share

#: Where the count of each région is written, on its shape (static/img/regions.svg): INSEE code → x, y.
MAINLAND = {
    "32": (525, 98),
    "28": (307, 228),
    "11": (510, 250),
    "44": (723, 250),
    "53": (135, 300),
    "52": (262, 390),
    "24": (436, 395),
    "27": (682, 412),
    "75": (385, 600),
    "84": (668, 590),
    "76": (445, 795),
    "93": (763, 765),
    "94": (971, 907),
}
#: The others, one under another in the ocean: INSEE code → abbreviation.
OVERSEAS = {"01": "GUA", "02": "MTQ", "03": "GUF", "04": "REU", "06": "MAY"}
#: Where the first of them is, and from one to the next.
FIRST, STEP = 440, 112
LEVELS = 5
#: The height of the bars of a period, in pixels.
HIGHEST = 120


@dataclass(frozen=True)
class Bar:
    """A bar as wide as its part of the longest, in percent."""

    label: str
    count: int
    percent: float


@dataclass(frozen=True)
class Region:
    """A shape of the map, from 0 (no dossier) to 5 (the most); where its count is, or its shape when it is apart."""

    code: str
    name: str
    count: int
    level: int
    x: int
    y: int
    #: The abbreviation of those that are drawn apart.
    short: str = ""


@dataclass(frozen=True)
class Column:
    """The two bars of a period, side by side: places in percent of the width, heights in pixels."""

    period: Period
    x: float
    width: float
    transmitted: int
    decided: int

    @property
    def beside(self) -> float:
        return round(self.x + self.width, 3)

    @property
    def top_of_transmitted(self) -> int:
        return HIGHEST - self.transmitted

    @property
    def top_of_decided(self) -> int:
        return HIGHEST - self.decided


def bars(counts: Iterable[tuple[str, int]]) -> list[Bar]:
    counts = list(counts)
    longest = max((count for _, count in counts), default=0) or 1
    return [Bar(label, count, round(100 * count / longest, 1)) for label, count in counts]


def regions(shares: Iterable[Share], names: dict[str, str]) -> list[Region]:
    """Every région of the map, those without a dossier too."""
    counts = {share.code: share.count for share in shares}
    most = max((counts.get(code, 0) for code in [*MAINLAND, *OVERSEAS]), default=0) or 1

    def region(code: str, x: int, y: int, short: str = "") -> Region:
        count = counts.get(code, 0)
        return Region(code, names.get(code, code), count, -(-LEVELS * count // most), x, y, short)

    apart = [region(code, 0, FIRST + place * STEP, short) for place, (code, short) in enumerate(OVERSEAS.items())]
    return [region(code, x, y) for code, (x, y) in MAINLAND.items()] + apart


def columns(periods: Sequence[Period]) -> list[Column]:
    most = max((max(each.transmitted, each.decided) for each in periods), default=0) or 1
    step = 100 / (len(periods) or 1)
    return [
        Column(
            each,
            round(number * step, 3),
            round(step * 0.4, 3),
            -(-HIGHEST * each.transmitted // most),
            -(-HIGHEST * each.decided // most),
        )
        for number, each in enumerate(periods)
    ]
