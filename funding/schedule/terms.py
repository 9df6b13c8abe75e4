"""What a barème says, as far as calculations are concerned (F1, Q&A 3.5). Pure: no database, no clock.

Amounts are euros, exact decimals; rates and shares are percents.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


class UnknownTrack(LookupError):
    """The barème has no unit amount for this parcours."""


@dataclass(frozen=True, slots=True)
class Bracket:
    """The sites from the `first`-th to the `last`-th, both included; `last` is None when there is no end."""

    first: int
    last: int | None
    rate: Decimal

    @property
    def label(self) -> str:
        return bracket_label(self.first, self.last)


@dataclass(frozen=True, slots=True)
class Track:
    code: str
    label: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Objective:
    """What an objective of a parcours is worth: `share` percents of the subsidy, once reached (F5, Q&A 3.5)."""

    track: str
    code: str
    label: str
    mandatory: bool
    share: Decimal


@dataclass(frozen=True, slots=True)
class Terms:
    """One version of a barème, as far as the calculation is concerned."""

    schedule_id: int
    guichet_code: str
    version: int
    valid_from: date
    tracks: tuple[Track, ...]
    brackets: tuple[Bracket, ...]

    def track(self, code: str) -> Track:
        """Raises UnknownTrack."""
        for track in self.tracks:
            if track.code == code:
                return track
        raise UnknownTrack(code)

    @property
    def funded_sites(self) -> int | None:
        """The rank of the last site that brings something; None when every site does."""
        funded = [bracket.last for bracket in self.brackets if bracket.rate]
        return None if None in funded else max((last for last in funded if last is not None), default=0)


def bracket_label(first: int, last: int | None) -> str:
    """« 1re à 4e EG », « 5e EG », « À partir de la 13e EG », with a non-breaking space before « EG »."""
    if last is None:
        return f"À partir de la {ordinal(first)} EG"
    if last == first:
        return f"{ordinal(first)} EG"
    return f"{ordinal(first)} à {ordinal(last)} EG"


def ordinal(number: int) -> str:
    return "1re" if number == 1 else f"{number}e"
