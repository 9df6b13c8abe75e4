"""A new e-mail address on its way to an account, or that came to it (docs/adr/0034)."""

import uuid
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

VALIDITY = timedelta(hours=24)


class Side(models.TextChoices):
    """From which of the two addresses a change is confirmed."""

    FORMER = "former", "adresse actuelle"
    NEW = "new", "nouvelle adresse"


class EmailChangeQuerySet(models.QuerySet["EmailChange"]):
    def pending(self, at: datetime | None = None) -> Self:
        """Those that can still be confirmed, now or at `at`."""
        return self.filter(applied_at=None, asked_at__gt=(at or timezone.now()) - VALIDITY)

    def applied(self) -> Self:
        """Those that took place, the oldest first."""
        return self.filter(applied_at__isnull=False).order_by("applied_at", "pk")


class EmailChange(models.Model):
    """One change: asked for and confirmed from both addresses, or made by an administrator. The new address may be that
    of another account, which the page does not tell: nobody is then sent the link that would confirm it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="email_changes", verbose_name="compte"
    )
    former_email = models.EmailField("ancienne adresse", max_length=254)
    new_email = models.EmailField("nouvelle adresse", max_length=254)
    asked_at = models.DateTimeField("demandé le", default=timezone.now)
    former_confirmed_at = models.DateTimeField("confirmé de l'ancienne adresse le", null=True)
    new_confirmed_at = models.DateTimeField("confirmé de la nouvelle adresse le", null=True)
    applied_at = models.DateTimeField("fait le", null=True)
    is_correction = models.BooleanField("fait par un administrateur", default=False)

    objects = EmailChangeQuerySet.as_manager()

    class Meta:
        verbose_name = "changement d'adresse e-mail"
        verbose_name_plural = "changements d'adresse e-mail"
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(applied_at=None),
                name="email_change_one_waits",
                violation_error_message="Un changement d'adresse attend déjà sa confirmation.",
            ),
            models.CheckConstraint(
                condition=Q(applied_at=None)
                | Q(is_correction=True)
                | Q(former_confirmed_at__isnull=False, new_confirmed_at__isnull=False),
                name="email_change_confirmed_twice",
                violation_error_message="Une adresse ne change qu'une fois confirmée des deux côtés.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} – {self.asked_at}"

    @property
    def expires_at(self) -> datetime:
        return self.asked_at + VALIDITY

    def is_confirmed_from(self, side: Side) -> bool:
        return (self.former_confirmed_at if side == Side.FORMER else self.new_confirmed_at) is not None
