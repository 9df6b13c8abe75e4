"""The older CSV: `cs1100501` (EJ, 23 fields) and `cs1100502` or `cs1100507` (EG, 32 fields), published until May 2026.

They hold open entities only and say nothing of closings.
"""

from collections.abc import Callable, Iterator

from establishments import search
from establishments.importing import reading, rows
from establishments.importing.rows import EntityRow, Malformed, SiteRow

# A geolocalisation line of cs1100507 follows the sites; we keep no coordinates.
_IGNORED = "geolocalisation"
_ENTITY, _SITE = "structureej", "structureet"

Reject = Callable[[str, str, str], None]
"""Place in the file, reason, number of the row as it stands there."""


def entities(
    extract: reading.Extract, departements: frozenset[str], reject: Reject, progress: reading.Progress
) -> Iterator[tuple[str, EntityRow, str]]:
    """The EJ of a `cs1100501`, each with the label of its legal status, for a code that we would not know."""
    for line, fields in reading.csv_rows(extract, progress):
        if line == 1 or fields[0] == _IGNORED:
            continue
        try:
            yield f"ligne {line}", _entity(fields, departements), fields[17]
        except Malformed as reason:
            reject(f"ligne {line}", str(reason), fields[1] if len(fields) > 1 else "")


def sites(
    extract: reading.Extract, departements: frozenset[str], reject: Reject, progress: reading.Progress
) -> Iterator[tuple[str, SiteRow, str]]:
    """The EG of a `cs1100502` or `cs1100507`, each with the label of its category."""
    for line, fields in reading.csv_rows(extract, progress):
        if line == 1 or fields[0] == _IGNORED:
            continue
        try:
            yield f"ligne {line}", _site(fields, departements), fields[19]
        except Malformed as reason:
            reject(f"ligne {line}", str(reason), fields[1] if len(fields) > 1 else "")


def _expect(fields: list[str], kind: str, length: int) -> None:
    if fields[0] != kind:
        raise Malformed(f"ligne de nature « {fields[0][:30]} » au lieu de {kind}")
    if len(fields) != length:
        raise Malformed(f"{len(fields)} champs au lieu de {length}")
    if "\0" in "".join(fields):
        raise Malformed(rows.NUL)


def _entity(fields: list[str], departements: frozenset[str]) -> EntityRow:
    _expect(fields, _ENTITY, 23)
    postal_code, city = rows.postal(fields[12])
    return rows.entity(
        rows.entity_number(fields[1]),
        short=rows.name(fields[2]),
        long=rows.name(fields[3]),
        legal_status=rows.code(fields[16], 2, "statut juridique"),
        siren=rows.digits(fields[20], 9),
        address_=rows.address(fields[5], fields[6], fields[7], fields[10]),
        postal_code=postal_code,
        city=city,
        departement_=rows.departement(fields[13], departements, postal_code),
    )


def _site(fields: list[str], departements: frozenset[str]) -> SiteRow:
    _expect(fields, _SITE, 32)
    postal_code, city = rows.postal(fields[15])
    short, long = rows.name(fields[3]), rows.name(fields[4])
    return SiteRow(
        rows.number(fields[1]),
        rows.entity_number(fields[2]),
        short,
        long,
        rows.code(fields[18], 4, "catégorie"),
        rows.digits(fields[22], 14),
        rows.address(fields[7], fields[8], fields[9], fields[11]),
        postal_code,
        city,
        rows.departement(fields[13], departements, postal_code),
        rows.day(fields[28]),
        None,
        None,
        search.line(short, long, city),
    )
