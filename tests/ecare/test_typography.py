"""No line begins with « : » or « ? »: what a référent reads has a no-break space before high punctuation."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
BREAKING = re.compile(r"""\S [:;!?»](?=[\s"'{,.)]|$)|^ [:;!?»](?=\s|$)|« |\d €""")
PYTHON = [
    *(ROOT / "dossiers" / "kinds").glob("*.py"),
    *(ROOT / "dossiers" / "workflow").glob("*.py"),
    *(ROOT / "dossiers" / "uploads").glob("*.py"),
    ROOT / "dossiers/forms.py",
    ROOT / "dossiers/handover_forms.py",
    *sorted((ROOT / "dossiers/queries").glob("*.py")),
    *(
        ROOT / "dossiers/views" / f"{name}.py"
        for name in ("referent", "transfer", "takeovers", "handover", "departure")
    ),
    *(ROOT / name for name in ("accounts/forms.py", "accounts/password_validation.py")),
]
TEXTS = [*(ROOT / "templates" / "emails").glob("*.txt"), *(ROOT / "fixtures" / "guichets").glob("*.yaml")]
PAGES = [
    path
    for room in ("accounts", "dossiers", "errors", "funding")
    for path in (ROOT / "templates" / room).rglob("*.html")
]


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def written(source: str) -> list[str]:
    """The strings of a module, its docstrings excepted."""
    tree = ast.parse(source)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
    ]


@pytest.mark.parametrize("path", PYTHON, ids=relative)
def test_messages(path: Path) -> None:
    assert [text for text in written(path.read_text()) if BREAKING.search(text)] == []


@pytest.mark.parametrize("path", TEXTS, ids=relative)
def test_emails_and_guichets(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert [line for line in lines if not line.lstrip().startswith("#") and BREAKING.search(line)] == []


@pytest.mark.parametrize("path", PAGES, ids=relative)
def test_pages(path: Path) -> None:
    read = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|\w+=\"[^\"]*\"", "…", path.read_text())
    assert [line.strip() for line in read.splitlines() if BREAKING.search(line)] == []
