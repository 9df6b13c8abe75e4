"""A directory of the size of the country's, in the formats that FINESS publishes: for measures and load tests.

Made of the real samples: their addresses, categories and names, combined under new numbers. The same `Country` gives
the same bytes, on any machine. Nothing here is FINESS data, and nothing here touches the database.
"""

import copy
import csv
import gzip
import io
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from establishments import finess
from establishments.importing import rows

ENTITIES, SITES = 98_000, 174_000
"""What the national file held in July 2026, rounded."""
LARGEST = 689
# Of the sites of 2021: 84.5 % of the EJ have one.
_SEVERAL = 0.14
_NONE = 0.015
_STEEPNESS = 0.75
_MAINLAND = tuple(f"{code:02d}" for code in range(1, 96) if code != 20)
# 13 % of the EG belong to an EJ of another département.
_NEAR = 0.87
_GROUP_EVERY, _GROUP_MEMBERS = 700, 9
_SAMPLES = settings.BASE_DIR / "fixtures" / "finess"
_PLUS_SAMPLE = _SAMPLES / "finessplus_structures_20260813_sample.json.gz"
_NAMES_SAMPLE = _SAMPLES / "eg_demonstration_20210108.csv.gz"
_OLD_CODES = {insee: old for old, insee in finess.OVERSEAS.items()} | {"977": "9A", "978": "9A"}

Item = dict[str, Any]
"""An element of a FINESS+ file."""


@dataclass(frozen=True)
class Country:
    """What a generated extract describes. `drift`: the share of EJ and of EG which, since the same country without
    drift, moved (EG), were renamed or closed, a third each. `spared`: the départements where nobody is."""

    entities: int = ENTITIES
    sites: int = SITES
    day: date = date(2026, 8, 13)
    drift: float = 0.0
    seed: int = 1
    spared: frozenset[str] = frozenset()

    def items(self) -> Iterator[Item]:
        """Each EJ with its EG, as a FINESS+ file holds them; all open before any drift."""
        chance = random.Random(self.seed)
        sample = _Sample(self.spared)
        site_number = 0
        arriving: list[Item] = []
        for number, size in enumerate(_sizes(self.entities, self.sites)):
            entity = sample.entity(chance, number)
            sites = [sample.site(chance, site_number + place, entity) for place in range(size)]
            changes = [self._draw(site_number + place, "EG") for place in range(size)]
            site_number += size
            may_leave = number < self.entities - 1
            leaving = [site for site, change in zip(sites, changes, strict=True) if change == 0 and may_leave]
            staying = [site for site, change in zip(sites, changes, strict=True) if not (change == 0 and may_leave)]
            for site, change in zip(sites, changes, strict=True):
                self._change(site, change)
            entity["ege"] = arriving + staying
            self._change(entity, self._draw(number, "EJ"))
            arriving = leaving
            yield entity

    def groups(self) -> Iterator[Item]:
        """One GHT every 700 EJ: nine neighbours, the first in support."""
        for first in range(0, self.entities - _GROUP_MEMBERS, _GROUP_EVERY):
            yield {
                "gccId": str(first + 1),
                "nomGcc": f"Territoire {first // _GROUP_EVERY + 1}",
                "typeGcc": "001",
                "numFinessGcc": str(first + 1),
                "pmejDuGcc": [
                    {"pmSmsseId": str(first + place), "typeRoleEntiteGroupe": "M" if place else "S"}
                    for place in range(_GROUP_MEMBERS)
                ],
                "egeDuGcc": [],
                "etatObjet": "A",
            }

    def _draw(self, number: int, noun: str) -> int | None:
        """Which change befalls the nth: 0 it moves, 1 it is renamed, 2 it closes; None, nothing. Spread evenly."""
        place = ((number + 1) * 2654435761 + self.seed * (7 if noun == "EJ" else 11)) % 2**32 / 2**32
        return int(place / self.drift * 3) if place < self.drift else None

    def _change(self, item: Item, change: int | None) -> None:
        about = item.get("informationsGeneralesEGE") or item["informationsGeneralesPMEJ"]
        if change == 1:
            for key in ("nomEgeCourt", "nomEgeLong", "denominationPm", "denominationLonguePmSmsse"):
                if key in about:
                    about[key] = f"NOUVEAU {about[key]}"[: rows.LONGEST_NAME]
        elif change == 2:
            for closing in (item, *item.get("ege", ())):
                closing["etatObjet"] = "I"
                about = closing.get("informationsGeneralesEGE") or closing["informationsGeneralesPMEJ"]
                about["dateFermeture"] = self.day.isoformat()


