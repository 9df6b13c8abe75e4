"""The controls of a subsidy, with their pieces."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import QuerySet

from dossiers.models import Attachment
from funding.models import Control, Grant, Interview
from funding.models.controls import UNDER_WAY


@dataclass
class Controlled:
    """A control, and what was deposited for it."""

    control: Control
    files: list[Attachment] = field(default_factory=list)
    #: For those who instruct, the last first.
    interviews: list[Interview] = field(default_factory=list)


def under_way(grant: Grant) -> Control | None:
    """The control that waits for something: 1 query."""
    return Control.objects.filter(grant=grant, state__in=UNDER_WAY).select_related("opened_by").first()


def of(grant: Grant, *, interviews: bool = False) -> list[Controlled]:
    """Every control of a subsidy, the last first, with its pieces: 2 queries, 1 without any. With its `interviews` when
    they are asked for: 1 more."""
    found = {
        each.slot: Controlled(each)
        for each in Control.objects.filter(grant=grant).select_related("opened_by", "closed_by")
    }
    for piece in files(grant, *found) if found else ():
        found[piece.code].files.append(piece)
    if found and interviews:
        for each in Interview.objects.filter(control__grant=grant).select_related("control", "noted_by"):
            found[each.control.slot].interviews.append(each)
    return list(found.values())


def files(grant: Grant, *slots: str) -> QuerySet[Attachment]:
    """The pieces in these slots."""
    return Attachment.objects.active().filter(dossier_stage=grant.dossier_stage_id, code__in=slots)
