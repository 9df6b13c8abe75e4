"""What every browser test looks with does find what is wrong."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

PAGE = """<!doctype html><html lang="fr"><title>Page</title><main><h1>Page</h1>{}</main></html>"""
SOUND = "<p>Mot</p><img alt='' src='data:,'>"
WRONG = "<p style='color: #ddd'>Mot</p><img src='data:,'><input>"


def test_axe_names_each_barrier_and_nothing_on_a_page_without(page: Page, axe: Callable[[Page], None]) -> None:
    page.set_content(PAGE.format(SOUND))
    axe(page)
    page.set_content(PAGE.format(WRONG))
    with pytest.raises(AssertionError) as found:
        axe(page)
    assert all(rule in str(found.value) for rule in ("color-contrast", "image-alt", "label"))
