"""Where each subsidy stands, kept flat by PostgreSQL for the list of those who instruct (docs/adr/0049).

Nobody writes this table by hand: triggers on what it is made of do (migration 0023).
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from funding.enums import GrantStep


class SubsidyStep(models.Model):
    """What a validated étape that carries a subsidy waits for: one row each, none for the others."""

    dossier_stage = models.OneToOneField(
        "dossiers.DossierStage",
        models.DO_NOTHING,
        primary_key=True,
        related_name="subsidy_step",
        db_constraint=False,
        verbose_name="étape",
    )
    guichet = models.ForeignKey(
        "dossiers.Guichet",
        models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name="guichet",
    )
    step = models.CharField("étape de la subvention", max_length=12, choices=GrantStep.choices)
    #: When the étape was validated: the list is in that order.
    decided_at = models.DateTimeField("validée le")

    class Meta:
        verbose_name = "étape d'une subvention"
        verbose_name_plural = "étapes des subventions"
        constraints = [models.CheckConstraint(condition=Q(step__in=GrantStep.values), name="subsidy_step_known")]
        indexes = [
            models.Index(fields=["step", "decided_at", "dossier_stage"], name="subsidy_step_listed"),
            models.Index(fields=["guichet", "step"], name="subsidy_step_guichet"),
        ]

    def __str__(self) -> str:
        return f"{self.dossier_stage_id}: {self.step}"
