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


def follow(page: Page, name: str, role: str = "link") -> None:
    """Press the link, or the button, of this name, and wait for the page that it leads to."""
    with page.expect_navigation():
        page.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]
