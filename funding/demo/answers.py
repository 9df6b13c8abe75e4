"""What the référent of the demonstration answers of his objectives, as a browser would send it."""

from __future__ import annotations

from dossiers.demo.answers import TICKED
from dossiers.demo.applications import FILES, Piece
from dossiers.kinds import Raw

#: (holder, IBAN, BIC) by EJ: right keys, no real account, none shared with another dossier.
BANKS: dict[str, Raw] = {
    "010000404": {"holder": "EHPAD Les Tilleuls", "iban": "FR76 3000 2005 5012 3456 7001 065", "bic": "CRLYFRPP"},
    "010000446": {"holder": "EHPAD Les Saulaies", "iban": "FR76 1027 8060 0012 3456 7012 171", "bic": "CMCIFR2A"},
    "010000453": {
        "holder": "EHPAD La Maison à Soie",
        "iban": "FR76 1470 7000 2012 3456 7023 231",
        "bic": "CCBPFRPPMTZ",
    },
    "010000974": {"holder": "EHPAD de Vernange", "iban": "FR76 1820 6002 1012 3456 7034 308", "bic": "AGRIFRPP882"},
    "010001022": {"holder": "EHPAD Plein Soleil", "iban": "FR76 1380 7006 8012 3456 7045 416", "bic": "CCBPFRPPNAN"},
}
REACHED: Raw = {"value": "reached"}
#: Parcours 1: everything mandatory, in part for one of them, and two of the optional objectives.
OBJECTIVES: dict[str, Raw] = {
    "declaration": TICKED,
    "track": {"value": "1"},
    "finished_on": {"value": "2026-06-30"},
    "diagnosis": REACHED,
    "backups": REACHED,
    "awareness": {"value": "partly"},
    "shortfall": {
        "value": "L'équipe de nuit sera sensibilisée au prochain trimestre\u00a0: son planning l'a empêchée."
    },
    "optional": {"value": ["inventory", "updates"]},
    "team": {"position_1": "Responsable informatique", "work_1": "Pilotage et sauvegardes", "days_1": "14"},
    "steering": {"value": "Un point par mois avec la direction, un compte rendu à chaque fois."},
    "has_providers": {"value": "no"},
    "spent": {"value": "11 250"},
    "lessons": {"value": "Des réunions courtes, au plus près des équipes."},
    "difficulties": {"value": "Le délai de livraison du serveur de sauvegarde."},
    "control_email": {"value": "informatique@exemple.fr"},
    "control_phone": {"value": "04 74 01 02 03"},
}
PROOFS = (
    Piece("diagnosis_files", "Diagnostic OPSSIMS de fin de projet.pdf", FILES / "diagnostic-opssims.pdf"),
    Piece("backups_files", "Plan de sauvegarde et test de restauration.pdf", FILES / "plan-securisation.pdf"),
    Piece("awareness_files", "Feuilles d'émargement.pdf", FILES / "rapport-audit.pdf"),
    Piece("inventory_files", "Inventaire.pdf", FILES / "rapport-audit.pdf"),
    Piece("updates_files", "Suivi des mises à jour.pdf", FILES / "rapport-audit.pdf"),
)
AGREEMENT = Piece("", "Convention signée.pdf", FILES / "lettre-engagement.pdf")
