"""The subsidy granted to a dossier (F4)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from funding.enums import AgreementState


class GrantQuerySet(models.QuerySet["Grant"]):
    def with_agreement(self) -> GrantQuerySet:
        """Annotate `agreement_state`, that of the convention in force; null without one."""
        in_force = models.FilteredRelation("agreements", condition=~Q(agreements__state=AgreementState.REPLACED))
        return self.annotate(in_force=in_force).annotate(agreement_state=F("in_force__state"))


class Grant(models.Model):
    """What was granted to a dossier, once and for all: the estimate transmitted, or another amount with its reason.

    What may be paid of it moves: `workflow.payable` alone writes `ceiling` and `payable`.
    """

    dossier = models.OneToOneField("dossiers.Dossier", models.PROTECT, related_name="grant", verbose_name="dossier")
    # The étape validated, and what was read to grant.
    dossier_stage = models.ForeignKey("dossiers.DossierStage", models.PROTECT, related_name="+", verbose_name="étape")
    transmission = models.ForeignKey(
        "dossiers.Transmission", models.PROTECT, related_name="+", verbose_name="transmission"
    )
    estimated = models.DecimalField("estimation transmise (€)", max_digits=12, decimal_places=2)
    amount = models.DecimalField("montant accordé (€)", max_digits=12, decimal_places=2)
    reason = models.TextField("motif de la correction", blank=True)
    # What it may still reach: the amount, lowered by a control (Q&A 4.2).
    ceiling = models.DecimalField("montant après contrôle (€)", max_digits=12, decimal_places=2)
    # What the accepted objectives let be paid today (Q&A 3.5).
    payable = models.DecimalField("montant payable (€)", max_digits=12, decimal_places=2)
    needs_agreement = models.BooleanField("convention à signer")
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="accordée par"
    )
    granted_at = models.DateTimeField("accordée le", default=timezone.now)

    objects = GrantQuerySet.as_manager()

    class Meta:
        verbose_name = "subvention accordée"
        verbose_name_plural = "subventions accordées"
        ordering = ["-granted_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0),
                name="grant_amount_positive",
                violation_error_message="Le montant accordé est supérieur à zéro.",
            ),
            models.CheckConstraint(condition=Q(estimated__gte=0), name="grant_estimate_not_negative"),
            models.CheckConstraint(
                condition=Q(amount=F("estimated"), reason="") | (~Q(amount=F("estimated")) & ~Q(reason="")),
                name="grant_corrected_with_a_reason",
                violation_error_message="Un montant qui n'est pas l'estimation porte son motif, et lui seul.",
            ),
            models.CheckConstraint(
                condition=Q(payable__gte=0, payable__lte=F("ceiling"), ceiling__lte=F("amount")),
                name="grant_payable_within_its_amount",
                violation_error_message="Ce qui est payable ne dépasse pas ce qui est accordé.",
            ),
        ]
        indexes = [models.Index(fields=["-granted_at", "-id"], name="grant_recent")]

    def __str__(self) -> str:
        return f"Subvention {self.dossier_id}"

    @property
    def is_corrected(self) -> bool:
        return self.amount != self.estimated
