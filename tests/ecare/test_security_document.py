"""docs/securite.md answers every requirement of the ASVS 5.0 once, and what it points to exists.

`data/asvs5.csv` holds the numbers and levels of the standard, and none of its sentences."""

import ast
import csv
import functools
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
TEXT = (ROOT / "docs" / "securite.md").read_text(encoding="utf-8")
VERDICTS = ("respectée", "partiellement", "non respectée", "sans objet")
ROW = re.compile(
    r"^\| (?P<ids>[0-9]+\.[0-9., ]+) \| (?P<levels>[123, ]+) \| (?P<subject>[^|]+) \| \*\*(?P<verdict>[^|*]+)\*\* "
    r"\| (?P<how>[^|]+) \|$"
)
NUMBERED = re.compile(r"^\|\s*\d+\.\d")
CHAPTER = re.compile(r"^## V(\d+) – ")
FILE = re.compile(
    r"`([\w.][\w./-]*\.(?:py|md|html|yml|txt|js)|(?:accounts|dossiers|ecare|fixtures|static|templates)/[\w./-]+)`"
)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@functools.cache
def levels() -> dict[str, str]:
    with (ROOT / "tests" / "ecare" / "data" / "asvs5.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: row["level"] for row in csv.DictReader(file)}


def rows() -> Iterator[tuple[str, re.Match[str]]]:
    """(chapter, row) for every line of a table that begins with the number of a requirement."""
    chapter = ""
    for line in TEXT.splitlines():
        if found := CHAPTER.match(line):
            chapter = found[1]
        elif NUMBERED.match(line):
            row = ROW.match(line)
            assert row, f"not a row of five cells: {line}"
            yield chapter, row


def verdicts() -> dict[str, str]:
    return {number: row["verdict"] for _, row in rows() for number in row["ids"].split(", ")}


def test_every_requirement_is_answered_once_in_its_chapter() -> None:
    answered = [(chapter, number) for chapter, row in rows() for number in row["ids"].split(", ")]
    assert len(levels()) == 345
    assert Counter(number for _, number in answered) == Counter(list(levels()))
    assert not [number for chapter, number in answered if number.partition(".")[0] != chapter]


def test_each_row_has_its_levels_and_one_of_four_verdicts() -> None:
    for _, row in rows():
        numbers = row["ids"].split(", ")
        assert row["verdict"] in VERDICTS, numbers
        assert row["levels"] == ", ".join(sorted({levels()[number] for number in numbers})), numbers
        # Only what does not concern the portal is answered in groups.
        assert len(numbers) == 1 or row["verdict"] == "sans objet", numbers


def test_the_summary_counts_what_follows() -> None:
    counted = Counter((levels()[number], verdict) for number, verdict in verdicts().items())
    expected = {level: [counted[level, verdict] for verdict in VERDICTS] for level in "123"}
    expected["Tous"] = [sum(column) for column in zip(*expected.values(), strict=True)]
    summary = TEXT.partition("## Bilan")[2].partition("\n## ")[0]
    found = {
        name: [int(cell) for cell in cells.split("|")]
        for name, cells in re.findall(r"^\| ([123]|Tous) \| ([0-9 |]+) \|$", summary, re.MULTILINE)
    }
    assert found == {name: [*counts, sum(counts)] for name, counts in expected.items()}


def test_every_file_and_every_test_named_exists() -> None:
    files, tests = set(FILE.findall(TEXT)), set(TEST.findall(TEXT))
    assert len(files) > 50
    assert len(tests) > 100
    assert not sorted(name for name in files if not (ROOT / name).exists())
    assert not sorted(f"{file}::{name}" for file, name in tests if name not in functions(file))
    # A path with a slip in it would be taken for plain words.
    assert TEXT.count("::") == len(TEST.findall(TEXT))


@functools.cache
def functions(file: str) -> frozenset[str]:
    """The functions of a test file; none when there is no such file."""
    if not (ROOT / file).exists():
        return frozenset()
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_what_the_page_refers_to_in_itself_is_there() -> None:
    titles = re.findall(r"^#{2,3} (.+)$", TEXT, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= anchors
