"""What is paid of a subsidy, and what is given back (F7)."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from funding.enums import PaymentKind, PaymentState
from funding.models.days import plausible
from funding.models.grants import Grant


class Payment(models.Model):
    """A line of the schedule of a subsidy. `workflow.payments` alone writes it; the database keeps what was paid, and
    refuses what the subsidy does not allow (migration 0010)."""

    grant = models.ForeignKey(Grant, models.PROTECT, related_name="payments", verbose_name="subvention")
    number = models.PositiveSmallIntegerField("numéro")
    # What the accountant's file names it by: see `workflow.payments.reference_of`.
    reference = models.CharField("référence", max_length=20, unique=True)
    kind = models.CharField("nature", max_length=9, choices=PaymentKind.choices, default=PaymentKind.PAYMENT)
    amount = models.DecimalField("montant (€)", max_digits=12, decimal_places=2, validators=[MinValueValidator(0)])
    due_on = models.DateField("échéance")
    state = models.CharField("état", max_length=9, choices=PaymentState.choices, default=PaymentState.PLANNED)
    paid_on = models.DateField("versé le", null=True, blank=True)
    # As the accountant names it; one transfer may pay several payments.
    transfer = models.CharField("référence du virement", max_length=50, blank=True)
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="préparé par"
    )
    prepared_at = models.DateTimeField("préparé le", default=timezone.now)

    class Meta:
        verbose_name = "paiement"
        ordering = ["due_on", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["grant", "number"], name="payment_number_once"),
            models.CheckConstraint(
                condition=Q(amount__gt=0),
                name="payment_amount_positive",
                violation_error_message="Le montant d'un paiement est supérieur à zéro.",
            ),
            models.CheckConstraint(condition=Q(kind__in=PaymentKind.values), name="payment_kind_known"),
            models.CheckConstraint(condition=Q(state__in=PaymentState.values), name="payment_state_known"),
            models.CheckConstraint(
                condition=Q(state=PaymentState.PAID, paid_on__isnull=False)
                | (~Q(state=PaymentState.PAID) & Q(paid_on__isnull=True)),
                name="payment_paid_on_a_day",
                violation_error_message="Un paiement versé a sa date, et lui seul.",
            ),
            models.CheckConstraint(
                condition=Q(transfer="") | Q(state=PaymentState.PAID),
                name="payment_transfer_once_paid",
                violation_error_message="Seul un paiement versé a la référence d'un virement.",
            ),
            models.CheckConstraint(
                condition=plausible("due_on") & plausible("paid_on"),
                name="payment_days_plausible",
                violation_error_message="L'année d'un paiement est comprise entre 2020 et 2099.",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due_on", "id"], name="payment_due"),
            # The list in the order of each state, and its sums, from the index alone.
            models.Index(
                fields=["-paid_on", "-id"], condition=Q(state=PaymentState.PAID), name="payment_paid_last_first"
            ),
            models.Index(fields=["state", "kind"], include=["amount"], name="payment_sums"),
        ]

    def __str__(self) -> str:
        return f"{self.kind_label} {self.reference}"

    @property
    def kind_label(self) -> str:
        return PaymentKind(self.kind).label

    @property
    def is_repayment(self) -> bool:
        return self.kind == PaymentKind.REPAYMENT

    @property
    def state_label(self) -> str:
        """As the pages name it: what is given back is not « versé »."""
        if self.is_repayment and self.state == PaymentState.PAID:
            return "Reversé"
        return PaymentState(self.state).label

    @property
    def seen(self) -> str:
        """What a page that shows it gives back, when what it may become depends on what was read."""
        return f"{self.amount:.2f}|{self.due_on.isoformat()}"

    @property
    def may_change(self) -> bool:
        return self.state == PaymentState.PLANNED

    @property
    def is_paid(self) -> bool:
        """Whether it is made: its transfer alone may still be named."""
        return self.state == PaymentState.PAID

    @property
    def is_open(self) -> bool:
        """Whether something is still to happen to it."""
        return self.state in {PaymentState.PLANNED, PaymentState.ORDERED}
