"""Decisions being written (I3): each verifier's own, kept as they type, gone once sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from accounts.models import User
from dossiers.models import DecisionDraft, DossierStage
from dossiers.workflow.table import NotAllowed, Refused, is_actor

#: A decision holds a message and a remark a question: far more than anybody types.
MOST_CHARACTERS = 200_000


def keep(dossier_stage: DossierStage, move: str, *, by: User, content: Mapping[str, str], at: dt.datetime) -> None:
    """Keep what `by` has typed so far; emptied, it is forgotten.

    Raises NotAllowed unless `by` may take that decision, Refused when there is too much of it.
    """
    if not is_actor(move, dossier_stage, by):
        raise NotAllowed
    kept = {name: text.replace("\x00", "") for name, text in content.items() if text.strip()}
    if sum(len(text) for text in kept.values()) > MOST_CHARACTERS:
        raise Refused("Ce brouillon est trop long pour être enregistré\u00a0: raccourcissez-le.")
    if not kept:
        forget(dossier_stage, move, by=by)
        return
    DecisionDraft.objects.update_or_create(
        dossier_stage=dossier_stage, user=by, move=move, defaults={"content": kept, "at": at}
    )


def forget(dossier_stage: DossierStage, move: str, *, by: User) -> None:
    """The decision was sent, or emptied."""
    DecisionDraft.objects.filter(dossier_stage=dossier_stage, user=by, move=move).delete()
