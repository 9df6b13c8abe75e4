"""The accountant's file for tests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from funding.payment_files import COLUMNS
from tests.dossiers import factories


def csv(*rows: Iterable[str], headings: Iterable[str] = tuple(COLUMNS.values())) -> Any:
    lines = [";".join(each) for each in (headings, *rows)]
    return factories.upload("\n".join([*lines, ""]).encode(), "paiements.csv")
