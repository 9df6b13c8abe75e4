"""Requests to take a dossier over when its référent has left (D13)."""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from dossiers.enums import Takeover
from dossiers.models.dossiers import Dossier


class TakeoverRequestQuerySet(models.QuerySet["TakeoverRequest"]):
    def pending(self, at: dt.datetime | None = None) -> TakeoverRequestQuerySet:
        """Those that may still be decided: the clock closes them, whether or not a task has noted it."""
        return self.filter(state=Takeover.PENDING, expires_at__gt=at or timezone.now())

    def lapsed(self, at: dt.datetime) -> TakeoverRequestQuerySet:
        """Those whose time is over and that nobody has closed."""
        return self.filter(state=Takeover.PENDING, expires_at__lte=at)


class TakeoverRequest(models.Model):
    """A colleague of the EJ asks to become the référent of its dossier. A responsable d'instruction decides."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    dossier = models.ForeignKey(Dossier, models.PROTECT, related_name="takeovers", verbose_name="dossier")
    asker = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="demandeur")
    # The référent when it was asked for: the one who is told, and who may object.
    former = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="référent")
    reason = models.TextField("motif")
    at = models.DateTimeField("demandée le")
    # The first instant at which it can no longer be decided.
    expires_at = models.DateTimeField("échéance")
    objection = models.TextField("opposition du référent", blank=True)
    objected_at = models.DateTimeField("opposition le", null=True, blank=True)
    state = models.CharField("état", max_length=10, choices=Takeover.choices, default=Takeover.PENDING)
    answer = models.TextField("réponse", blank=True)
    closed_at = models.DateTimeField("close le", null=True, blank=True)
    # Null when nobody did: time, or a dossier that changed hands otherwise.
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="close par"
    )

    objects = TakeoverRequestQuerySet.as_manager()

    class Meta:
        verbose_name = "demande de reprise"
        verbose_name_plural = "demandes de reprise"
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["dossier", "asker"],
                condition=Q(state=Takeover.PENDING),
                name="one_pending_takeover",
                violation_error_message="Une demande de reprise de ce dossier est déjà en cours.",
            ),
            models.CheckConstraint(condition=Q(state__in=Takeover.values), name="takeover_state_known"),
            models.CheckConstraint(
                condition=Q(state=Takeover.PENDING, closed_at__isnull=True)
                | (~Q(state=Takeover.PENDING) & Q(closed_at__isnull=False)),
                name="takeover_closed_iff_answered",
                violation_error_message="Une demande close porte la date de sa clôture, et elle seule.",
            ),
            models.CheckConstraint(
                condition=~Q(state=Takeover.REFUSED) | ~Q(answer=""),
                name="takeover_refused_with_reason",
                violation_error_message="Un refus porte son motif.",
            ),
            models.CheckConstraint(
                condition=~Q(asker=models.F("former")),
                name="takeover_by_somebody_else",
                violation_error_message="Le référent n'a pas à reprendre son propre dossier.",
            ),
        ]
        indexes = [
            models.Index(fields=["at", "id"], condition=Q(state=Takeover.PENDING), name="takeover_pending"),
            models.Index(fields=["asker", "-at"], name="takeover_asker"),
        ]

    def __str__(self) -> str:
        return f"{self.dossier.reference} – {self.asker}"

    @property
    def state_label(self) -> str:
        return Takeover(self.state).label
