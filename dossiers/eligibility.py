"""Which EG of a perimeter count for the subsidy, and why the others do not, in words (F2; Q&A 2.1, 2.2, 2.4). Pure.

An EG counts when it is in the perimeter, is an ESSMS of article L.312-1 CASF, and has a DUI or DPI référencé Ségur.
Being counted is not being paid: the barème says until which one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: How many EG are named: the perimeter itself lists them all.
NAMED = 20

NOT_ESSMS = "n'est pas un ESSMS au sens de l'article L.312-1 du CASF"
NOT_EQUIPPED = "n'est pas déclarée équipée d'un DUI ou DPI référencé Ségur"
#: The same of several.
PLURALS = {
    NOT_ESSMS: "ne sont pas des ESSMS au sens de l'article L.312-1 du CASF",
    NOT_EQUIPPED: "ne sont pas déclarées équipées d'un DUI ou DPI référencé Ségur",
}


def reason(site: Mapping[str, Any]) -> str:
    """Why an EG does not count, after « elle »; blank when it counts. The one place that decides."""
    reasons = [text for text, holds in ((NOT_ESSMS, site["essms"]), (NOT_EQUIPPED, site["equipped"])) if not holds]
    return " et ".join(reasons)


@dataclass(frozen=True)
class Named:
    """Some EG, the first of them named."""

    reason: str
    sites: list[Mapping[str, Any]]

    @property
    def why(self) -> str:
        """Why none of them counts: « elle n'est pas… », or « elles ne sont pas… » of several."""
        if len(self.sites) == 1:
            return f"elle {self.reason}"
        several = self.reason
        for one, many in PLURALS.items():
            several = several.replace(one, many)
        return f"elles {several}"

    @property
    def first(self) -> list[Mapping[str, Any]]:
        return self.sites[:NAMED]

    @property
    def more(self) -> int:
        return max(len(self.sites) - NAMED, 0)


@dataclass(frozen=True)
class Eligibility:
    counted: Named
    #: By reason, in the order of the perimeter.
    excluded: list[Named]

    @property
    def candidates(self) -> int:
        return len(self.counted.sites) + sum(len(each.sites) for each in self.excluded)


def of(value: Mapping[str, Any] | None) -> Eligibility:
    """What the answer to a question of perimeter leads to; nobody counts while there is none."""
    by_reason: dict[str, list[Mapping[str, Any]]] = {"": []}
    for site in (value or {}).get("sites", []):
        by_reason.setdefault(reason(site), []).append(site)
    counted, *excluded = (Named(text, sites) for text, sites in by_reason.items())
    return Eligibility(counted, excluded)
