"""The amount of a subsidy, from a barème, a parcours and a number of sites (F1, Q&A 3.5). Pure: no database, no clock.

Amounts are euros, exact decimals; rates are percents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

CENT = Decimal("0.01")
HUNDRED = Decimal(100)


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


@dataclass(frozen=True, slots=True)
class Line:
    """What one bracket brings: `amount` = `count` × `unit` × `rate` %."""

    first: int
    last: int | None
    count: int
    rate: Decimal
    unit: Decimal
    amount: Decimal

    @property
    def bracket(self) -> str:
        return bracket_label(self.first, self.last)


@dataclass(frozen=True, slots=True)
class Estimate:
    """An amount with its breakdown; kept as JSON by each transmission, with the barème it came from (F2)."""

    schedule_id: int
    guichet_code: str
    version: int
    track: str
    track_label: str
    sites: int
    lines: tuple[Line, ...]
    total: Decimal

    @property
    def capped(self) -> bool:
        """Whether some sites bring nothing."""
        return any(not line.rate for line in self.lines)

    def as_json(self) -> dict[str, Any]:
        """A value for a JSON column. Decimals are strings, so that nothing is lost on the way."""
        return {
            "schedule": self.schedule_id,
            "guichet": self.guichet_code,
            "version": self.version,
            "track": self.track,
            "track_label": self.track_label,
            "sites": self.sites,
            "lines": [
                {
                    "first": line.first,
                    "last": line.last,
                    "count": line.count,
                    "rate": str(line.rate),
                    "unit": str(line.unit),
                    "amount": str(line.amount),
                }
                for line in self.lines
            ],
            "total": str(self.total),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Estimate:
        """The estimate that `as_json` wrote. Raises ValueError for anything else."""
        try:
            return cls(
                schedule_id=int(value["schedule"]),
                guichet_code=str(value["guichet"]),
                version=int(value["version"]),
                track=str(value["track"]),
                track_label=str(value["track_label"]),
                sites=int(value["sites"]),
                lines=tuple(
                    Line(
                        first=int(line["first"]),
                        last=None if line["last"] is None else int(line["last"]),
                        count=int(line["count"]),
                        rate=Decimal(line["rate"]),
                        unit=Decimal(line["unit"]),
                        amount=Decimal(line["amount"]),
                    )
                    for line in value["lines"]
                ),
                total=Decimal(value["total"]),
            )
        except (KeyError, TypeError, InvalidOperation) as error:
            raise ValueError("not an estimate") from error


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


def flaws(brackets: Sequence[Bracket]) -> list[str]:
    """Why these brackets, in any order, do not give every site exactly one rate; in French. Empty when they do."""
    if not brackets:
        return ["Ajoutez au moins une tranche."]
    found = []
    expected: int | None = 1
    for bracket in sorted(brackets, key=lambda one: one.first):
        if expected is None:
            found.append(f"La tranche qui commence à {bracket.first} vient après une tranche sans fin.")
            break
        if bracket.first > expected:
            found.append(f"Aucune tranche ne couvre l'EG n° {expected} : la suivante commence à {bracket.first}.")
        elif bracket.first < expected:
            found.append(f"La tranche qui commence à {bracket.first} chevauche la précédente.")
        expected = None if bracket.last is None else bracket.last + 1
    else:
        if expected is not None:
            found.append(f"La dernière tranche doit être sans fin : rien n'est prévu à partir de l'EG n° {expected}.")
    return found


def bracket_label(first: int, last: int | None) -> str:
    """« 1re à 4e EG », « 5e EG », « À partir de la 13e EG », with a non-breaking space before « EG »."""
    if last is None:
        return f"À partir de la {ordinal(first)} EG"
    if last == first:
        return f"{ordinal(first)} EG"
    return f"{ordinal(first)} à {ordinal(last)} EG"


def ordinal(number: int) -> str:
    return "1re" if number == 1 else f"{number}e"
