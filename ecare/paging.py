"""Pages of a list whose length is known beforehand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
    """The same, of a list that is long: `found` is sorted on an index and gives the keys of a page, read from the end
    that is nearer, and `fetch` all that its lines show, by key. 1 query a page, and those of `fetch`."""

    def __init__(
        self, found: QuerySet, fetch: Callable[[list[Any]], Mapping[Any, Any]], per_page: int, *, total: int
    ) -> None:
        super().__init__(found, per_page, total=total)
        self.fetch = fetch

    def page(self, number: int | str) -> Page[Any]:
        number = self.validate_number(number)
        start, end = (number - 1) * self.per_page, min(number * self.per_page, self.total)
        keys = cast("QuerySet", self.object_list).values_list("pk", flat=True)
        if start > self.total - end:
            found = list(keys.reverse()[self.total - end : self.total - start])[::-1]
        else:
            found = list(keys[start:end])
        rows = self.fetch(found) if found else {}
        # A line that went meanwhile is left out.
        return Page([rows[key] for key in found if key in rows], number, self)
