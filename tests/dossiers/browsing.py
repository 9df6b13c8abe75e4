"""What browser tests of the room share: the shapes of their fixtures, and what they look at."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

Open = Callable[..., Page]
Check = Callable[[Page], None]


def fits(page: Page) -> bool:
    """Whether nothing is cut sideways."""
    return not page.evaluate("document.documentElement.scrollWidth > innerWidth")
