"""Small extracts, written as FINESS publishes them, one row changed at a time."""

import json
from typing import Any

HEADER = "finess;etalab;93;2026-08-13"
CSV_ENTITY = (
    "structureej;{finess};{name};{name};;5;R;DU LYCEE;;;;053;01000 BOURG EN BRESSE;{departement};AIN;;60;"
    "Association Loi 1901 non Reconnue d'Utilité Publique;;;779309194;8710B;2001-01-01"
)
CSV_SITE = (
    "structureet;{finess};{entity};{name};{name};;;5;R;DU LYCEE;;;053;{departement};AIN;01000 BOURG EN BRESSE;;;"
    "{category};{label};4106;Services;77930919400024;;34;;;;2020-01-01;2020-05-26;2023-05-02;"
)


def csv_entity(finess: str, name: str = "ASSOCIATION", departement: str = "01") -> str:
    return CSV_ENTITY.format(finess=finess, name=name, departement=departement)


def csv_site(
    finess: str,
    entity: str,
    name: str = "SESSAD",
    *,
    category: str = "182",
    label: str = "Service",
    departement: str = "01",
) -> str:
    return CSV_SITE.format(
        finess=finess, entity=entity, name=name, category=category, label=label, departement=departement
    )


def plus(*entities: dict[str, Any], groups: tuple[dict[str, Any], ...] = (), **top: Any) -> bytes:
    """A FINESS+ file."""
    content = {"schemaVersion": "v1.0.0", "generatedAt": "2026-08-13T02:07:30.57Z", "gco": [], "gcc": list(groups)}
    return json.dumps({**content, "pmej": list(entities), **top}, ensure_ascii=False).encode()


def plus_entity(finess: str, *sites: dict[str, Any], state: str = "A", name: str = "ASSOCIATION") -> dict[str, Any]:
    return {
        "informationsGeneralesPMEJ": {
            "pmSmsseId": f"pm{finess}",
            "denominationPm": name,
            "denominationLonguePmSmsse": name,
            "numFinessPm": finess,
            "siren": "779309194",
            "statutJuridique": "60",
            "dateFermeture": None if state == "A" else "2025-06-30",
        },
        "adresse": [_address("02")],
        "ege": list(sites),
        "etatObjet": state,
    }


def plus_site(finess: str, *, state: str = "A", name: str = "SESSAD", category: str = "182") -> dict[str, Any]:
    return {
        "informationsGeneralesEGE": {
            "dateFermeture": None if state == "A" else "2025-06-30",
            "dateOuverture": "2020-01-01",
            "nomEgeCourt": name,
            "nomEgeLong": name,
            "numFinessEge": finess,
            "siret": "77930919400024",
        },
        "categorieentiteGeographiqueExercice": category,
        "adresse": [_address("04", cogCommune="2A004"), _address("03")],
        "etatObjet": state,
    }


def group(code: str, *members: tuple[str, str], kind: str = "001", state: str = "A") -> dict[str, Any]:
    """A `gcc`; members: FINESS number of an EJ and its role, S for the support."""
    return {
        "gccId": code,
        "nomGcc": "21-52 Côte d'Or-Haute-Marne",
        "typeGcc": kind,
        "numFinessGcc": "49824516535",
        "pmejDuGcc": [{"pmSmsseId": f"pm{finess}", "typeRoleEntiteGroupe": role} for finess, role in members],
        "etatObjet": state,
    }


def _address(usage: str, **changes: str) -> dict[str, Any]:
    return {
        "usageAdresse": usage,
        "numeroVoie": "5",
        "typeVoie": "R   ",
        "libelleVoie": "DU LYCEE",
        "lieuDit": None,
        "cogCommune": "01053",
        "ligneAcheminement": "BOURG EN BRESSE",
        "codePostal": "01000",
        **changes,
    }
