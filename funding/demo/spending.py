"""What the référent of the demonstration spent: the lines of his trames financières, by EJ (F6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.utils import timezone

from dossiers.demo.applications import FILES, Piece
from funding.demo import answers
from funding.enums import ExpenseNature as Nature
from funding.expense_rules import Entry

_, CHECKED, PRESENTED, CONTROLLED, PAID = answers.BANKS
#: No expense is later than the end of the project that its étape declares.
FINISHED_ON = dt.date.fromisoformat(str(answers.OBJECTIVES["finished_on"]["value"]))
LETTER = "LM-03"
WITH_FILES = "Technicienne informatique, 10 jours d'installation et de tests"
#: The files of that line.
PROOFS = {
    "proof_file": Piece("", "Relevé de temps.pdf", FILES / "rapport-audit.pdf"),
    "letter_file": Piece("", "Lettre de mission.pdf", FILES / "lettre-engagement.pdf"),
}

#: (objective, nature, label, euros, days before the end, proof, mission letter). Once the project is over, its lines
#: add up to what the étape declares.
LINES: Mapping[str, Sequence[tuple[str, Nature, str, str, int, str, str]]] = {
    CHECKED: (
        ("backups", Nature.EQUIPMENT, "Disques de sauvegarde", "1290", 12, "Facture 4471", ""),
        ("diagnosis", Nature.SERVICE, "Diagnostic OPSSIMS, acompte", "720", 5, "", ""),
    ),
    PRESENTED: (
        ("diagnosis", Nature.SERVICE, "Diagnostic OPSSIMS de fin de projet", "2400", 9, "Facture F-118", ""),
        ("backups", Nature.EQUIPMENT, "Serveur de sauvegarde", "3890", 74, "Facture 0447", ""),
        ("backups", Nature.STAFF, "Responsable informatique, 14 jours", "3010", 30, "Relevé de temps", LETTER),
        ("awareness", Nature.TRAINING, "Ateliers sur l'hameçonnage, deux équipes", "1250", 41, "Facture A-26", ""),
        ("inventory", Nature.SOFTWARE, "Outil d'inventaire, un an", "340", 66, "Facture 90312", ""),
        ("updates", Nature.SOFTWARE, "Gestion des mises à jour, 24 postes", "360", 52, "Facture 90313", ""),
    ),
    CONTROLLED: (
        ("diagnosis", Nature.SERVICE, "Diagnostic OPSSIMS de fin de projet", "2600", 14, "Facture F-121", ""),
        ("backups", Nature.EQUIPMENT, "Serveur de sauvegarde et onduleur", "4320", 83, "Facture 0502", ""),
        ("backups", Nature.SERVICE, "Test de restauration", "980", 21, "Facture R-07", ""),
        ("awareness", Nature.TRAINING, "Sensibilisation de 28 professionnels", "1100", 35, "Facture A-31", ""),
        ("awareness", Nature.STAFF, "Référente sécurité, 5 jours", "1000", 34, "Relevé de temps", LETTER),
        ("inventory", Nature.SOFTWARE, "Outil d'inventaire, un an", "550", 70, "Facture 90377", ""),
        ("updates", Nature.SOFTWARE, "Gestion des mises à jour, 40 postes", "700", 55, "Facture 90378", ""),
    ),
    PAID: (
        ("diagnosis", Nature.SERVICE, "Diagnostic OPSSIMS de fin de projet", "2150", 11, "Facture F-102", ""),
        ("backups", Nature.EQUIPMENT, "Deux unités de sauvegarde et leurs disques", "3480.50", 88, "Facture 0391", ""),
        ("backups", Nature.SOFTWARE, "Licences de sauvegarde, un an", "1129.50", 87, "Facture 0392", ""),
        ("backups", Nature.STAFF, WITH_FILES, "2050", 60, "", ""),
        ("awareness", Nature.TRAINING, "Formation de 32 professionnels", "1440", 44, "Facture A-19", ""),
        ("awareness", Nature.OTHER, "Affiches et mémos", "150", 47, "Facture I-88", ""),
        ("inventory", Nature.STAFF, "Cadre de santé, 3 jours de recensement", "600", 72, "Relevé de temps", ""),
        ("updates", Nature.SERVICE, "Mise à jour des postes", "250", 39, "Facture M-12", ""),
    ),
}


def entries(finess: str) -> list[Entry]:
    """The lines of an EJ, none after today."""
    end = min(FINISHED_ON, timezone.localdate())
    return [
        Entry(objective, nature, label, Decimal(euros), end - dt.timedelta(days=days), proof, letter)
        for objective, nature, label, euros, days, proof, letter in LINES[finess]
    ]
