"""The texts that the team of the demonstration starts its decisions from (I3)."""

from __future__ import annotations

from accounts.models import User
from dossiers import workflow
from dossiers.enums import TextPurpose
from dossiers.models import Guichet

TEXTS = (
    (
        TextPurpose.MODIFICATION,
        "Pièces à compléter",
        "",
        (
            "Votre dossier {reference} ({raison_sociale}) est presque complet. Nous vous remercions d'y apporter les "
            "corrections indiquées à côté des réponses concernées, puis de le transmettre à nouveau au plus tard le "
            "{echeance}."
        ),
    ),
    (
        TextPurpose.MODIFICATION,
        "Diagnostics OPSSIMS manquants",
        "poc-essms",
        (
            "Le guichet {guichet} demande un diagnostic OPSSIMS, dans sa version du 26 janvier 2026, pour chaque "
            "entité juridique du périmètre. Il en manque dans votre dossier\u00a0: joignez-les au plus tard le "
            "{echeance}."
        ),
    ),
    (
        TextPurpose.REMARK,
        "Pièce illisible",
        "",
        "Ce document ne peut pas être lu en entier\u00a0: déposez-en une copie complète et nette.",
    ),
    (
        TextPurpose.REMARK,
        "Périmètre à justifier",
        "poc-essms",
        "Cet établissement figure déjà dans un autre dossier\u00a0: retirez-le, ou expliquez pourquoi il vous revient.",
    ),
    (
        TextPurpose.VALIDATION,
        "Félicitations",
        "",
        "L'équipe d'instruction vous remercie de la qualité de votre dossier et vous souhaite un beau projet.",
    ),
    (
        TextPurpose.REJECTION,
        "Entité non éligible",
        "poc-essms",
        (
            "{raison_sociale} (FINESS {finess}) n'entre pas dans le champ du guichet {guichet}, réservé aux "
            "établissements et services de l'article L.312-1 du code de l'action sociale et des familles."
        ),
    ),
)


def write(*, by: User) -> None:
    for purpose, name, guichet, body in TEXTS:
        workflow.texts.save(
            None,
            by=by,
            name=name,
            purpose=purpose,
            guichet=Guichet.objects.get(code=guichet) if guichet else None,
            body=body,
        )
