"""What the applicants of the demonstration type in the form of the POC, as a browser would send it."""

from __future__ import annotations

import datetime as dt

from dossiers.kinds import Raw
from establishments import queries as establishments_queries
from establishments.models import LegalEntity

TICKED: Raw = {"value": "on"}
#: (IBAN, BIC): right keys, no real account.
BANKS = (
    ("FR76 3000 6000 0112 3456 7890 189", "AGRIFRPP"),
    ("FR14 2004 1010 0505 0001 3M02 606", "PSSTFRPP"),
    ("FR76 3000 4008 2800 0101 2345 691", "BNPAFRPP"),
    ("FR76 1010 7001 1800 9270 1234 541", "BREDFRPP"),
    ("FR76 1670 6050 4653 9123 4567 813", "AGRIFRPP867"),
    ("FR76 1444 5202 0008 0012 3456 771", "CEPAFRPP444"),
    ("FR76 1558 9297 0201 2345 6784 008", "CMBRFR2B"),
)


def contact(civility: str, first_name: str, last_name: str, position: str, phone: str) -> Raw:
    email = f"{first_name}.{last_name}@exemple.fr".lower().replace("é", "e").replace("ï", "i")
    return {
        "civility": civility,
        "first_name": first_name,
        "last_name": last_name,
        "position": position,
        "email": email,
        "phone": phone,
    }


#: What the référent changes when a modification is requested.
CORRECTION: dict[str, Raw] = {
    "contact_signatory": contact("madame", "Anaïs", "Rousseau", "Présidente", "01 23 45 67 92"),
    "comment": {"value": "Le diagnostic couvre désormais les services à domicile."},
}
#: A morning's work: half of it, and a bank account that still waits for its RIB.
HALF_FILLED: dict[str, Raw] = {
    "commitment": TICKED,
    "applicant_kind": {"value": "essms"},
    "track": {"value": "1"},
    "applicant_type": {"value": "nonprofit"},
    "referent_role": {"value": "quality"},
    "contact_commitment": TICKED,
    "prerequisite_1": TICKED,
    "contact_ciso": contact("madame", "Nadia", "Caron", "RSSI mutualisée", "01 23 45 67 89"),
    "bank": {"holder": "Association d'accueil", "iban": "FR76 3000 6000 0112 3456 7890 189", "bic": "AGRIFRPP"},
}


def doubtful(today: dt.date) -> dict[str, Raw]:
    """What raises points of vigilance: a hospital nearby, works financed already, aids near the ceiling, and the bank
    account of another EJ."""
    iban, bic = BANKS[3]
    return {
        "applicant_type": {"value": "hospital"},
        "perimeter_separation": {
            "value": "Deux réseaux distincts, reliés par un seul pare-feu que l'hôpital administre."
        },
        "care_funding": {"value": "Domaine 1 : 24 000 € pour l'audit de l'annuaire de l'hôpital, que nous partageons"},
        "de_minimis": {
            "date_1": str(today - dt.timedelta(days=400)),
            "amount_1": "295 000",
            "body_1": "Conseil régional",
            "basis_1": "Règlement (UE) 2023/2831",
        },
        "bank": {"holder": "Résidence Fontelune", "iban": iban, "bic": bic},
    }


def complete(legal_entity: LegalEntity, number: int) -> dict[str, Raw]:
    """A complete form: every ESSMS of the EJ, all but the last equipped, with the `number`-th bank account."""
    sites = [site for site in establishments_queries.active_sites(legal_entity) if site.is_essms]
    finess = [site.finess for site in sites]
    regions = sorted({site.region_id for site in sites if site.region_id})
    iban, bic = BANKS[number % len(BANKS)]
    answers: dict[str, Raw] = {
        "commitment": TICKED,
        "applicant_kind": {"value": "essms" if len(sites) == 1 else "og"},
        "track": {"value": "1"},
        "applicant_type": {"value": "nonprofit"},
        "perimeter": {"sites": [*finess], "equipped": [*(finess[:-1] or finess)]},
        "referent_role": {"value": "project"},
        "contact_commitment": TICKED,
        "prerequisite_1": TICKED,
        "prerequisite_2": TICKED,
        "prerequisite_3": TICKED,
        "framework_commitment": TICKED,
        "contact_ciso": contact("madame", "Nadia", "Caron", "RSSI mutualisée", "01 23 45 67 89"),
        "contact_cio": contact("monsieur", "Éric", "Marchand", "Directeur informatique", "01 23 45 67 90"),
        "contact_signatory": contact("monsieur", "Luc", "Perrin", "Directeur adjoint", "01 23 45 67 91"),
        "bank": {"holder": legal_entity.display_name, "iban": iban, "bic": bic},
    }
    if len(regions) > 1:
        answers["reference_regions"] = {"value": regions[:1]}
    return answers
