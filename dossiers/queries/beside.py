"""The dossiers beside one in the list it was opened from (I2)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.db.models import F, Func, OuterRef, Subquery, TextField, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan, LessThan
from django.http import QueryDict

from accounts.enums import Role
from accounts.models import User
from dossiers import access, days
from dossiers.models.dossiers import DossierStageQuerySet
from dossiers.queries.instruction import instruction_order, instruction_sort
from dossiers.queries.lines import lines

TEXTS = (
    *("q", "statut", "guichet", "etape", "region", "departement", "type", "reponse", "echeance", "parcours"),
    "vigilance",
)


class Row(Func):
    """Several values compared together, first to last, as an index holds them."""

    function = "ROW"
    output_field = TextField()


def somebody(text: str) -> str:
    return text if text in ("moi", "personne") else str(uuid.UUID(text))


def day(text: str) -> dt.date:
    found = dt.date.fromisoformat(text)
    if not days.FIRST <= found <= days.LAST:
        raise ValueError(text)
    return found


READ: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(TEXTS, str),
    "verificateur": somebody,
    "depuis": day,
    "jusqua": day,
}


def understood(query: QueryDict) -> dict[str, Any]:
    """The filters of an address of the list, without asking the database what the list offers; what means nothing is
    left aside."""
    asked: dict[str, Any] = {}
    for name, read in READ.items():
        text = query.get(name, "").strip()
        if text and "\0" not in text:
            with suppress(ValueError):
                asked[name] = read(text)
    return asked


def with_beside(stages: DossierStageQuerySet, query: QueryDict, user: User) -> DossierStageQuerySet:
    """Annotate `previous` and `next`, the references of the dossiers before and after each in the list that `user`
    reads under the filters and the sort of `query`, from where it stands, whether these filters still keep it or not:
    no query more, and no cost more far down. Blank at an end of the list."""
    order = instruction_order(instruction_sort(query.get("tri", "")))
    fields = [name.removeprefix("-") for name in order]
    here, row = Row(*(OuterRef(f"line__{name}") for name in fields)), Row(*map(F, fields))
    kept = lines(understood(query), user)
    if user.role == Role.REGIONAL:  # a line may be late to say that its dossier left a région
        kept = kept.filter(dossier_stage__in=access.instructed_stages(user))
    above = kept.filter(LessThan(row, here)).order_by(*(f"-{name}" for name in fields))
    below = kept.filter(GreaterThan(row, here)).order_by(*fields)
    sides = [Coalesce(Subquery(side.values("reference")[:1]), Value("")) for side in (above, below)]
    previous, next = reversed(sides) if order[0].startswith("-") else sides
    return stages.annotate(previous=previous, next=next)
