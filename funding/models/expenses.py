"""The « trame financière »: what a laureate spent to reach its objectives (F6, Q&A 3.1 and 3.3)."""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from funding.enums import ExpenseNature
from funding.models.days import EARLIEST
from funding.models.grants import Grant


class ExpenseQuerySet(models.QuerySet["Expense"]):
    def in_force(self) -> ExpenseQuerySet:
        """The last version of each line, the lines taken out being left aside."""
        return self.filter(ended_at__isnull=True)

    def without_letter(self) -> ExpenseQuerySet:
        return self.filter(WITHOUT_LETTER)

    def without_proof(self) -> ExpenseQuerySet:
        return self.filter(WITHOUT_PROOF)


#: Time of one's own staff, with no letter that says who was put on the project (Q&A 3.3).
WITHOUT_LETTER = Q(nature=ExpenseNature.STAFF, mission_letter="", letter_file=None)
WITHOUT_PROOF = Q(justification="", proof_file=None)


class Expense(models.Model):
    """One version of one line. Nothing in it changes: changing a line ends this version and writes the next one, taking
    it out ends it. The database refuses the rest."""

    line = models.UUIDField("ligne", default=uuid.uuid4, editable=False)
    version = models.PositiveSmallIntegerField("version", default=1)
    grant = models.ForeignKey(Grant, models.PROTECT, related_name="expenses", verbose_name="subvention")
    # A code of the barème's shares.
    objective = models.SlugField("objectif", max_length=40)
    nature = models.CharField("nature", max_length=20, choices=ExpenseNature.choices)
    label = models.CharField("libellé", max_length=200)
    amount = models.DecimalField("montant TTC (€)", max_digits=12, decimal_places=2)
    spent_on = models.DateField("date")
    justification = models.CharField("référence du justificatif", max_length=200, blank=True)
    proof_file = models.ForeignKey(
        "dossiers.Attachment", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="justificatif"
    )
    mission_letter = models.CharField("référence de la lettre de mission", max_length=200, blank=True)
    letter_file = models.ForeignKey(
        "dossiers.Attachment", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="lettre de mission"
    )
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="saisie par"
    )
    written_at = models.DateTimeField("saisie le", default=timezone.now)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="modifiée ou retirée par",
    )
    ended_at = models.DateTimeField("modifiée ou retirée le", null=True, blank=True)

    objects = ExpenseQuerySet.as_manager()

    class Meta:
        verbose_name = "dépense"
        ordering = ["-spent_on", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["line", "version"], name="expense_version_once"),
            models.UniqueConstraint(fields=["line"], condition=Q(ended_at=None), name="expense_one_version_in_force"),
            models.CheckConstraint(condition=Q(version__gte=1), name="expense_version_from_one"),
            models.CheckConstraint(condition=Q(nature__in=ExpenseNature.values), name="expense_nature_known"),
            models.CheckConstraint(
                condition=Q(amount__gt=0),
                name="expense_amount_positive",
                violation_error_message="Le montant d'une dépense est supérieur à zéro.",
            ),
            models.CheckConstraint(
                condition=Q(spent_on__gte=EARLIEST) & Q(spent_on__lt=dt.date(2100, 1, 1)), name="expense_date_plausible"
            ),
            models.CheckConstraint(condition=~Q(label="") & ~Q(objective=""), name="expense_says_what_for"),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None) | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="expense_ended_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["grant", "-spent_on", "-id"], condition=Q(ended_at=None), name="expense_in_force")
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def nature_label(self) -> str:
        return ExpenseNature(self.nature).label

    @property
    def lacks_letter(self) -> bool:
        return self.nature == ExpenseNature.STAFF and not self.mission_letter and self.letter_file_id is None

    @property
    def lacks_proof(self) -> bool:
        return not self.justification and self.proof_file_id is None


class ExpenseImport(models.Model):
    """What a file says, waiting for its référent to have seen what it changes. Confirmed or given up, it goes; the file
    itself is not kept."""

    grant = models.OneToOneField(
        Grant, models.PROTECT, related_name="expense_import", primary_key=True, verbose_name="subvention"
    )
    #: Another at each file: a page knows which one it showed.
    key = models.UUIDField(default=uuid.uuid4, editable=False)
    name = models.CharField("fichier", max_length=255)
    #: Lines as `funding.expense_rules.Entry` writes them.
    lines = models.JSONField("lignes")
    ignored = ArrayField(models.CharField(max_length=300), default=list, blank=True, verbose_name="colonnes ignorées")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="par")
    at = models.DateTimeField("le", default=timezone.now)

    class Meta:
        verbose_name = "import de trame financière à confirmer"
        verbose_name_plural = "imports de trames financières à confirmer"
        constraints = [models.CheckConstraint(condition=~Q(lines=[]), name="expense_import_has_lines")]

    def __str__(self) -> str:
        return self.name


class ExpenseClosure(models.Model):
    """The trame of a subsidy was closed by who instructs it: there while it is closed."""

    grant = models.OneToOneField(
        Grant, models.PROTECT, related_name="expense_closure", primary_key=True, verbose_name="subvention"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="par")
    at = models.DateTimeField("le", default=timezone.now)

    class Meta:
        verbose_name = "clôture de trame financière"
        verbose_name_plural = "clôtures de trames financières"

    def __str__(self) -> str:
        return f"Trame {self.grant_id}"
