"""What an export holds, and those that somebody asked for."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import QueryDict

from accounts.models import User
from dossiers import access
from dossiers.exports import tables
from dossiers.filters import InstructionFilter
from dossiers.models import Export
from dossiers.models.dossiers import DossierStageQuerySet
from dossiers.queries.instruction import instruction_order, instruction_sort


def filtered(user: User, query: str) -> InstructionFilter:
    """The list as `user` reads it now, under the filters of an address of the list."""
    return InstructionFilter(QueryDict(query), queryset=access.instructed_stages(user), user=user)


def sorted_as_listed(filters: InstructionFilter) -> DossierStageQuerySet:
    """The dossiers that these filters keep, in the order of the list."""
    stages: DossierStageQuerySet = filters.qs
    return stages.order_by(*instruction_order(instruction_sort(filters.data.get("tri", "")), path="line__"))


def exports_of(user: User) -> QuerySet[Export]:
    """The exports of `user`, the last asked for first; none once he instructs no more."""
    return Export.objects.of(user) if user.is_instructor else Export.objects.none()


def columns_last_chosen(user: User) -> list[str]:
    """What `user` ticked the last time for the list; empty before the first."""
    return exports_of(user).filter(table=tables.LISTED).values_list("columns", flat=True).first() or []