def write_plus(path: Path, country: Country) -> Path:
    """A FINESS+ file, compressed when its name ends with .gz; returns `path`."""
    top = {
        "schemaVersion": "v1.0.0",
        "generatedAt": f"{country.day.isoformat()}T02:00:00Z",
        "gco": [],
        "gcc": list(country.groups()),
    }
    with _writing(path) as text:
        text.write(json.dumps(top, ensure_ascii=False)[:-1] + ', "pmej": [')
        for place, item in enumerate(country.items()):
            text.write((",\n" if place else "\n") + json.dumps(item, ensure_ascii=False))
        text.write("\n]}\n")
    return path


def write_pair(folder: Path, country: Country, *, suffix: str = ".csv") -> list[Path]:
    """`cs1100501` (EJ) and `cs1100502` (EG) in `folder`, which hold what is open; returns both paths."""
    paths = [folder / f"{name}_{country.day:%Y%m%d}{suffix}" for name in ("cs1100501", "cs1100502")]
    with _writing(paths[0]) as entities, _writing(paths[1]) as sites:
        write_entity, write_site = (
            csv.writer(file, delimiter=";", lineterminator="\n").writerow for file in (entities, sites)
        )
        for write in (write_entity, write_site):
            write(["finess", "etalab", "93", country.day.isoformat()])
        for item in country.items():
            if item["etatObjet"] == "A":
                write_entity(_entity_fields(item))
                number = item["informationsGeneralesPMEJ"]["numFinessPm"]
                for site in item["ege"]:
                    if site["etatObjet"] == "A":
                        write_site(_site_fields(site, number))
    return paths


class _Sample:
    """The real rows that the generated ones are made of."""

    def __init__(self, spared: frozenset[str]) -> None:
        with gzip.open(_PLUS_SAMPLE, "rt", encoding="utf-8") as text:
            found = json.load(text)["pmej"]
        self._sites = [site for item in found for site in item.pop("ege")]
        self._entities = found
        self._departements = sorted({*_MAINLAND} - spared)
        with gzip.open(_NAMES_SAMPLE, "rt", encoding="utf-8") as text:
            named = list(csv.DictReader(text, delimiter=";"))
        self._names = sorted({row["rs"] for row in named})
        self._cities = sorted({row["ville"] for row in named})

    def entity(self, chance: random.Random, number: int) -> Item:
        item: Item = copy.deepcopy(chance.choice(self._entities))
        _settle(item, "02", chance.choice(self._departements))
        about = item["informationsGeneralesPMEJ"]
        name = f"{chance.choice(self._names)} {chance.choice(self._cities)}"
        about |= {
            "pmSmsseId": str(number),
            "numFinessPm": _number(item, number),
            "denominationPm": name,
            "denominationLonguePmSmsse": name,
            "siren": f"{300_000_000 + number}",
            "dateFermeture": None,
        }
        return item | {"etatObjet": "A"}

    def site(self, chance: random.Random, number: int, neighbour: Item) -> Item:
        item: Item = copy.deepcopy(chance.choice(self._sites))
        near = _commune(neighbour)[:2] if chance.random() < _NEAR else chance.choice(self._departements)
        _settle(item, "03", near)
        name = chance.choice(self._names)
        about = item["informationsGeneralesEGE"]
        about |= {
            "egeId": str(number),
            "numFinessEge": _number(item, 500_000 + number),
            "nomEgeCourt": name,
            "nomEgeLong": name,
            "siret": f"{30_000_000_000_000 + number}",
            "dateFermeture": None,
        }
        return item | {"etatObjet": "A"}


def _number(item: Item, number: int) -> str:
    """The nth number of the département of an address."""
    return finess.numbered(_commune(item)[:2], number)


