"""Links of the pagination component."""

from collections.abc import Iterator
from urllib.parse import urlencode

from django import template
from django.core.paginator import Page

register = template.Library()


@register.simple_tag
def page_query(query: str | None, param: str, number: int) -> str:
    """The query string of a page, keeping the filters; escaped by the template like any text."""
    return "&".join(part for part in (query, urlencode({param: number})) if part)


@register.simple_tag
def page_numbers(page: Page) -> Iterator[int | None]:
    """Page numbers to show, `None` standing for a gap."""
    for number in page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1):
        yield number if isinstance(number, int) else None
