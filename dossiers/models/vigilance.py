"""What the portal tells a verifier to look at twice (I6): worked out behind, kept, examined by people."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone

from dossiers.enums import FlagKind
from dossiers.models.dossiers import DossierStage


class Appraisal(models.Model):
    """When the flags of an étape transmitted were last worked out, and by what another dossier may meet this one."""

    dossier_stage = models.OneToOneField(DossierStage, models.CASCADE, primary_key=True, related_name="appraisal")
    # Null: to be worked out again.
    at = models.DateTimeField("évaluée le", null=True)
    sites = ArrayField(models.CharField(max_length=9), verbose_name="EG candidates", default=list)
    # The keyed fingerprint that stands before an encrypted IBAN: equal when the accounts are, and opens nothing.
    account = models.CharField("empreinte du compte", max_length=40, blank=True, default="")

    class Meta:
        verbose_name = "évaluation de la vigilance"
        verbose_name_plural = "évaluations de la vigilance"
        indexes = [
            GinIndex(fields=["sites"], name="appraisal_sites"),
            models.Index(fields=["account"], condition=~Q(account=""), name="appraisal_account"),
            models.Index(fields=["at"], name="appraisal_due"),
        ]

    def __str__(self) -> str:
        return str(self.dossier_stage_id)


class Flag(models.Model):
    """One point of vigilance on an étape. It blocks nothing. Examined, it stays so until what it says changes."""

    dossier_stage = models.ForeignKey(DossierStage, models.CASCADE, related_name="flags")
    kind = models.CharField("point de vigilance", max_length=20, choices=FlagKind.choices)
    text = models.TextField("explication")
    # References of the dossiers that it is about: shown to those who may read them, and to nobody else.
    others = ArrayField(models.CharField(max_length=10), verbose_name="autres dossiers", default=list)
    raised_at = models.DateTimeField("relevé le", default=timezone.now)
    examined_at = models.DateTimeField("examiné le", null=True)
    examined_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="examiné par"
    )
    note = models.TextField("note", blank=True)

    class Meta:
        verbose_name = "point de vigilance"
        verbose_name_plural = "points de vigilance"
        ordering = ["dossier_stage", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["dossier_stage", "kind"], name="flag_once"),
            models.CheckConstraint(condition=Q(kind__in=FlagKind.values), name="flag_kind_known"),
            models.CheckConstraint(
                condition=Q(examined_at__isnull=True, examined_by__isnull=True, note="")
                | Q(examined_at__isnull=False, examined_by__isnull=False) & ~Q(note=""),
                name="flag_examined_by_somebody",
                violation_error_message="Un point examiné dit par qui, quand, et ce qui a été constaté.",
            ),
        ]
        indexes = [models.Index(fields=["kind", "dossier_stage"], name="flag_kind")]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def is_examined(self) -> bool:
        return self.examined_at is not None
