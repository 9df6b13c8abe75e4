"""What browser tests of the room share: the shapes of their fixtures, and what they look at."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

Open = Callable[..., Page]
Check = Callable[[Page], None]


def focused_label(page: Page) -> str:
    """The name of what is focused: its label, or what it says."""
    label: str = page.evaluate(
        "document.activeElement.labels?.[0]?.textContent.trim() ?? document.activeElement.textContent.trim()"
    )
    return " ".join(label.split())
