"""What holds for every template and style sheet of the portal, whoever wrote it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
# E-mails and PDF documents are not pages: their styles cannot stand in a file of the portal.
PAGES = [path for path in TEMPLATES if not {"emails", "pdf"} & set(path.parts)]
ICON_SIZES = {"fr-icon--xs", "fr-icon--sm", "fr-icon--md", "fr-icon--lg"}


def short(path: Path) -> str:
    return str(path.relative_to(settings.BASE_DIR))


@pytest.mark.parametrize("path", PAGES, ids=short)
def test_page_carries_no_inline_script_style_or_handler(path: Path) -> None:
    source = path.read_text()
    assert not re.search(r"<style|\sstyle\s*=|javascript:", source, re.IGNORECASE)
    assert not re.search(r"<[a-z][^>]*\son[a-z]+\s*=", source, re.IGNORECASE)
    for tag in re.findall(r"<script[^>]*>", source, re.IGNORECASE):
        assert " src=" in tag or 'type="application/json"' in tag, tag


@pytest.mark.parametrize("path", TEMPLATES, ids=short)
def test_template_comments_stand_on_one_line(path: Path) -> None:
    """`{# … #}` over two lines is not a comment: the reader sees it."""
    for line in path.read_text().splitlines():
        assert line.count("{#") == line.count("#}"), line


def icons_used() -> Iterator[tuple[str, Path]]:
    rooms = ("ecare", "notifications", "establishments", "accounts", "dossiers", "funding")
    sources = PAGES + [path for room in rooms for path in (settings.BASE_DIR / room).rglob("*.py")]
    for path in sources:
        for name in re.findall(r"\bfr-icon-[a-z0-9-]+[a-z0-9]\b", path.read_text()):
            if name not in ICON_SIZES:
                yield name, path


def test_every_icon_named_is_drawn_by_our_style_sheet() -> None:
    styles = (settings.BASE_DIR / "static" / "css" / "icons.css").read_text()
    missing = {(name, short(path)) for name, path in icons_used() if f".{name}::before" not in styles}
    assert not missing


@pytest.mark.parametrize("name", ["icons", "neutral", "care", "print", "no-script"])
def test_every_file_a_style_sheet_asks_for_exists(name: str) -> None:
    source = finders.find(f"css/{name}.css")
    assert source
    for address in re.findall(r'url\("([^"]+)"\)', Path(source).read_text()):
        if not address.startswith("data:"):
            assert finders.find(address.removeprefix("../")), address
