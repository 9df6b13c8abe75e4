"""docs/exploitation.md follows the code: what an administrator may set is told."""

import re
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands, load_command_class

ROOT = Path(settings.BASE_DIR)
MANUAL = (ROOT / "docs" / "exploitation.md").read_text(encoding="utf-8")
READ = re.compile(r"""env(?:\.\w+)?\(\s*["']([A-Z0-9_]+)["']|["']([A-Z0-9_]+_URL)["'] (?:not )?in env\.ENVIRON""")
# Read by tools or for the test suite's own needs.
NOT_SETTINGS = {"PYTEST_XDIST_WORKER"}


def variables() -> set[str]:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "ecare" / "settings").glob("*.py")]
    found = {name for source in sources for match in READ.finditer(source) for name in match.groups() if name}
    return found - NOT_SETTINGS


def test_settings_read_the_environment() -> None:
    """The test below looks at something."""
    assert {"SECRET_KEY", "DATABASE_URL", "EMAIL_URL", "BRAND_STATE", "TRUSTED_PROXIES"} <= variables()


@pytest.mark.parametrize("name", sorted(variables()))
def test_every_environment_variable_is_documented(name: str) -> None:
    assert f"`{name}`" in MANUAL or f"`{name}=" in MANUAL


def test_every_variable_documented_is_read() -> None:
    table = re.findall(r"^\| `([A-Z0-9_]+)` \|", MANUAL, re.MULTILINE)
    assert set(table) - variables() <= {"DJANGO_SETTINGS_MODULE"}


@pytest.mark.django_db
def test_what_an_operator_is_told_to_run_exists() -> None:
    """Each `manage.py` command with its options, and the lines of Python given to its shell."""
    told = re.findall(r"python manage\.py ([\w-]+)((?: (?:--[\w-]+|-c \".+?\"))*)", MANUAL)
    assert {"prepare", "import_finess", "reencrypt", "verify_audit", "shell"} <= {name for name, _ in told}
    for name, options in told:
        parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
        for option in re.findall(r"--[\w-]+", options):
            assert option in parser._option_string_actions, f"{name} {option}"
        for lines in re.findall(r'-c "(.+?)"', options):
            exec(lines, {})  # noqa: S102


def test_what_regional_instructors_only_read_is_told_as_it_is_delivered() -> None:
    guichets = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in ROOT.glob("fixtures/guichets/[0-9]*.yaml")]
    [sentence] = re.findall(r"Tels que livrés, (.+?) sont en lecture", MANUAL, re.DOTALL)
    read = {guichet["code"] for guichet in guichets if guichet["regional_role"] == "read"}
    assert set(re.findall(r"`([\w-]+)`", sentence)) == read
    assert {guichet["regional_role"] for guichet in guichets if guichet["code"] not in read} == {"instruct"}
    assert not [stage for guichet in guichets for stage in guichet["stages"] if "regional_role" in stage]


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))], ids=lambda path: path.name
)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    if not page.exists():
        pytest.skip("not written yet")
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
