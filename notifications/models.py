from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils import timezone

from notifications.enums import State


class EmailQuerySet(models.QuerySet["Email"]):
    def due(self, now: datetime) -> EmailQuerySet:
        """What should leave now, sign-in codes first, then the oldest."""
        return self.filter(next_attempt_at__lte=now).order_by("-is_code", "next_attempt_at", "pk")

    def late_codes(self, written_until: datetime) -> EmailQuerySet:
        """Sign-in codes written until then, and still readable."""
        return self.filter(is_code=True, created_at__lte=written_until).exclude(text="")

    def kept(self) -> EmailQuerySet:
        """What was written about a dossier to nobody who could read it, and is there for who can, one day (Q38): see
        `outbox.post`."""
        return self.filter(state=State.EXPIRED).exclude(about="").exclude(text="")

    def about(self, reference: str) -> EmailQuerySet:
        """The e-mails of one dossier, the newest first (N4)."""
        return self.filter(about=reference).order_by("-created_at", "-pk")


class Email(models.Model):
    """One e-mail to one person, written in the transaction that causes it (N3, Q45)."""

    key = models.CharField("clé", max_length=200, unique=True, help_text="Un événement et un destinataire.")
    kind = models.CharField("nature", max_length=60)
    to = models.CharField("destinataire", max_length=320)
    subject = models.CharField("objet", max_length=255)
    text = models.TextField("texte", blank=True)
    html = models.TextField("version HTML", blank=True)
    message_id = models.CharField("Message-ID", max_length=255)
    about = models.CharField("dossier", max_length=20, blank=True, db_index=True)
    is_code = models.BooleanField("code de connexion", default=False)
    # The last one to somebody whose account is deleted: nothing of the address stays once it left, or never will.
    is_farewell = models.BooleanField("dernier message", default=False)

    state = models.CharField("état", max_length=10, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField("essais", default=0)
    last_error = models.CharField("dernier refus", max_length=500, blank=True)
    created_at = models.DateTimeField("écrit le", default=timezone.now)
    next_attempt_at = models.DateTimeField("prochain essai", null=True, default=timezone.now)
    sent_at = models.DateTimeField("envoyé le", null=True)

    objects = EmailQuerySet.as_manager()

    class Meta:
        verbose_name = "e-mail"
        verbose_name_plural = "e-mails"
        ordering = ["-created_at", "-pk"]
        indexes = [
            # The sweep reads this and nothing else: what is sent leaves it, so it stays as small as the backlog.
            models.Index(
                F("is_code").desc(),
                "next_attempt_at",
                "id",
                name="email_due",
                condition=Q(next_attempt_at__isnull=False),
            ),
            # Codes still readable: a handful, looked for at every pass.
            models.Index("created_at", name="email_unspent_code", condition=Q(is_code=True) & ~Q(text="")),
            models.Index(fields=["-created_at", "-id"], name="email_recent"),
            models.Index(fields=["state", "-created_at"], name="email_state"),
            models.Index(OpClass(Upper("to"), name="text_pattern_ops"), name="email_to"),
        ]
        constraints = [
            models.CheckConstraint(
                name="email_sent_has_its_time",
                condition=Q(state=State.SENT, sent_at__isnull=False) | (~Q(state=State.SENT) & Q(sent_at__isnull=True)),
                violation_error_message="Un e-mail envoyé porte l'heure de son envoi, et lui seul.",
            ),
            models.CheckConstraint(
                name="email_waiting_is_still_tried",
                condition=~Q(state=State.QUEUED) | Q(next_attempt_at__isnull=False),
                violation_error_message="Un e-mail en attente a toujours un prochain essai.",
            ),
            models.CheckConstraint(
                name="email_over_is_tried_no_more",
                condition=~Q(state__in=[State.SENT, State.EXPIRED]) | Q(next_attempt_at__isnull=True),
                violation_error_message="Un e-mail envoyé ou périmé ne part plus.",
            ),
            models.CheckConstraint(
                name="email_spent_code_is_erased",
                condition=~Q(is_code=True, state__in=[State.SENT, State.EXPIRED]) | Q(text="", html=""),
                violation_error_message="Un code envoyé ou périmé n'est plus lisible nulle part.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.to}"
