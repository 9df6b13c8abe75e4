"""Controls of what a subsidy was granted for, once it is granted (Q&A 4.2)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from funding.enums import ControlState
from funding.models.days import plausible
from funding.models.grants import Grant

#: Those that wait for something.
UNDER_WAY = (ControlState.OPEN, ControlState.ANSWERED)


class Control(models.Model):
    """Pieces asked for, then the amount confirmed or lowered. Closed, it is kept: the database refuses changes."""

    grant = models.ForeignKey(Grant, models.PROTECT, related_name="controls", verbose_name="subvention")
    number = models.PositiveSmallIntegerField("numéro")
    documents = models.TextField("pièces demandées")
    due_on = models.DateField("à déposer au plus tard le")
    state = models.CharField("état", max_length=9, choices=ControlState.choices, default=ControlState.OPEN)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="ouvert par")
    opened_at = models.DateTimeField("ouvert le", default=timezone.now)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="terminé par"
    )
    closed_at = models.DateTimeField("terminé le", null=True, blank=True)
    # What the subsidy may reach from then on, when the control lowers it.
    ceiling = models.DecimalField("montant après contrôle (€)", max_digits=12, decimal_places=2, null=True, blank=True)
    reason = models.TextField("conclusion", blank=True)

    class Meta:
        verbose_name = "contrôle"
        ordering = ["grant_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["grant", "number"], name="control_number_once"),
            models.UniqueConstraint(fields=["grant"], condition=Q(state__in=UNDER_WAY), name="one_control_under_way"),
            models.CheckConstraint(condition=Q(state__in=ControlState.values), name="control_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=UNDER_WAY, closed_at__isnull=True, closed_by__isnull=True)
                | (~Q(state__in=UNDER_WAY) & Q(closed_at__isnull=False, closed_by__isnull=False)),
                name="control_closed_by_somebody",
            ),
            models.CheckConstraint(
                condition=(Q(state=ControlState.LOWERED, ceiling__gte=0) & ~Q(reason=""))
                | (~Q(state=ControlState.LOWERED) & Q(ceiling__isnull=True)),
                name="control_lowers_with_a_reason",
                violation_error_message="Un contrôle qui diminue le montant dit lequel, et pourquoi.",
            ),
            models.CheckConstraint(
                condition=plausible("due_on"),
                name="control_due_day_plausible",
                violation_error_message="L'année d'une échéance est comprise entre 2020 et 2099.",
            ),
        ]

    def __str__(self) -> str:
        return f"Contrôle n°\u00a0{self.number}"

    @property
    def state_label(self) -> str:
        return ControlState(self.state).label

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY

    @property
    def slot(self) -> str:
        """Where its files are, among those of the dossier: the code of no question."""
        return f"controle-{self.number}"


class Interview(models.Model):
    """What was said with the laureate during a control, for those who instruct. The database refuses changes."""

    control = models.ForeignKey(Control, models.PROTECT, related_name="interviews", verbose_name="contrôle")
    text = models.TextField("compte rendu")
    noted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="noté par")
    noted_at = models.DateTimeField("noté le", default=timezone.now)

    class Meta:
        verbose_name = "entretien de contrôle"
        verbose_name_plural = "entretiens de contrôle"
        ordering = ["control_id", "-noted_at", "-pk"]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="interview_says_something")]

    def __str__(self) -> str:
        return f"Entretien – {self.control}"
