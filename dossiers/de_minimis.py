"""The ceiling of the aids de minimis: 300 000 € an undertaking over three rolling years, this subsidy included (F3,
Q&A 3.4: « un plafond de 300 000 € par entreprise sur une période de trois années glissantes »). Pure.

The one reading of it: the form, the recap, the back-office, the points of vigilance and the grant all ask this module.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ecare import french

#: In euros; reaching it is allowed, going over it is not.
CEILING = Decimal(300_000)
YEARS = 3
#: The kind of the questions where aids are declared.
KIND = "aids"


@dataclass(frozen=True)
class Aid:
    """An aid as it was declared. `left_out` says why it does not count, in French; blank when it does."""

    amount: Decimal
    body: str
    basis: str
    on: dt.date | None
    left_out: str


@dataclass(frozen=True)
class Position:
    """Where an undertaking stands on a day, with a subsidy of that day. Amounts in euros."""

    on: dt.date
    #: The first day whose aids count.
    since: dt.date
    aids: tuple[Aid, ...]
    subsidy: Decimal
    ceiling: Decimal = CEILING

    @property
    def counted(self) -> list[Aid]:
        return [aid for aid in self.aids if not aid.left_out]

    @property
    def left_out(self) -> list[Aid]:
        return [aid for aid in self.aids if aid.left_out]

    @property
    def received(self) -> Decimal:
        return sum((aid.amount for aid in self.counted), Decimal(0))

    @property
    def total(self) -> Decimal:
        return self.received + self.subsidy

    @property
    def margin(self) -> Decimal:
        """What may still be received after the subsidy; zero over the ceiling."""
        return max(self.ceiling - self.total, Decimal(0))

    @property
    def excess(self) -> Decimal:
        return max(self.total - self.ceiling, Decimal(0))

    @property
    def most(self) -> Decimal:
        """The highest subsidy that stays under the ceiling."""
        return max(self.ceiling - self.received, Decimal(0))


def position(rows: Iterable[Mapping[str, Any]], *, subsidy: Decimal, on: dt.date) -> Position:
    """Where the aids declared in `rows` (see `kinds.aids`) and a `subsidy` lead on a day."""
    since = first_day(on)
    aids = tuple(aid(row, since=since, on=on) for row in rows if row.get("amount"))
    return Position(on=on, since=since, aids=aids, subsidy=subsidy)


def aid(row: Mapping[str, Any], *, since: dt.date, on: dt.date) -> Aid:
    """One aid; without a date, it counts."""
    given = dt.date.fromisoformat(row["date"]) if row.get("date") else None
    left_out = ""
    if is_esms_numerique(row):
        left_out = "le programme ESMS numérique ne relève pas du régime de minimis"
    elif given is not None and given < since:
        left_out = f"octroyée avant le {french.day(since)}"
    elif given is not None and given > on:
        left_out = f"datée d'après le {french.day(on)}"
    return Aid(Decimal(row["amount"]), str(row.get("body") or ""), str(row.get("basis") or ""), given, left_out)


def first_day(on: dt.date) -> dt.date:
    """The first of the three years that end on a day, both included: those that end on 15 March 2026 begin on 16 March
    2023, those that end on a 29 February begin on a 1 March."""
    try:
        before = on.replace(year=on.year - YEARS)
    except ValueError:  # 29 February
        before = on.replace(year=on.year - YEARS, day=28)
    return before + dt.timedelta(days=1)


def is_esms_numerique(row: Mapping[str, Any]) -> bool:
    """Q&A 3.4: the aids of that programme do not count, whatever the candidate calls it."""
    words = plain(f"{row.get('body') or ''} {row.get('basis') or ''}")
    return "esms numerique" in words or "essms numerique" in words


def plain(text: str) -> str:
    bare = "".join(each for each in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(each))
    return " ".join("".join(each if each.isalnum() else " " for each in bare).split())


def rows_of(value: Any) -> list[dict[str, Any]]:
    """The aids of an answer."""
    return list((value or {}).get("aids", []))
