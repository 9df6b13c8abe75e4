"""The list of payments, for those who pay (F7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from dossiers import search
from dossiers.kinds.base import Cell
from dossiers.models import Dossier, Guichet
from ecare.paging import KeyedPaginator
from funding.enums import GrantStep, PaymentKind, PaymentState
from funding.models import Grant, Payment, SubsidyStep
from funding.queries.payments import NOTHING

PAGE_SIZE = 50
#: Where a dossier stands once its subsidy is granted.
GRANTED = [step for step in GrantStep if step != GrantStep.TO_GRANT]
#: The columns of the export.
HEADINGS = (
    "Référence du paiement",
    "Dossier",
    "Établissement",
    "FINESS EJ",
    "Guichet",
    "Nature",
    "Montant (€)",
    "Échéance",
    "État",
    "Date du paiement",
    "Référence du virement",
)


@dataclass(frozen=True)
class Tab:
    """How many payments are in a state, and for how much either way."""

    state: PaymentState
    count: int
    paid: Decimal
    given_back: Decimal


def guichets() -> list[tuple[str, str]]:
    """Those that have granted a subsidy, by code: 1 query."""
    granted = SubsidyStep.objects.filter(guichet=OuterRef("pk"), step__in=GRANTED)
    funded = Guichet.objects.filter(Exists(granted)).order_by("short_title", "code")
    return list(funded.values_list("code", "short_title"))


def filtered(asked: dict[str, Any]) -> QuerySet[Payment]:
    """The payments under these filters, whatever their state; `asked` comes from `FilterForm`."""
    found = Payment.objects.all()
    if text := asked.get("q"):
        found = found.filter(Q(reference__iexact=text.strip()) | of_dossiers(search.condition(text)))
    if kind := asked.get("nature"):
        found = found.filter(kind=kind)
    if guichet := asked.get("guichet"):
        found = found.filter(grant__dossier__guichet__code=guichet)
    if since := asked.get("depuis"):
        found = found.filter(due_on__gte=since)
    if until := asked.get("jusqua"):
        found = found.filter(due_on__lte=until)
    return found


def of_dossiers(named: Q) -> Q:
    """The payments of the dossiers that a search names, none when it holds no word. These are found first, by their own
    index: joined, every payment would be read with its dossier."""
    return Q(grant__in=Grant.objects.filter(dossier__in=Dossier.objects.filter(named))) if named else Q()


def tabs(payments: QuerySet[Payment]) -> list[Tab]:
    """Each state, with what it holds: 1 query."""
    rows = (
        payments.order_by()
        .values("state")
        .annotate(
            count=Count("pk"),
            paid=Sum("amount", filter=Q(kind=PaymentKind.PAYMENT), default=NOTHING),
            given_back=Sum("amount", filter=Q(kind=PaymentKind.REPAYMENT), default=NOTHING),
        )
    )
    by_state = {
        row["state"]: Tab(PaymentState(row["state"]), row["count"], row["paid"], row["given_back"]) for row in rows
    }
    return [by_state.get(state, Tab(state, 0, NOTHING, NOTHING)) for state in PaymentState]


def listed(payments: QuerySet[Payment], state: PaymentState) -> QuerySet[Payment]:
    """Those in a state: the first due on top, the last paid once it is done."""
    order = ("-paid_on", "-pk") if state == PaymentState.PAID else ("due_on", "pk")
    return payments.filter(state=state).order_by(*order)


def pages(payments: QuerySet[Payment], tab: Tab) -> KeyedPaginator:
    """Pages of those of a tab (Payment), with all that a line names."""
    fetch = named(Payment.objects.all()).in_bulk
    return KeyedPaginator(listed(payments, tab.state), fetch, PAGE_SIZE, total=tab.count)


def named(payments: QuerySet[Payment]) -> QuerySet[Payment]:
    """The same, with what names them."""
    return payments.select_related("grant__dossier__guichet", "grant__dossier__legal_entity")


def rows(payments: QuerySet[Payment]) -> Iterator[tuple[Cell, ...]]:
    """The lines of the export, under `HEADINGS`."""
    for payment in named(payments).iterator(chunk_size=500):
        dossier = payment.grant.dossier
        yield (
            payment.reference,
            dossier.reference,
            dossier.legal_entity.display_name,
            dossier.legal_entity.finess,
            dossier.guichet.short_title,
            payment.kind_label,
            payment.amount,
            payment.due_on,
            payment.state_label,
            payment.paid_on,
            payment.transfer,
        )
