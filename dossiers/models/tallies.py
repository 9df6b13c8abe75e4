"""Counts of dossiers, worked out ahead: what the statistics of a campaign are read from (I9, docs/adr/0046).

Rows of these tables belong to `dossiers.workflow.tallies` alone, which writes them all again. Each keeps the régions of
its dossiers as the back-office reads them, so that an instructeur régional adds up his own; others keep none and count
all dossiers, so that whoever reads everything adds up as few rows at any volume. `access.tallied` takes either.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from dossiers.enums import Status
from dossiers.models.guichets import Stage


class Counted(models.Model):
    """What every count has: the étape, and the codes of the régions of the EJ and of its EG; none for all dossiers."""

    stage = models.ForeignKey(Stage, models.CASCADE, related_name="+", verbose_name="étape")
    regions = ArrayField(models.CharField(max_length=3), null=True)
    count = models.PositiveIntegerField("dossiers")

    class Meta:
        abstract = True
        indexes = [models.Index(fields=["stage"], condition=Q(regions=None), name="%(class)s_of_all")]


class Tally(Counted):
    """How many dossiers stand at a status, for an étape, a région and a parcours, and what they amount to."""

    region = models.ForeignKey(
        "establishments.Region", models.PROTECT, null=True, related_name="+", verbose_name="région de l'EJ"
    )
    status = models.CharField("statut", max_length=30, choices=Status.choices)
    track = models.CharField("parcours", max_length=40, blank=True)
    track_label = models.CharField(max_length=150, blank=True)
    #: What the estimates of the last transmissions add up to, in euros.
    amount = models.DecimalField("montant", max_digits=14, decimal_places=2)
    #: What the subsidies granted to these dossiers may still reach, in euros.
    granted = models.DecimalField("montant accordé", max_digits=14, decimal_places=2, default=0)

    class Meta(Counted.Meta):
        verbose_name = "décompte"

    def __str__(self) -> str:
        return f"{self.stage_id} {self.status}: {self.count}"


class DailyTally(Counted):
    """How many étapes were transmitted for the first time, and decided, on a day of Paris."""

    day = models.DateField("jour")
    decided = models.PositiveIntegerField("décidés")

    class Meta(Counted.Meta):
        verbose_name = "décompte par jour"
        verbose_name_plural = "décomptes par jour"

    def __str__(self) -> str:
        return f"{self.stage_id} {self.day}: {self.count}"


class DelayTally(Counted):
    """How many étapes were decided in so many hours, begun ones not counted, nor what the référent took to answer."""

    hours = models.PositiveIntegerField("heures")

    class Meta(Counted.Meta):
        verbose_name = "décompte par délai"
        verbose_name_plural = "décomptes par délai"

    def __str__(self) -> str:
        return f"{self.stage_id} {self.hours} h: {self.count}"


class Tallied(models.Model):
    """When the counts were last worked out: one row, or none before the first time."""

    at = models.DateTimeField("arrêtés le")

    class Meta:
        verbose_name = "date des décomptes"
        verbose_name_plural = "date des décomptes"
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="tallied_once")]

    def __str__(self) -> str:
        return f"{self.at}"
