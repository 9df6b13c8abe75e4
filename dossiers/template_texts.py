"""The fields that a text prepared by the team may name, and what they become in a dossier (I3).

They are replaced one by one, and nothing else is read in braces: no attribute is followed, nothing is evaluated.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

from dossiers.enums import TextPurpose
from dossiers.models import DossierStage
from ecare import french

#: The date is known once the verifier has chosen it: it is replaced when the decision is read or sent.
DUE_DATE = "echeance"
FIELDS = {
    "reference": "la référence du dossier",
    "raison_sociale": "la raison sociale de l'entité juridique",
    "finess": "son numéro FINESS",
    "guichet": "le nom du guichet",
    "etape": "le nom de l'étape",
    "referent": "le prénom et le nom du référent",
    DUE_DATE: "la date limite de la correction, avec l'heure",
}
#: The decisions that set a due date.
WITH_DUE_DATE = frozenset({TextPurpose.MODIFICATION, TextPurpose.REMARK})
FIELD = re.compile(r"\{([^{}]*)\}")


def offered(purpose: str) -> dict[str, str]:
    """The fields of a text that serves there, with what each becomes, in words."""
    return {name: words for name, words in FIELDS.items() if name != DUE_DATE or purpose in WITH_DUE_DATE}


def flaw(body: str, purpose: str) -> str:
    """What is wrong with the fields of a text, in a French sentence; blank when nothing is."""
    known = offered(purpose)
    names = ", ".join(f"{{{name}}}" for name in known)
    for name in FIELD.findall(body):
        if name == DUE_DATE and DUE_DATE not in known:
            return (
                f"Le champ {french.quoted('{echeance}')} n'existe que pour une demande de modification ou une "
                "remarque\u00a0: retirez-le."
            )
        if name not in known:
            return f"Le champ {french.quoted(f'{{{name}}}')} n'existe pas\u00a0: utilisez l'un de ceux-ci, {names}."
    if set("{}") & set(FIELD.sub("", body)):
        return f"Une accolade n'est pas fermée, ou n'est pas ouverte\u00a0: les champs s'écrivent {names}."
    return ""


def filled(body: str, dossier_stage: DossierStage) -> str:
    """The text of a dossier: every field but the due date, which is not chosen yet."""
    dossier = dossier_stage.dossier
    return _replaced(
        body,
        {
            "reference": dossier.reference,
            "raison_sociale": dossier.legal_entity.display_name,
            "finess": dossier.legal_entity.finess,
            "guichet": dossier.guichet.short_title,
            "etape": dossier_stage.stage.title,
            "referent": dossier.referent.full_name,
        },
    )


def dated(text: str, due_at: dt.datetime) -> str:
    """The text with its due date. `due_at` is the first instant refused."""
    return _replaced(text, {DUE_DATE: french.until(due_at)})


def _replaced(text: str, values: Mapping[str, str]) -> str:
    return FIELD.sub(lambda found: values.get(found[1], found[0]), text)
