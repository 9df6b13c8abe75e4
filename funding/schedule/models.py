"""The barème of a guichet: data that an administrator edits, versioned and dated (F1)."""

from __future__ import annotations

from datetime import date

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import IntegerRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q, Value

from funding.schedule import terms

A_PERCENTAGE = "Le taux est un pourcentage compris entre 0 et 100."
A_SHARE = "La part est un pourcentage compris entre 0 et 100."


class ScheduleQuerySet(models.QuerySet["Schedule"]):
    def in_force(self, guichet_code: str, *, on: date) -> ScheduleQuerySet:
        """The published versions of a guichet's barème that apply on a day, the one to use first."""
        return self.filter(guichet_code=guichet_code, published_at__isnull=False, valid_from__lte=on).order_by(
            "-valid_from", "-version"
        )


class Schedule(models.Model):
    """One version of a barème. Published, it no longer changes: the database itself refuses."""

    guichet_code = models.SlugField("guichet", max_length=60, help_text="Code du guichet, par exemple poc-essms.")
    version = models.PositiveSmallIntegerField(
        "version", validators=[MinValueValidator(1, "Les versions se comptent à partir de 1.")]
    )
    valid_from = models.DateField("applicable à partir du")
    published_at = models.DateTimeField("publié le", null=True, blank=True, editable=False)

    objects = ScheduleQuerySet.as_manager()

    class Meta:
        verbose_name = "barème"
        verbose_name_plural = "barèmes"
        ordering = ["guichet_code", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["guichet_code", "version"],
                name="schedule_unique_version",
                violation_error_message="Cette version du barème existe déjà : prenez le numéro suivant.",
            ),
            models.CheckConstraint(
                condition=Q(version__gte=1),
                name="schedule_version_from_one",
                violation_error_message="Les versions se comptent à partir de 1.",
            ),
        ]

    def __str__(self) -> str:
        return f"Barème {self.guichet_code}, version {self.version}"

    @property
    def is_published(self) -> bool:
        return self.published_at is not None


class UnitAmount(models.Model):
    """What one site brings on a parcours, before the brackets."""

    schedule = models.ForeignKey(Schedule, models.CASCADE, related_name="unit_amounts", verbose_name="barème")
    track = models.SlugField(
        "code du parcours",
        max_length=40,
        help_text="La réponse à la question « parcours ».",
    )
    label = models.CharField("parcours", max_length=100)
    amount = models.DecimalField(
        "montant par EG (€)",
        max_digits=12,
        decimal_places=2,
        validators=[MinValueValidator(0, "Un montant ne peut pas être négatif.")],
    )

    class Meta:
        verbose_name = "montant unitaire"
        verbose_name_plural = "montants unitaires"
        ordering = ["track"]
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "track"],
                name="unit_amount_unique_track",
                violation_error_message="Ce parcours a déjà un montant dans ce barème.",
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=0),
                name="unit_amount_not_negative",
                violation_error_message="Un montant ne peut pas être négatif.",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class Bracket(models.Model):
    """The share of the unit amount from the `first`-th to the `last`-th site."""

    schedule = models.ForeignKey(Schedule, models.CASCADE, related_name="brackets", verbose_name="barème")
    first = models.PositiveIntegerField(
        "de la n-ième EG", validators=[MinValueValidator(1, "Les EG se comptent à partir de 1.")]
    )
    last = models.PositiveIntegerField(
        "à la n-ième EG",
        null=True,
        blank=True,
        help_text="Vide pour la dernière tranche, qui n'a pas de fin.",
    )
    rate = models.DecimalField(
        "taux (%)",
        max_digits=5,
        decimal_places=2,
        validators=[MinValueValidator(0, A_PERCENTAGE), MaxValueValidator(100, A_PERCENTAGE)],
    )

    class Meta:
        verbose_name = "tranche"
        verbose_name_plural = "tranches"
        ordering = ["first"]
        constraints = [
            models.CheckConstraint(
                condition=Q(first__gte=1),
                name="bracket_from_one",
                violation_error_message="Les EG se comptent à partir de 1.",
            ),
            models.CheckConstraint(
                condition=Q(last__isnull=True) | Q(last__gte=F("first")),
                name="bracket_ends_after_it_begins",
                violation_error_message="La fin de la tranche vient avant son début.",
            ),
            models.CheckConstraint(
                condition=Q(rate__gte=0) & Q(rate__lte=100),
                name="bracket_rate_is_a_percentage",
                violation_error_message=A_PERCENTAGE,
            ),
            ExclusionConstraint(
                name="bracket_no_overlap",
                # Two boundaries can move in one save: only the end of the transaction counts.
                deferrable=models.Deferrable.DEFERRED,
                expressions=[
                    ("schedule", RangeOperators.EQUAL),
                    (
                        Func(
                            F("first"),
                            F("last"),
                            Value("[]"),
                            function="int4range",
                            output_field=IntegerRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message="Cette tranche chevauche une autre tranche du barème.",
            ),
        ]

    def __str__(self) -> str:
        return terms.bracket_label(self.first, self.last)

    def clean(self) -> None:
        """Said before the constraints are asked: PostgreSQL has no range that ends before it begins."""
        if self.first is not None and self.last is not None and self.last < self.first:
            raise ValidationError({"last": "La fin de la tranche vient avant son début."})


class ObjectiveShare(models.Model):
    """The percents of the subsidy that an objective of a parcours is worth, once reached (F5, Q&A 3.5)."""

    schedule = models.ForeignKey(Schedule, models.CASCADE, related_name="objective_shares", verbose_name="barème")
    track = models.SlugField("code du parcours", max_length=40)
    code = models.SlugField(
        "code de l'objectif", max_length=40, help_text="La question de l'étape « Atteinte des objectifs »."
    )
    label = models.CharField("objectif", max_length=150)
    mandatory = models.BooleanField("obligatoire", default=True)
    share = models.DecimalField(
        "part de la subvention (%)",
        max_digits=5,
        decimal_places=2,
        validators=[MinValueValidator(0, A_SHARE), MaxValueValidator(100, A_SHARE)],
    )

    class Meta:
        verbose_name = "part d'un objectif"
        verbose_name_plural = "parts des objectifs"
        # The mandatory ones first, then as they were entered.
        ordering = ["track", "-mandatory", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "track", "code"],
                name="objective_share_unique",
                violation_error_message="Cet objectif a déjà une part pour ce parcours.",
            ),
            models.CheckConstraint(
                condition=Q(share__gte=0) & Q(share__lte=100),
                name="objective_share_is_a_percentage",
                violation_error_message=A_SHARE,
            ),
        ]

    def __str__(self) -> str:
        return self.label
