"""A guichet with one question of each kind: what it asks, what may be answered, and what is wrong."""

from __future__ import annotations

from typing import Any

from dossiers.kinds import Raw
from dossiers.models import DossierStage
from establishments.models import LegalEntity
from tests.dossiers import factories
from tests.establishments.factories import GeographicEntityFactory, LegalEntityFactory

#: In the order of the page: kind → (label, what else the question says).
ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "commitment": ("Je m'engage à tenir ce dossier à jour.", {}),
    "single_choice": (
        "Quel est votre rôle ?",
        {
            "options": {
                "choices": [
                    {"value": "ciso", "label": "RSSI"},
                    {"value": "cio", "label": "DSI ou responsable informatique"},
                    {"value": "other", "label": "Autre", "text": True},
                ]
            }
        },
    ),
    "multiple_choice": (
        "Quels travaux sont engagés ?",
        {
            "options": {
                "choices": [
                    {"value": "audit", "label": "Audit technique"},
                    {"value": "backup", "label": "Sauvegardes"},
                    {"value": "training", "label": "Sensibilisation"},
                ]
            }
        },
    ),
    "short_text": ("Nom du projet", {"options": {"max_length": 60}}),
    "long_text": ("Décrivez le projet", {"help": "Quelques phrases suffisent."}),
    "number": ("Effectif concerné", {"options": {"decimals": 1, "unit": "ETP", "min": 1, "max": 5000}}),
    "amount": ("Budget demandé", {"options": {"max": 250_000}}),
    "date": ("Date de début du projet", {"options": {"not_before": "2026-01-01"}}),
    "email": ("Adresse de la boîte de l'équipe", {}),
    "phone": ("Téléphone de l'astreinte", {}),
    "table": (
        "Dépenses prévues",
        {
            "help": "Une ligne par dépense.",
            "options": {
                "columns": [
                    {"code": "item", "label": "Poste", "kind": "text"},
                    {"code": "nature", "label": "Nature", "kind": "choice", "choices": ["Achat", "Prestation"]},
                    {"code": "on", "label": "Date", "kind": "date"},
                    {"code": "cost", "label": "Montant", "kind": "amount"},
                ],
                "max_rows": 8,
            },
        },
    ),
    "aids": ("Aides de minimis déjà perçues", {"mandatory": False, "help": "Sur les trois derniers exercices."}),
    "contact": ("Contact technique", {}),
    "perimeter": ("Entités géographiques candidates", {"options": {"other_entities": True}}),
    "files": ("Lettre d'engagement de la direction", {"options": {"files": {"max_files": 2}}}),
    "bank": ("Coordonnées bancaires", {"options": {"files": {"extensions": ["pdf"], "max_files": 1}}}),
}
QUESTIONS = [
    {"code": kind, "kind": kind, "label": label, "short_label": label.rstrip("? ."), **fields}
    for kind, (label, fields) in ASKED.items()
]
SPENDING: Raw = {
    "item_1": "Pare-feu",
    "nature_1": "Achat",
    "on_1": "2026-03-15",
    "cost_1": "12 500,50",
    "item_2": "Audit d'exposition sur Internet",
    "nature_2": "Prestation",
    "on_2": "2026-09-01",
    "cost_2": "8000",
}
RIGHT: dict[str, Raw] = {
    "commitment": {"value": "on"},
    "single_choice": {"value": "other", "text": "Chargée de mission"},
    "multiple_choice": {"value": ["audit", "backup"]},
    "short_text": {"value": "Reprise d'activité"},
    "long_text": {"value": "Des sauvegardes hors ligne,\net leur test chaque trimestre."},
    "number": {"value": "1 250,5"},
    "amount": {"value": "102 000,40 €"},
    "date": {"value": "2026-06-01"},
    "email": {"value": "equipe@exemple.fr"},
    "phone": {"value": "+262 262 12 34 56"},
    "table": SPENDING,
    "aids": {"date_1": "2025-03-15", "amount_1": "12 500,50", "body_1": "ARS", "basis_1": "Règlement 2023/2831"},
    "contact": factories.contact(),
    "bank": {"holder": "Association Les Tilleuls", "iban": factories.IBAN, "bic": factories.BIC},
}
WRONG: dict[str, Raw] = {
    "single_choice": {"value": "inconnu"},
    "multiple_choice": {"value": ["inconnu"]},
    "short_text": {"value": "x" * 61},
    "long_text": {"value": "x" * 5001},
    "number": {"value": "beaucoup"},
    "amount": {"value": "300 000"},
    "date": {"value": "2025-06-01"},
    "email": {"value": "equipe"},
    "phone": {"value": "0123"},
    "table": {**SPENDING, "cost_2": "beaucoup", "on_1": "2026-02-31"},
    "aids": {"date_1": "2025-03-15", "amount_1": "0", "body_1": "ARS", "basis_1": "Règlement 2023/2831"},
    "contact": factories.contact(phone="12", email="zoe"),
    "bank": {"holder": "Association", "iban": "FR76", "bic": "?"},
}


def draft() -> tuple[DossierStage, LegalEntity]:
    """A blank dossier of this guichet, and another EJ that may join its perimeter."""
    stage = factories.guichet(code="toutes-natures", questions=QUESTIONS).stages.get()
    other = LegalEntityFactory(name="GCSMS DES GLYCINES")
    for name in ("FOYER DES GLYCINES", "IME LE CHÊNE"):
        GeographicEntityFactory(legal_entity=other, name=name, city="LYON")
    return factories.draft(stage=stage, sites=2), other


def fill(stage: DossierStage, other: LegalEntity) -> DossierStage:
    """Everything answered, the perimeter over both EJ, every slot with its file."""
    sites = sorted(
        site for entity in (stage.dossier.legal_entity, other) for site in entity.sites.values_list("finess", flat=True)
    )
    perimeter: Raw = {"entities": [other.finess], "sites": sites, "equipped": sites[:3]}
    factories.save(stage, **RIGHT, perimeter=perimeter)
    factories.deposit(stage, factories.pdf(), "files")
    factories.deposit(stage, factories.pdf("RIB.pdf"), "bank")
    return factories.fresh(stage)
