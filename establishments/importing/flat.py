"""Flat CSV with a header line: extracts that somebody converted, a selection and never the whole of FINESS."""

from collections.abc import Iterator

from establishments import search
from establishments.importing import reading, rows
from establishments.importing.pair import Reject
from establishments.importing.rows import EntityRow, Malformed, SiteRow


def entities(
    extract: reading.Extract, departements: frozenset[str], reject: Reject, progress: reading.Progress
) -> Iterator[tuple[str, EntityRow, str]]:
    """The EJ of a flat file: number, name when it is known, SIREN."""
    lines = reading.csv_rows(extract, progress)
    columns = _columns(next(lines)[1])
    for line, fields in lines:
        try:
            _expect(fields, columns)
            name = rows.name(_unquoted(fields[columns["rs_affichage"]]))
            number = rows.entity_number(fields[columns["nofiness_ej"]])
            siren = rows.digits(fields[columns["siren_derive"]], 9) if "siren_derive" in columns else ""
            # No name here is no reason to forget the one that another extract gave.
            words = (search.sort_key(name), search.searchable(name)) if name else (None, None)
            yield (
                f"ligne {line}",
                rows.NOTHING_SAID._replace(
                    finess=number, name=name or None, siren=siren or None, sort_name=words[0], search_text=words[1]
                ),
                "",
            )
        except Malformed as reason:
            reject(f"ligne {line}", str(reason), "")


def sites(
    extract: reading.Extract, departements: frozenset[str], reject: Reject, progress: reading.Progress
) -> Iterator[tuple[str, SiteRow, str]]:
    """The EG of a flat file, each with the label of its category."""
    lines = reading.csv_rows(extract, progress)
    columns = _columns(next(lines)[1])
    get = [
        columns.get(name, -1)
        for name in (
            "nofinesset",
            "nofinessej",
            "rs",
            "categetab",
            "siret",
            "adresse",
            "codepostal",
            "ville",
            "departement",
            "dateouv",
            "libcategetab",
        )
    ]
    for line, fields in lines:
        try:
            _expect(fields, columns)
            # An optional column that the file does not have reads as empty.
            fields.append("")
            finess, entity, name, category, siret, address, postal, city, departement, opened, label = [
                fields[index] for index in get
            ]
            name, city = rows.name(_unquoted(name)), city[:100]
            yield (
                f"ligne {line}",
                SiteRow(
                    rows.number(finess),
                    rows.entity_number(entity),
                    name,
                    None,
                    rows.code(category, 4, "catégorie"),
                    rows.digits(siret, 14),
                    address.replace(" | ", " ")[: rows.LONGEST_LINE],
                    postal[:5],
                    city,
                    rows.departement(departement, departements, postal),
                    rows.day(opened),
                    None,
                    None,
                    search.line(name, "", city),
                ),
                label,
            )
        except Malformed as reason:
            reject(f"ligne {line}", str(reason), "")


def _columns(header: list[str]) -> dict[str, int]:
    return {name.strip().lower(): index for index, name in enumerate(header)}


def _expect(fields: list[str], columns: dict[str, int]) -> None:
    if len(fields) != len(columns):
        raise Malformed(f"{len(fields)} champs au lieu de {len(columns)}")
    if "\0" in "".join(fields):
        raise Malformed(rows.NUL)


def _unquoted(name: str) -> str:
    # Some names were quoted twice on their way.
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = name[1:-1].replace('""', '"')
    return name
