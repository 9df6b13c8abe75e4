"""The words by which instruction finds a dossier."""

from __future__ import annotations

from dossiers.models import Dossier, DossierStage
from establishments import search as establishments_search


def refresh(dossier_stage: DossierStage) -> None:
    """Write again the search text of a dossier: reference, raison sociale, FINESS EJ and EG, référent.

    Each word is preceded by a space, so that the trigram index finds the beginning of any of them.
    """
    dossier = dossier_stage.dossier
    entity, referent = dossier.legal_entity, dossier.referent
    perimeter = dossier_stage.answers.filter(code=dossier_stage.revision.perimeter_question).first()
    sites = (perimeter.value or {}).get("sites", []) if perimeter else []
    words = [
        dossier.reference,
        entity.finess,
        entity.name,
        entity.long_name,
        referent.full_name,
        referent.email,
        *(site["finess"] for site in sites),
    ]
    text = establishments_search.searchable(*words)
    Dossier.objects.filter(pk=dossier.pk).update(search_text=text)
