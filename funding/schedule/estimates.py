"""An estimate and its breakdown: shown wherever an amount is, kept with each transmission (F2). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from funding.schedule.terms import bracket_label


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
