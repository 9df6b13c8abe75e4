"""What the budgets become."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, DecimalField, OuterRef, Q, QuerySet, Subquery, Sum, When
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, Greatest

from dossiers.enums import StageEntry, Status
from dossiers.models import DossierStage, Transmission
from funding.models import Consumption, Envelope, Grant, Payment
from funding.queries import reachable
from funding.queries.payments import NOTHING, TOTALS

#: In percents of a budget: what the leads are told of.
LEVELS = (80, 95)
MONEY = DecimalField(max_digits=14, decimal_places=2)


@dataclass(frozen=True)
class Amounts:
    """What is asked of a guichet and given by it, in euros."""

    in_instruction: Decimal
    to_grant: Decimal
    #: What the subsidies granted still hold of the budget: see `held`.
    granted: Decimal
    #: What they no longer hold of what was granted.
    released: Decimal
    paid: Decimal

    @property
    def used(self) -> Decimal:
        return self.in_instruction + self.to_grant + self.granted


def amounts(guichet: int) -> Amounts:
    """Counted now, dossier by dossier, on the guichet of that key: 3 queries, long on a hundred thousand dossiers.

    A dossier counts once: its last estimate until its subsidy is granted, then what that one holds. Rejected ones and
    drafts count for nothing.
    """
    last = Transmission.objects.filter(dossier_stage=OuterRef("pk")).order_by("-number")
    estimate = Subquery(last.values(total=Cast(KT("estimate__total"), MONEY))[:1])
    asked = Q(status__in=[Status.TRANSMITTED, Status.MODIFICATION_REQUESTED])
    estimated = (
        DossierStage.objects.filter(dossier__guichet=guichet, stage__entry=StageEntry.START, dossier__grant=None)
        .filter(asked | Q(status=Status.VALIDATED))
        .annotate(estimated=estimate)
        .aggregate(
            asked=Coalesce(Sum("estimated", filter=asked), NOTHING),
            validated=Coalesce(Sum("estimated", filter=~asked), NOTHING),
        )
    )
    granted = held(Grant.objects.filter(dossier__guichet=guichet)).aggregate(
        allotted=Coalesce(Sum("amount"), NOTHING), kept=Coalesce(Sum("held"), NOTHING)
    )
    paid = Payment.objects.filter(grant__dossier__guichet=guichet).aggregate(
        paid=TOTALS["paid"], given_back=TOTALS["given_back"]
    )
    return Amounts(
        in_instruction=estimated["asked"],
        to_grant=estimated["validated"],
        granted=granted["kept"],
        released=granted["allotted"] - granted["kept"],
        paid=paid["paid"] - paid["given_back"],
    )


def held(grants: QuerySet[Grant]) -> QuerySet[Any]:
    """Subsidies, each with what it holds of its budget (`held`, in euros).

    All that a control left of it until its objectives are decided for good, what is payable from then on: refused or
    never presented, an objective gives its part back (Q&A 3.5). Minds may change as long as the étape is open: nothing
    is given back before, or the budget would have promised it twice. Never less than what was ordered and paid, which
    has left: an overpayment comes back once it is repaid.
    """
    engaged = TOTALS["ordered"] + TOTALS["paid"] - TOTALS["given_back"]
    payments = Payment.objects.filter(grant=OuterRef("pk")).order_by().values("grant")
    return grants.annotate(
        engaged=Coalesce(Subquery(payments.values(engaged=engaged)), NOTHING),
        held=Greatest(Case(When(reachable.IS_SETTLED, then="payable"), default="ceiling"), "engaged"),
    )


def level(used: Decimal, budget: Decimal) -> int:
    """The highest threshold that is reached, 0 under the first one."""
    return max((each for each in LEVELS if 100 * used >= each * budget), default=0)


def followed() -> QuerySet[Envelope]:
    """The envelopes with a budget, with what it has become, if it was counted: 1 query."""
    return Envelope.objects.filter(budget__gt=0).select_related("guichet", "consumption").order_by("guichet__position")


def near_their_end() -> QuerySet[Consumption]:
    """The budgets of which a threshold is reached, the most used first: 1 query."""
    reached = Consumption.objects.filter(level__gt=0, envelope__budget__gt=0)
    return reached.select_related("envelope__guichet").order_by("-level", "envelope__guichet__position")
