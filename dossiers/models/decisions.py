"""What a verifier writes before deciding (I3)."""

from django.conf import settings
from django.db import models

from dossiers.models.dossiers import DossierStage


class DecisionDraft(models.Model):
    """A decision being written by somebody on an étape: theirs alone, until it is sent or emptied."""

    dossier_stage = models.ForeignKey(DossierStage, models.CASCADE, related_name="decision_drafts")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    move = models.CharField("décision", max_length=30)
    # What was typed, by the name of its field.
    content = models.JSONField("saisie", default=dict)
    at = models.DateTimeField("enregistré le")

    class Meta:
        verbose_name = "décision en préparation"
        verbose_name_plural = "décisions en préparation"
        constraints = [models.UniqueConstraint(fields=["dossier_stage", "user", "move"], name="decision_draft_once")]

    def __str__(self) -> str:
        return f"{self.dossier_stage_id} – {self.move}"
