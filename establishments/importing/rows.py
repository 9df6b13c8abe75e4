"""What every format comes down to, and the checks of one field."""

import re
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from establishments import finess, search

# Nothing published is longer; the columns are wide enough for these.
LONGEST_NAME = 200
LONGEST_LINE = 250
NUL = "caractère nul"
TWICE = "numéro déjà lu plus haut dans les fichiers"

_STREETS = {
    "ALL": "ALLEE",
    "AV": "AVENUE",
    "BD": "BOULEVARD",
    "CAR": "CARREFOUR",
    "CHE": "CHEMIN",
    "CHV": "CHEMIN VICINAL",
    "CRS": "COURS",
    "ESP": "ESPLANADE",
    "FG": "FAUBOURG",
    "GR": "GRANDE RUE",
    "IMM": "IMMEUBLE",
    "IMP": "IMPASSE",
    "LD": "LIEU DIT",
    "LOT": "LOTISSEMENT",
    "PAS": "PASSAGE",
    "PL": "PLACE",
    "QU": "QUAI",
    "QUA": "QUARTIER",
    "R": "RUE",
    "RES": "RESIDENCE",
    "RTE": "ROUTE",
    "SQ": "SQUARE",
}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_POSTAL = re.compile(r"([0-9]{5})(?: +|\Z)")
# Postal codes of the two collectivités that FINESS files under Guadeloupe.
_SPLIT_FROM_GUADELOUPE = {"97133": "977", "97150": "978"}


class Malformed(Exception):
    """A row that cannot be kept; the message is the reason, in French, for the report."""


class EntityRow(NamedTuple):
    """An EJ as a format describes it. None: this format says nothing of that column."""

    finess: str
    name: str | None
    long_name: str | None
    legal_status: str | None
    siren: str | None
    address: str | None
    postal_code: str | None
    city: str | None
    departement: str | None
    is_active: bool | None
    closed_on: date | None
    sort_name: str | None
    search_text: str | None
    search_town: str | None
    reference: str | None = None
    """Identifier inside a FINESS+ file: what its groups refer to."""


NOTHING_SAID = EntityRow("", *(None,) * 14)


class SiteRow(NamedTuple):
    finess: str
    entity: str
    name: str
    long_name: str | None
    category: str | None
    siret: str | None
    address: str
    postal_code: str
    city: str
    departement: str | None
    opened_on: date | None
    is_active: bool | None
    closed_on: date | None
    search_text: str


class GroupRow(NamedTuple):
    code: str
    number: str
    name: str
    is_active: bool
    support: str | None
    """`reference` of the supporting EJ."""
    members: tuple[str, ...]


def number(text: str, noun: str = "EG") -> str:
    """A FINESS number whose shape and key hold. `noun`: « EJ » or « EG », for the reason given."""
    value = text.strip()
    if not finess.is_valid(value):
        raise Malformed(f"numéro FINESS {noun} « {value[:20]} »\u00a0: forme ou clé de contrôle incorrecte")
    return value


@lru_cache(maxsize=65536)
def entity_number(text: str) -> str:
    """The same for an EJ, whose number comes back with each of its sites."""
    return number(text, "EJ")


def name(text: str | None) -> str:
    value = " ".join(text.split()) if text else ""
    if len(value) > LONGEST_NAME:
        raise Malformed(f"raison sociale de plus de {LONGEST_NAME} caractères")
    return value


@lru_cache(maxsize=65536)
def day(text: str | None) -> date | None:
    """A date written 2026-08-13, or 13/08/2026 as in the oldest files; nothing when empty."""
    value = (text or "").strip()
    if not value:
        return None
    if len(value) == 10 and value[2] == value[5] == "/":
        value = f"{value[6:]}-{value[3:5]}-{value[:2]}"
    try:
        if _DAY.match(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise Malformed(f"date « {text} » illisible")


def digits(text: str | None, length: int) -> str:
    """A SIREN or SIRET; what is not one is left out: it is no reason to lose the row."""
    value = (text or "").strip()
    return value if len(value) == length and value.isascii() and value.isdigit() else ""


def code(text: str | None, longest: int, noun: str) -> str | None:
    value = (text or "").strip()
    if len(value) > longest:
        raise Malformed(f"{noun} « {value} » inconnue")
    return value or None


def address(number_: str | None, street: str | None, label: str | None, place: str | None) -> str:
    street = (street or "").strip()
    parts = [number_, _STREETS.get(street, street), label, place]
    return " ".join([part.strip() for part in parts if part])[:LONGEST_LINE].strip()


@lru_cache(maxsize=65536)
def postal(line: str) -> tuple[str, str]:
    """« 06130 GRASSE » → its code and its city."""
    line = line.strip()
    found = _POSTAL.match(line)
    return (found.group(1), line[found.end() :][:100]) if found else ("", line[:100])


def departement(text: str | None, known: frozenset[str], postal_code: str = "") -> str | None:
    """INSEE code of a département given by INSEE or by the older FINESS files (9A: Guadeloupe).

    None abroad (99) or when nothing is said. Raises Malformed for a code that exists nowhere.
    """
    value = (text or "").strip()
    if not value or value.startswith("99"):
        return None
    value = finess.OVERSEAS.get(value, value)
    if value == "971":
        value = _SPLIT_FROM_GUADELOUPE.get(postal_code, value)
    if value not in known:
        raise Malformed(f"département « {text} » inconnu")
    return value


def commune_departement(commune: str | None) -> str:
    """The département that begins the code of a commune (COG): three characters overseas."""
    value = (commune or "").strip()
    return value[:3] if value[:2] in {"97", "98"} else value[:2]


def entity(
    number_: str,
    *,
    short: str,
    long: str,
    legal_status: str | None = None,
    siren: str | None = None,
    address_: str | None = None,
    postal_code: str | None = None,
    city: str | None = None,
    departement_: str | None = None,
    is_active: bool | None = None,
    closed_on: date | None = None,
    reference: str | None = None,
) -> EntityRow:
    """An EJ with the columns that the search reads."""
    return EntityRow(
        number_,
        short,
        long,
        legal_status,
        siren,
        address_,
        postal_code,
        city,
        departement_,
        is_active,
        closed_on,
        *search.columns(short, long),
        None if city is None else search.spell_town(city),
        reference,
    )
