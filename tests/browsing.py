"""What every browser test looks at, whatever its room."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Page


def once_arrived(page: Page, look: Callable[[Page], Any]) -> Any:
    """What `look` sees of a page that has arrived: a key may leave it between two, or looking at the one before."""
    for _ in range(3):
        page.wait_for_load_state()
        try:
            return look(page)
        except BrowserError as error:
            left = error
    raise left


def fits(page: Page) -> bool:
    """Whether nothing is cut sideways."""
    return not once_arrived(page, lambda it: it.evaluate("document.documentElement.scrollWidth > innerWidth"))
