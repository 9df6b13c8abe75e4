"""Conventions: the text that administrators write, and each one sent to be signed (F4)."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from funding.enums import AgreementState
from funding.models.grants import Grant


class AgreementTemplate(models.Model):
    """One version of a guichet's convention. Published, it no longer changes: the database refuses too."""

    guichet = models.ForeignKey(
        "dossiers.Guichet", models.PROTECT, related_name="agreement_templates", verbose_name="guichet"
    )
    version = models.PositiveSmallIntegerField("version", default=1)
    title = models.CharField("titre", max_length=200)
    body = models.TextField("texte")
    published_at = models.DateTimeField("publié le", null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "modèle de convention"
        verbose_name_plural = "modèles de convention"
        ordering = ["guichet_id", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["guichet", "version"],
                name="agreement_template_version_once",
                violation_error_message="Cette version existe déjà\u00a0: prenez le numéro suivant.",
            ),
            models.CheckConstraint(
                condition=Q(version__gte=1),
                name="agreement_template_version_from_one",
                violation_error_message="Les versions se comptent à partir de 1.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}, version {self.version}"

    @property
    def is_published(self) -> bool:
        return self.published_at is not None


class Agreement(models.Model):
    """A convention as it was sent: its text is that of its template, with the values of that day, never rewritten."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    grant = models.ForeignKey(Grant, models.PROTECT, related_name="agreements", verbose_name="subvention")
    number = models.PositiveSmallIntegerField("numéro")
    template = models.ForeignKey(AgreementTemplate, models.PROTECT, related_name="+", verbose_name="modèle")
    # {field of the text: value, in words}; the signatory as the dossier named them that day.
    values = models.JSONField("valeurs")
    signatory = models.JSONField("signataire")
    state = models.CharField("état", max_length=10, choices=AgreementState.choices, default=AgreementState.SENT)
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="envoyée par")
    sent_at = models.DateTimeField("envoyée le", default=timezone.now)
    # The copy that the référent deposited last: checked and scanned as any file of the dossier.
    signed_copy = models.ForeignKey(
        "dossiers.Attachment", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="exemplaire signé"
    )
    signed_at = models.DateTimeField("déposée signée le", null=True, blank=True)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="contrôlée par"
    )
    checked_at = models.DateTimeField("contrôlée le", null=True, blank=True)
    reason = models.TextField("motif du refus", blank=True)

    class Meta:
        verbose_name = "convention"
        ordering = ["grant_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["grant", "number"], name="agreement_number_once"),
            models.UniqueConstraint(
                fields=["grant"], condition=~Q(state=AgreementState.REPLACED), name="one_agreement_in_force"
            ),
            models.CheckConstraint(condition=Q(state__in=AgreementState.values), name="agreement_state_known"),
            models.CheckConstraint(
                condition=Q(signed_copy__isnull=True, signed_at__isnull=True)
                | Q(signed_copy__isnull=False, signed_at__isnull=False),
                name="agreement_copy_has_a_date",
            ),
            models.CheckConstraint(
                condition=Q(state=AgreementState.REPLACED)
                | Q(state=AgreementState.SENT, signed_at__isnull=True, checked_at__isnull=True)
                | Q(state=AgreementState.SIGNED, signed_at__isnull=False, checked_at__isnull=True)
                | Q(
                    state__in=[AgreementState.ACCEPTED, AgreementState.REFUSED],
                    signed_at__isnull=False,
                    checked_at__isnull=False,
                    checked_by__isnull=False,
                ),
                name="agreement_dates_follow_its_state",
                violation_error_message="Les dates d'une convention suivent son état.",
            ),
            models.CheckConstraint(
                condition=~Q(state=AgreementState.REFUSED) | ~Q(reason=""), name="agreement_refused_with_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"Convention {self.grant_id}-{self.number}"

    @property
    def state_label(self) -> str:
        return AgreementState(self.state).label

    @property
    def awaits_signature(self) -> bool:
        """Whether the référent has a signed copy to deposit."""
        return self.state in {AgreementState.SENT, AgreementState.REFUSED}
