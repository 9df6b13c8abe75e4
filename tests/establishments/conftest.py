from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from establishments import workflow

DATA = Path(__file__).parent / "data"
FIXTURES = settings.BASE_DIR / "fixtures"


@pytest.fixture
def nomenclature(db: None) -> None:
    """Régions, départements, categories, legal statuses; no entity."""
    workflow.load_reference(FIXTURES / "reference")


@pytest.fixture
def plus_sample() -> Path:
    return FIXTURES / "finess" / "finessplus_structures_20260813_sample.json.gz"


@pytest.fixture
def csv_sample() -> list[Path]:
    return [DATA / "cs1100501_sample.csv.gz", DATA / "cs1100502_sample.csv.gz"]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write an extract: its lines, or its bytes."""

    def written(name: str, *lines: str, encoding: str = "utf-8", content: bytes | None = None) -> Path:
        path = tmp_path / name
        path.write_bytes(content if content is not None else "\n".join([*lines, ""]).encode(encoding))
        return path

    return written
