"""Pages of a list whose length is known beforehand."""

from __future__ import annotations

from functools import cached_property

from django.core.paginator import Paginator
from django.db.models import QuerySet


class CountedPaginator(Paginator):
    """Pages of a list whose `total` the counters of its screen have given: it is not counted again."""

    def __init__(self, found: QuerySet, per_page: int, *, total: int) -> None:
        self.total = total
        super().__init__(found, per_page)

    @cached_property
    def count(self) -> int:
        return self.total
