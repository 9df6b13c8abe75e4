"""What a guichet says of its money: data of administrators, never code."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

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

    # When what was spent may be told, and until when (F6); the day itself is included.
    expenses_from = models.DateField(
        "dépenses à partir du",
        null=True,
        blank=True,
        help_text="Une dépense plus ancienne est refusée dans la trame financière. Vide\u00a0: pas de date.",
    )
    expenses_until = models.DateField(
        "trame financière jusqu'au",
        null=True,
        blank=True,
        help_text="Dernier jour de saisie par les lauréats. Vide\u00a0: jusqu'à la clôture de chaque trame.",
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
            models.CheckConstraint(
                condition=Q(expenses_from=None) | Q(expenses_until=None) | Q(expenses_until__gte=F("expenses_from")),
                name="envelope_expenses_end_after_they_begin",
                violation_error_message="La fin de la trame financière vient avant son début.",
            ),
        ]

    def __str__(self) -> str:
        return f"Financement – {self.guichet}"
