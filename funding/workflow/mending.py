"""Putting right what the nightly check found wrong on a subsidy: its amounts are computed again from their sources,
once somebody who pays has seen what changes and said why (docs/adr/0060)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from dossiers.enums import EventKind
from dossiers.workflow.table import Refused, record
from ecare import french
from funding import emails
from funding.enums import DiscrepancyKind
from funding.models import Discrepancy, Grant
from funding.workflow import payable, payments

#: What a new computation puts right. The rest is what people did: they undo it by the payments of the dossier.
MENDED = (DiscrepancyKind.CEILING, DiscrepancyKind.PAYABLE)


class Late(Refused):
    """The amounts are no longer those that the page showed."""


@dataclass(frozen=True)
class Amounts:
    """What a subsidy may reach and what is payable of it, in euros."""

    ceiling: Decimal
    payable: Decimal


@dataclass(frozen=True)
class Proposal:
    """What is written, and what its sources give."""

    before: Amounts
    after: Amounts

    @property
    def changes(self) -> bool:
        return self.before != self.after

    @property
    def seen(self) -> str:
        """What the page gives back: nothing else is written."""
        return "|".join(f"{each:.2f}" for one in (self.before, self.after) for each in (one.ceiling, one.payable))


def proposal(grant: Grant) -> Proposal:
    """What a computation would change today. The subsidy itself is left as it was read."""
    fresh = Grant.objects.select_related("transmission").get(pk=grant.pk)
    before = Amounts(fresh.ceiling, fresh.payable)
    fresh.ceiling = payable.ceiling(fresh)
    return Proposal(before, Amounts(fresh.ceiling, payable.payable(fresh, payable.accepted_objectives(fresh))))


@transaction.atomic
def mend(grant: Grant, *, by: User, seen: str, reason: str) -> Proposal:
    """Write what the sources give, as the page showed it (`Proposal.seen`). Payments that are only planned give way, as
    they do to a control; what was ordered or paid stays. The référent reads both amounts: he is told of the change.

    Raises NotAllowed, Late when anything moved since, Refused without a reason or when nothing is to be changed.
    """
    dossier_stage, held = payments.held(grant, by=by)
    found = proposal(held)
    if found.seen != seen:
        raise Late("Les montants ont changé depuis que vous avez ouvert cette page\u00a0: relisez-les.")
    if not found.changes:
        raise Refused("Ces montants sont ceux que donnent leurs sources\u00a0: il n'y a rien à recalculer.")
    reason = reason.strip()
    if not reason:
        raise Refused("Indiquez ce qui s'est passé\u00a0: l'historique du dossier le gardera.")
    mended = payable.recompute(held)
    event = record(dossier_stage, EventKind.SUMS_RECOMPUTED, by=by, message=f"{told(found)}\n\n{reason}")
    Discrepancy.objects.filter(grant=held, kind__in=MENDED, gone_at=None).update(gone_at=timezone.now())
    emails.recomputed(event, mended, told(found))
    return found


def told(found: Proposal) -> str:
    """The line that history keeps."""
    said = [
        f"{label}\u00a0: {french.euros(after)} au lieu de {french.euros(before)}."
        for label, before, after in (
            ("Subvention après contrôle", found.before.ceiling, found.after.ceiling),
            ("Payable", found.before.payable, found.after.payable),
        )
        if before != after
    ]
    return " ".join(said)
