"""Who instructs what, by rule, and who is away (I5)."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from dossiers.models.guichets import Guichet

RULE_TAKEN = "Une règle existe déjà pour ce guichet et cette région\u00a0: modifiez-la."
BACKWARDS = "Le dernier jour vient avant le premier."


class AssignmentRule(models.Model):
    """Dossiers that nobody instructs, of a guichet, of a région or of both, go to these people, in turn."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # Null: every guichet; every région.
    guichet = models.ForeignKey(
        Guichet, models.CASCADE, null=True, blank=True, related_name="+", verbose_name="guichet"
    )
    region = models.ForeignKey(
        "establishments.Region", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="région"
    )
    people = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", verbose_name="attribuer à")
    # Whose turn it was last.
    last = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    # Counts the changes: nobody overwrites a rule that they have not read.
    version = models.PositiveIntegerField(default=1, editable=False)
    changed_at = models.DateTimeField("modifiée le")
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="par")

    class Meta:
        verbose_name = "règle d'attribution"
        verbose_name_plural = "règles d'attribution"
        ordering = ["guichet", "region", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["guichet", "region"],
                name="assignment_rule_once",
                nulls_distinct=False,
                violation_error_message=RULE_TAKEN,
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """« CaRE D1, Bretagne », « CaRE D1 », « Bretagne », « Tous les dossiers »."""
        named = [self.guichet.short_title] if self.guichet else []
        named += [self.region.name] if self.region else []
        return ", ".join(named) or "Tous les dossiers"

    @property
    def condition(self) -> Q:
        """The dossiers that it is about, as a condition on their étapes. A région is read as everywhere: the EJ or one
        of its EG is there."""
        condition = Q()
        if self.guichet_id is not None:
            condition &= Q(dossier__guichet=self.guichet_id)
        if self.region_id is not None:
            condition &= Q(dossier__legal_entity__region_codes__contains=[self.region_id])
        return condition


class Absence(models.Model):
    """Days on which nothing is given by rule to somebody, both included."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="absences", verbose_name="personne absente"
    )
    first_day = models.DateField("premier jour")
    last_day = models.DateField("dernier jour")
    declared_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="par")
    declared_at = models.DateTimeField("déclarée le")

    class Meta:
        verbose_name = "absence"
        ordering = ["first_day", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")),
                name="absence_forwards",
                violation_error_message=BACKWARDS,
            ),
            models.UniqueConstraint(fields=["user", "first_day", "last_day"], name="absence_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.first_day:%d/%m/%Y} – {self.last_day:%d/%m/%Y}"
