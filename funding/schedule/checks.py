"""What stands in the way of a barème, in French: said while it is edited, and again when it is published (F1). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import groupby

from ecare import french
from funding.schedule import calculation
from funding.schedule.terms import Bracket, Objective, Terms, Track

HUNDRED = Decimal(100)


def of_brackets(brackets: Sequence[Bracket]) -> list[str]:
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


def of_totals(terms: Terms) -> list[str]:
    """The first EG of a bracket that would make the subsidy lower, one sentence for each parcours: inside a bracket,
    every EG weighs the same."""
    found = []
    for track in terms.tracks:
        for bracket in terms.brackets:
            before, after = (
                calculation.estimate(terms, track=track.code, sites=sites).total
                for sites in (bracket.first - 1, bracket.first)
            )
            if after < before:
                found.append(
                    f"{track.label}\u00a0: avec {bracket.first} EG, la subvention ({french.euros(after)}) serait plus "
                    f"basse qu'avec {bracket.first - 1} ({french.euros(before)}). Corrigez le taux de cette tranche."
                )
                break
    return found


def of_objectives(objectives: Iterable[Objective]) -> list[str]:
    """The parcours whose shares do not make up the whole subsidy. A parcours may have no objective at all: its subsidy
    is then paid as a whole."""
    found = []
    for track, theirs in groupby(sorted(objectives, key=lambda one: one.track), key=lambda one: one.track):
        total = sum((one.share for one in theirs), Decimal(0))
        if total != HUNDRED:
            found.append(
                f"Parcours «\u00a0{track}\u00a0»\u00a0: les parts des objectifs totalisent "
                f"{french.number(total.normalize())}\u00a0%. Elles doivent totaliser 100\u00a0%."
            )
    return found


def of_tracks(objectives: Iterable[Objective], tracks: Iterable[Track]) -> list[str]:
    """The parcours that have objectives and no unit amount."""
    unknown = {one.track for one in objectives} - {track.code for track in tracks}
    return [
        f"Des objectifs portent sur le parcours «\u00a0{code}\u00a0», qui n'a pas de montant unitaire."
        for code in sorted(unknown)
    ]
