"""What was decided of each objective (F5)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from funding.enums import ObjectiveState


class ObjectiveDecision(models.Model):
    """An objective accepted or refused. It may change until its étape is decided, one version after the other: the
    database refuses it afterwards."""

    dossier_stage = models.ForeignKey(
        "dossiers.DossierStage", models.PROTECT, related_name="objective_decisions", verbose_name="étape"
    )
    code = models.SlugField("code de l'objectif", max_length=40)
    state = models.CharField("décision", max_length=10, choices=ObjectiveState.choices)
    reason = models.TextField("motif du refus", blank=True)
    # What it was decided on: the answer and the proofs (`funding.objectives.Reply.seen`).
    seen = models.CharField("empreinte", max_length=64)
    version = models.PositiveIntegerField("version", default=1)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="décidé par"
    )
    decided_at = models.DateTimeField("décidé le", default=timezone.now)

    class Meta:
        verbose_name = "décision sur un objectif"
        verbose_name_plural = "décisions sur les objectifs"
        ordering = ["dossier_stage_id", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["dossier_stage", "code"], name="objective_decided_once"),
            models.CheckConstraint(condition=Q(state__in=ObjectiveState.values), name="objective_state_known"),
            models.CheckConstraint(
                condition=Q(state=ObjectiveState.ACCEPTED, reason="")
                | (Q(state=ObjectiveState.REFUSED) & ~Q(reason="")),
                name="objective_refused_with_a_reason",
                violation_error_message="Un objectif refusé porte le motif du refus, et lui seul.",
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="objective_version_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.code}, {self.state_label.lower()}"

    @property
    def state_label(self) -> str:
        return ObjectiveState(self.state).label
