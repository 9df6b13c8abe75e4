"""What a verifier writes before deciding (I3)."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from dossiers.enums import TextPurpose
from dossiers.models.dossiers import DossierStage
from dossiers.models.guichets import Guichet


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


NAME_TAKEN = "Un texte du même usage porte déjà ce nom\u00a0: choisissez-en un autre."


class TemplateText(models.Model):
    """A text that verifiers start from when they decide (I3), kept by the team. Its fields (`{reference}`…) are those
    of `dossiers.template_texts`."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField("nom", max_length=80)
    purpose = models.CharField("sert à", max_length=30, choices=TextPurpose.choices)
    # Null: every guichet.
    guichet = models.ForeignKey(Guichet, models.CASCADE, null=True, blank=True, related_name="+")
    body = models.TextField("texte", max_length=4000)
    # Counts the changes: nobody overwrites a text that they have not read.
    version = models.PositiveIntegerField(default=1, editable=False)
    changed_at = models.DateTimeField("modifié le")
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="par")

    class Meta:
        verbose_name = "texte type"
        verbose_name_plural = "textes types"
        ordering = ["purpose", "name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["purpose", "guichet", "name"],
                name="template_text_name_once",
                violation_error_message=NAME_TAKEN,
            ),
            models.UniqueConstraint(
                fields=["purpose", "name"],
                condition=Q(guichet__isnull=True),
                name="template_text_general_name_once",
                violation_error_message=NAME_TAKEN,
            ),
            models.CheckConstraint(condition=Q(purpose__in=TextPurpose.values), name="template_text_purpose_known"),
        ]

    def __str__(self) -> str:
        return self.name
