"""Pages of a list whose length is known beforehand."""

from __future__ import annotations

from functools import cached_property
from typing import Any, cast

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet


class CountedPaginator(Paginator):
    """Pages of a list whose `total` the counters of its screen have given: it is not counted again."""

    def __init__(self, found: QuerySet, per_page: int, *, total: int) -> None:
        self.total = total
        super().__init__(found, per_page)

    @cached_property
    def count(self) -> int:
        return self.total


class KeyedPaginator(CountedPaginator):
    """The same, of a list that is long: `found` is sorted on an index and gives the keys of a page, and `rows`, by the
    same keys, all that its lines show. 2 queries a page, with those of what `rows` fetches beside."""

    def __init__(self, found: QuerySet, rows: QuerySet, per_page: int, *, total: int) -> None:
        super().__init__(found, per_page, total=total)
        self.rows = rows

    def page(self, number: int | str) -> Page[Any]:
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        found = cast("QuerySet", self.object_list)
        keys = list(found.values_list("pk", flat=True)[start : start + self.per_page])
        rows = self.rows.in_bulk(keys)
        # A line that went meanwhile is left out.
        return Page([rows[key] for key in keys if key in rows], number, self)
