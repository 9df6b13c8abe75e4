"""Régions, départements, categories and legal statuses, from the CSV files of `fixtures/reference/`."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.db import models

from establishments.enums import EssmsReading
from establishments.models import Category, Departement, LegalStatus, Region

# « Établissement de santé »: the sanitary categories under the hospital law (aggregate 1000) and the hospitals of the
# armies (2205). The rest of the domain (pharmacies, laboratories, health centres, group practices…) is no
# établissement de santé and would bury them.
_HOSPITAL_LAW, _ARMIES = "1000", "2205"


def load(folder: Path) -> None:
    """Insert or update the four nomenclatures; nothing is removed."""
    departements = list(_read(folder / "regions_departements.csv"))
    _keep(
        Region,
        {row["code_region"]: Region(code=row["code_region"], name=row["region"]) for row in departements}.values(),
        ["name"],
    )
    _keep(
        Departement,
        [
            Departement(
                code=row["code_departement"],
                name=row["departement"],
                region_id=row["code_region"],
                finess_code=row["code_finess"],
            )
            for row in departements
        ],
        ["name", "region", "finess_code"],
    )
    readings = {row["code"]: row["essms_l312_1"] for row in _read(folder / "essms_categories.csv")}
    _keep(
        Category,
        [_category(row, readings.get(row["code"], EssmsReading.NO)) for row in _read(folder / "categories.csv")],
        ["label", "short_label", "domain", "is_essms", "essms_reading", "is_sanitary"],
    )
    _keep(
        LegalStatus,
        [LegalStatus(code=row["code"], label=row["libelle"]) for row in _read(folder / "legal_statuses.csv")],
        ["label"],
    )


def _category(row: dict[str, str], reading: str) -> Category:
    return Category(
        code=row["code"],
        label=row["libelle"],
        short_label=row["libellecourt"],
        domain=row["domaine"],
        # What remains to be checked is not offered as ESSMS: a subsidy hangs on it.
        is_essms=reading == EssmsReading.YES,
        essms_reading=reading,
        is_sanitary=row["domaine"] == "SAN" and (row["codeagr1"] == _HOSPITAL_LAW or row["codeagr3"] == _ARMIES),
    )


def _read(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines, delimiter=";")


def _keep(model: type[models.Model], rows: Iterable[models.Model], fields: list[str]) -> None:
    model._default_manager.bulk_create(rows, update_conflicts=True, unique_fields=["code"], update_fields=fields)
