"""What a guichet says of its money: data of administrators, never code."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

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

    budget = models.DecimalField(
        "budget (€)",
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.01"), "Saisissez un budget supérieur à zéro, ou laissez vide.")],
        help_text="Les responsables sont prévenus à 80\u00a0%, puis à 95\u00a0%. Vide\u00a0: pas de suivi.",
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
                condition=Q(budget=None) | Q(budget__gt=0),
                name="envelope_budget_positive",
                violation_error_message="Un budget est supérieur à zéro.",
            ),
            models.CheckConstraint(
                condition=Q(expenses_from=None) | Q(expenses_until=None) | Q(expenses_until__gte=F("expenses_from")),
                name="envelope_expenses_end_after_they_begin",
                violation_error_message="La fin de la trame financière vient avant son début.",
            ),
        ]

    def __str__(self) -> str:
        return f"Financement – {self.guichet}"


class Consumption(models.Model):
    """What a budget has become, in euros: `workflow.envelopes` alone counts it, every ten minutes, and writes it."""

    envelope = models.OneToOneField(Envelope, models.CASCADE, related_name="consumption", verbose_name="enveloppe")
    #: As the budget was when it was counted.
    budget = models.DecimalField("budget (€)", max_digits=14, decimal_places=2)
    in_instruction = models.DecimalField("estimé en instruction (€)", max_digits=14, decimal_places=2)
    to_grant = models.DecimalField("validé, à accorder (€)", max_digits=14, decimal_places=2)
    #: What the subsidies granted still hold, and what they no longer do: see `queries.envelopes.held`.
    granted = models.DecimalField("accordé (€)", max_digits=14, decimal_places=2)
    released = models.DecimalField("accordé, revenu au budget (€)", max_digits=14, decimal_places=2)
    paid = models.DecimalField("versé (€)", max_digits=14, decimal_places=2)
    #: The threshold reached, in percent; the highest one that the leads were told of, for this budget.
    level = models.PositiveSmallIntegerField("seuil atteint (%)")
    told = models.PositiveSmallIntegerField("seuil annoncé (%)")
    at = models.DateTimeField("compté le")

    class Meta:
        verbose_name = "consommation d'une enveloppe"
        verbose_name_plural = "consommation des enveloppes"

    def __str__(self) -> str:
        return f"{self.envelope_id}: {self.level} %"

    @property
    def committed(self) -> Decimal:
        """What is asked and not granted yet."""
        return self.in_instruction + self.to_grant

    @property
    def used(self) -> Decimal:
        return self.committed + self.granted

    @property
    def to_pay(self) -> Decimal:
        """What is granted and not paid yet."""
        return self.granted - self.paid

    @property
    def left(self) -> Decimal:
        return max(self.budget - self.used, Decimal(0))

    @property
    def excess(self) -> Decimal:
        return max(self.used - self.budget, Decimal(0))

    @property
    def reached(self) -> str:
        """« Seuil de 80 % atteint », or that there is no budget left."""
        if self.excess:
            return "Budget dépassé"
        return f"Seuil de {self.level}\u00a0% atteint"

    @property
    def percent(self) -> Decimal:
        """The part of the budget that is used, rounded down: 79.99 % is not 80 %."""
        return (100 * self.used / self.budget).quantize(Decimal("0.1"), rounding=ROUND_DOWN)
