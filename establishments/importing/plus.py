"""FINESS+ (schema v1), the JSON published daily since May 2026: read as a stream, whatever its size.

Top level: `schemaVersion`, `generatedAt`, `gcc[]` (groups), `gco[]`, `pmej[]` (EJ, each with its `ege[]`, its EG),
closed ones included. Codes only. Latitude and longitude are swapped in places: neither is read.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

import ijson

from establishments import search
from establishments.importing import bounds, reading, rows
from establishments.importing.pair import Reject
from establishments.importing.rows import NUL, TWICE, EntityRow, GroupRow, Malformed, SiteRow
from establishments.importing.staging import Stage

# The only type of group seen so far, and it is a GHT; another type would be another kind of cooperation.
_GHT = "001"
_SUPPORT = "S"
_ENTITY_ADDRESS, _SITE_ADDRESS = "02", "03"
_FIRST_VERSION = ("v1.", "1.")
_UNREADABLE = (ijson.JSONError, UnicodeDecodeError, *reading.BROKEN)

Row = TypeVar("Row", EntityRow, SiteRow)


@dataclass
class Header:
    version: str = ""
    generated_on: date | None = None
    has_entities: bool = False
    groups: list[GroupRow] = field(default_factory=list)


def header(extract: reading.Extract, reject: Reject) -> Header:
    """Version, day and groups: what stands before the entities. Raises Unrecognised when it is no FINESS+ file."""
    found = Header()
    try:
        with reading.opened_bytes(extract) as (_, content):
            for key, value in _top_level(bounds.Structure(content, extract.path.name), reject, found):
                if key == "schemaVersion":
                    found.version = str(value)[:20]
                elif key == "generatedAt":
                    found.generated_on = rows.day(str(value)[:10])
    except _UNREADABLE as error:
        raise _refused(extract, error) from error
    except Malformed as error:
        raise bounds.Unrecognised(f"{extract.path.name}\u00a0: {error}.") from error
    if not found.has_entities:
        raise bounds.Unrecognised(f"{extract.path.name}\u00a0: ce JSON n'est pas un fichier FINESS+ (pas de « pmej »).")
    if found.generated_on is None:
        raise bounds.Unrecognised(f"{extract.path.name}\u00a0: ce fichier FINESS+ ne dit pas son jour (generatedAt).")
    if not found.version.startswith(_FIRST_VERSION):
        raise bounds.Unrecognised(
            f"{extract.path.name}\u00a0: schéma FINESS+ « {found.version} ». Cet import connaît la version 1."
        )
    return found


def _top_level(content: Any, reject: Reject, found: Header) -> Iterator[tuple[str, Any]]:
    """The scalars of the top level, up to the entities; the groups go to `found` as they come."""
    builder: Any = None
    count = 0
    for prefix, event, value in ijson.parse(content, use_float=True):
        if builder is not None:
            builder.event(event, value)
            if prefix == "gcc.item" and event == "end_map":
                count += 1
                _keep_group(builder.value, count, reject, found)
                builder = None
        elif prefix == "gcc.item" and event == "start_map":
            builder = ijson.ObjectBuilder()
            builder.event(event, value)
        elif prefix == "pmej" and event == "start_array":
            found.has_entities = True
            return
        elif event in {"string", "number"} and "." not in prefix:
            yield prefix, value


def _refused(extract: reading.Extract, error: Exception) -> bounds.Unrecognised:
    """Why this JSON cannot be read. An integer that its parser cannot hold is no identifier: those are texts."""
    reason = "porte un nombre démesuré" if "overflow" in str(error) else "est incomplet ou abîmé"
    return bounds.Unrecognised(f"{extract.path.name}\u00a0: ce JSON {reason}.")


def _keep_group(item: dict[str, Any], count: int, reject: Reject, found: Header) -> None:
    try:
        if item.get("typeGcc") != _GHT:
            return
        name, code = rows.name(item.get("nomGcc")), str(item.get("gccId") or "")
        if not name or not code or len(code) > 20:
            raise Malformed("groupement sans nom ou sans identifiant")
        members = [
            (str(member["pmSmsseId"]), member.get("typeRoleEntiteGroupe")) for member in item.get("pmejDuGcc") or []
        ]
        support = next((reference for reference, role in members if role == _SUPPORT), None)
        number = str(item.get("numFinessGcc") or "")[:20]
        references = tuple(reference for reference, _ in members)
        if "\0" in "".join((name, code, number, *references)):
            raise Malformed(NUL)
        if any(group.code == code for group in found.groups):
            raise Malformed("groupement déjà lu plus haut dans le fichier")
        found.groups.append(GroupRow(code, number, name, item.get("etatObjet") == "A", support, references))
    except (Malformed, KeyError, TypeError, AttributeError) as reason:
        reject(f"gcc n° {count}", _explained(reason), "")


def read(
    extract: reading.Extract,
    departements: frozenset[str],
    reject: Reject,
    progress: reading.Progress,
    stage: Stage,
) -> None:
    """Every EJ, then its EG, one EJ in memory at a time (the largest has 1,062 EG)."""
    try:
        with reading.opened_bytes(extract) as (raw, content):
            structure = bounds.Structure(content, extract.path.name)
            for count, item in enumerate(ijson.items(structure, "pmej.item", use_float=True), start=1):
                if not count % 200:
                    progress.advance(raw.tell())
                place = f"pmej n° {count}"
                try:
                    row = _entity(item, departements)
                    if not stage.entity(row):
                        raise Malformed(TWICE)
                except (Malformed, KeyError, TypeError, AttributeError) as reason:
                    reject(place, _explained(reason), _number(item, "informationsGeneralesPMEJ", "numFinessPm"))
                    row = None
                _read_sites(item, place, row, departements, reject, stage)
    except _UNREADABLE as error:
        raise _refused(extract, error) from error
    progress.next_file()


def _read_sites(
    item: Any,
    place: str,
    entity: EntityRow | None,
    departements: frozenset[str],
    reject: Reject,
    stage: Stage,
) -> None:
    sites = item.get("ege") if isinstance(item, dict) else None
    for count, site in enumerate(sites if isinstance(sites, list) else [], start=1):
        try:
            if entity is None:
                raise Malformed("son entité juridique est rejetée")
            if not stage.site(_site(site, entity.finess, departements)):
                raise Malformed(TWICE)
        except (Malformed, KeyError, TypeError, AttributeError) as reason:
            number = _number(site, "informationsGeneralesEGE", "numFinessEge")
            reject(f"{place}, ege n° {count}", _explained(reason), number)


def _entity(item: dict[str, Any], departements: frozenset[str]) -> EntityRow:
    about = item["informationsGeneralesPMEJ"]
    place = _address(item, _ENTITY_ADDRESS)
    is_active, closed_on = _state(item, about)
    reference = about.get("pmSmsseId")
    return _clean(
        rows.entity(
            rows.entity_number(about["numFinessPm"]),
            short=rows.name(about.get("denominationPm")),
            long=rows.name(about.get("denominationLonguePmSmsse")),
            legal_status=rows.code(about.get("statutJuridique"), 2, "statut juridique"),
            siren=rows.digits(about.get("siren"), 9),
            address_=_street(place),
            postal_code=(place.get("codePostal") or "")[:5],
            city=(place.get("ligneAcheminement") or "").strip()[:100],
            departement_=_departement(place, departements),
            is_active=is_active,
            closed_on=closed_on,
            reference=None if reference is None else str(reference),
        )
    )


def _site(item: dict[str, Any], entity: str, departements: frozenset[str]) -> SiteRow:
    about = item["informationsGeneralesEGE"]
    place = _address(item, _SITE_ADDRESS)
    is_active, closed_on = _state(item, about)
    short, long = rows.name(about.get("nomEgeCourt")), rows.name(about.get("nomEgeLong"))
    city = (place.get("ligneAcheminement") or "").strip()[:100]
    return _clean(
        SiteRow(
            rows.number(about["numFinessEge"]),
            entity,
            short,
            long,
            rows.code(item.get("categorieentiteGeographiqueExercice"), 4, "catégorie"),
            rows.digits(about.get("siret"), 14),
            _street(place),
            (place.get("codePostal") or "")[:5],
            city,
            _departement(place, departements),
            rows.day(about.get("dateOuverture")),
            is_active,
            closed_on,
            search.line(short, long, city),
        )
    )


def _address(item: dict[str, Any], usage: str) -> dict[str, Any]:
    """The address of that use; a site may have up to 150 others (where it acts, where to write)."""
    addresses = item.get("adresse") or [{}]
    return next((address for address in addresses if address.get("usageAdresse") == usage), addresses[0])


def _street(place: dict[str, Any]) -> str:
    return rows.address(place.get("numeroVoie"), place.get("typeVoie"), place.get("libelleVoie"), place.get("lieuDit"))


def _departement(place: dict[str, Any], departements: frozenset[str]) -> str | None:
    code = rows.commune_departement(place.get("cogCommune"))
    return rows.departement(code, departements, place.get("codePostal") or "")


def _state(item: dict[str, Any], about: dict[str, Any]) -> tuple[bool, date | None]:
    state = item.get("etatObjet")
    if state not in {"A", "I"}:
        raise Malformed(f"état « {state} » inconnu")
    return state == "A", None if state == "A" else rows.day(about.get("dateFermeture"))


def _number(item: Any, part: str, name: str) -> str:
    about = item.get(part) if isinstance(item, dict) else None
    return str(about.get(name) or "") if isinstance(about, dict) else ""


def _clean(row: Row) -> Row:
    if any(isinstance(value, str) and "\0" in value for value in row):
        raise Malformed(NUL)
    return row


def _explained(reason: Exception) -> str:
    if isinstance(reason, Malformed):
        return str(reason)
    return f"élément mal formé ({type(reason).__name__}\u00a0: {reason})"
