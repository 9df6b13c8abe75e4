"""The geometry of the charts of the statistics: lengths and places, drawn by templates (I9). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dossiers.queries.statistics import Period, Share

#: The régions as tiles, about where they are: INSEE code → column, row, abbreviation. Overseas on the left.
TILES: dict[str, tuple[int, int, str]] = {
    "01": (0, 0, "GUA"),
    "02": (0, 1, "MTQ"),
    "03": (0, 2, "GUF"),
    "04": (0, 3, "REU"),
    "06": (0, 4, "MAY"),
    "32": (3, 0, "HDF"),
    "28": (2, 1, "NOR"),
    "11": (3, 1, "IDF"),
    "44": (4, 1, "GES"),
    "53": (1, 2, "BRE"),
    "52": (2, 2, "PDL"),
    "24": (3, 2, "CVL"),
    "27": (4, 2, "BFC"),
    "75": (2, 3, "NAQ"),
    "84": (3, 3, "ARA"),
    "76": (2, 4, "OCC"),
    "93": (3, 4, "PAC"),
    "94": (4, 5, "COR"),
}
TILE_WIDTH, TILE_HEIGHT, GAP = 104, 68, 6
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
class Tile:
    code: str
    name: str
    short: str
    count: int
    level: int
    x: int
    y: int


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


def tiles(shares: Iterable[Share], names: dict[str, str]) -> list[Tile]:
    """Every région of the map, those without a dossier too; a level from 0 (none) to 5 (the most)."""
    counts = {share.code: share.count for share in shares}
    most = max((counts.get(code, 0) for code in TILES), default=0) or 1
    return [
        Tile(
            code,
            names.get(code, short),
            short,
            count := counts.get(code, 0),
            -(-LEVELS * count // most),
            column * (TILE_WIDTH + GAP),
            row * (TILE_HEIGHT + GAP),
        )
        for code, (column, row, short) in TILES.items()
    ]


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
