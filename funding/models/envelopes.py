"""What a guichet says of its money: data of administrators, never code."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

#: Under this amount a convention is optional, unless the guichet says otherwise.
DEFAULT_AGREEMENT_FROM = Decimal("23000.00")


class Envelope(models.Model):
    """The rules of a guichet's subsidies; a guichet without one follows the defaults."""

    guichet = models.OneToOneField("dossiers.Guichet", models.PROTECT, related_name="envelope", verbose_name="guichet")
    agreement_from = models.DecimalField(
        "convention à partir de (€)",
        max_digits=12,
        decimal_places=2,
        default=DEFAULT_AGREEMENT_FROM,
        validators=[MinValueValidator(0, "Un montant ne peut pas être négatif.")],
        help_text="En dessous de ce montant, le vérificateur choisit de faire signer une convention ou non.",
    )

    class Meta:
        verbose_name = "règles de financement"
        verbose_name_plural = "règles de financement"
        ordering = ["guichet_id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(agreement_from__gte=0),
                name="envelope_agreement_not_negative",
                violation_error_message="Un montant ne peut pas être négatif.",
            ),
        ]

    def __str__(self) -> str:
        return f"Financement – {self.guichet}"