def _settle(item: Item, usage: str, departement: str) -> None:
    """Give an EJ or an EG its address in this département, and no other: the uses that it may declare besides are
    written after it, and are not in the older format."""
    place = next((each for each in item["adresse"] if each["usageAdresse"] == usage), {"usageAdresse": usage})
    item["adresse"] = [place]
    place |= {
        "cogCommune": f"{departement}{(place.get('cogCommune') or '001')[-3:]}",
        "codePostal": f"{departement}000",
    }


def _commune(item: Item) -> str:
    code = item["adresse"][0].get("cogCommune") if item.get("adresse") else ""
    return code or "75056"


def _sizes(entities: int, sites: int) -> Iterator[int]:
    """How many EG each EJ has, `sites` in all: mostly one, a few none, some many, as far as 689."""
    none, several = int(entities * _NONE), max(int(entities * _SEVERAL), 1)
    left = sites - (entities - none)
    if not 0 <= left <= several * (LARGEST - 1):
        raise ValueError(f"{entities} EJ cannot share {sites} EG as those of the country do")
    weight = sum(1 / (place + 1) ** _STEEPNESS for place in range(several))
    extra = [min(int(left / weight / (place + 1) ** _STEEPNESS), LARGEST - 1) for place in range(several)]
    sizes = [1] * entities
    step = max(entities // several, 1)
    for place, more in enumerate(extra):
        sizes[place * step] += more
    for place in range(none):
        alone = place * (entities // none) + 1
        sizes[alone + (alone % step == 0)] = 0
    # What rounding leaves goes to those that have several, a few at most each.
    difference, place = sites - sum(sizes), 0
    while difference:
        if sizes[place * step] < LARGEST:
            sizes[place * step] += 1
            difference -= 1
        place = (place + 1) % several
    yield from sizes


def _entity_fields(item: Item) -> list[str]:
    about = item["informationsGeneralesPMEJ"]
    place = item["adresse"][0] if item["adresse"] else {}
    return _text(
        "structureej",
        about["numFinessPm"],
        about["denominationPm"],
        about["denominationLonguePmSmsse"],
        "",
        *_street(place),
        "",
        "",
        place.get("lieuDit"),
        (place.get("cogCommune") or "")[-3:],
        _line(place),
        _old_departement(place),
        "",
        "",
        about["statutJuridique"],
        "",
        "",
        "",
        about["siren"],
        (about["codeApe"] or "").replace(".", ""),
        about["dateCreation"],
    )


def _site_fields(item: Item, entity: str) -> list[str]:
    about = item["informationsGeneralesEGE"]
    place = item["adresse"][0]
    return _text(
        "structureet",
        about["numFinessEge"],
        entity,
        about["nomEgeCourt"],
        about["nomEgeLong"],
        "",
        "",
        *_street(place),
        "",
        place.get("lieuDit"),
        (place.get("cogCommune") or "")[-3:],
        _old_departement(place),
        "",
        _line(place),
        "",
        "",
        item["categorieentiteGeographiqueExercice"],
        "",
        "",
        "",
        about["siret"],
        "",
        item["modefixationtarifaire"],
        "",
        "",
        "",
        about["dateOuverture"],
        about["datePremiereAutorisation"],
        item["dateDerniereMaj"][:10],
        "",
    )


def _text(*fields: str | None) -> list[str]:
    return [field or "" for field in fields]


def _street(place: Item) -> tuple[str | None, str | None, str | None]:
    return place.get("numeroVoie"), place.get("typeVoie"), place.get("libelleVoie")


def _line(place: Item) -> str:
    return f"{place.get('codePostal') or ''} {place.get('ligneAcheminement') or ''}".strip()


def _old_departement(place: Item) -> str:
    code = rows.commune_departement(place.get("cogCommune"))
    return _OLD_CODES.get(code, code)


@contextmanager
def _writing(path: Path) -> Iterator[IO[str]]:
    with path.open("wb") as raw:
        if path.suffix == ".gz":
            # No time and no name in the archive: the same country gives the same bytes.
            with (
                gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=1, mtime=0) as packed,
                io.TextIOWrapper(packed, encoding="utf-8") as text,
            ):
                yield text
        else:
            with io.TextIOWrapper(raw, encoding="utf-8") as text:
                yield text
