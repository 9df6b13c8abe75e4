"""The texts that decisions start from (I3)."""

from __future__ import annotations

from django.db.models import Q

from dossiers.enums import TextPurpose
from dossiers.models import Batch, DossierStage, TemplateText


def team_texts() -> list[TemplateText]:
    """All of them, purpose by purpose: 1 query."""
    texts = TemplateText.objects.select_related("guichet", "changed_by").order_by("guichet__position", "name", "pk")
    return sorted(texts, key=lambda text: TextPurpose.values.index(text.purpose))


def texts_for(dossier_stage: DossierStage, move: str) -> dict[str, list[TemplateText]]:
    """Those that a decision may start from, by purpose: 1 query. Those of the guichet come first."""
    purposes = [move, TextPurpose.REMARK] if move == TextPurpose.MODIFICATION else [move]
    here = Q(guichet=dossier_stage.dossier.guichet_id)
    found = TemplateText.objects.filter(here | Q(guichet=None), purpose__in=purposes)
    texts = list(found.order_by("guichet_id", "name", "pk"))  # PostgreSQL puts those of every guichet last
    return {purpose: [text for text in texts if text.purpose == purpose] for purpose in purposes}


def texts_for_batch(batch: Batch) -> list[TemplateText]:
    """Those that the words of a batch may start from: of every guichet, and of the only one that it is about when there
    is but one: 2 queries, none when it says nothing."""
    if batch.action not in TextPurpose.values:
        return []
    guichets = list(batch.items.values_list("dossier_stage__dossier__guichet", flat=True).distinct()[:2])
    shared = Q(guichet=None) | Q(guichet__in=guichets) if len(guichets) == 1 else Q(guichet=None)
    return list(TemplateText.objects.filter(shared, purpose=batch.action).order_by("guichet_id", "name", "pk"))
