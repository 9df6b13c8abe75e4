"""The nightly check of the money: what does not agree is written down and told, once; nothing is corrected by itself
(docs/adr/0055)."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.enums import Role
from accounts.models import User
from funding import emails
from funding.enums import DiscrepancyKind
from funding.models import Discrepancy, Grant
from funding.queries import checking
from funding.queries.checking import Found
from funding.workflow import payable

logger = logging.getLogger(__name__)

BATCH = 500


@dataclass(frozen=True)
class Outcome:
    """How many sums do not agree: new ones, all of them; how many agree again; how many budgets could not be judged."""

    new: int
    open: int
    gone: int
    unsettled: int = 0


def run(at: dt.datetime) -> Outcome:
    """Compare every sum with what it is made of, and tell administrators of what was not known yet.

    Twice at once does no harm: a difference is one row, and is told by one of the two.
    """
    new = sum(note(batch, at) for batch in checking.by_batch(differences(), BATCH))
    budgets, unsettled = differences_of_budgets(at)
    new += note(budgets, at)
    gone = close(at, unsettled)
    tell(at)
    left = opened().count()
    logger.log(
        logging.ERROR if left else logging.INFO, "money checked: %s differ, %s new, %s agree again", left, new, gone
    )
    return Outcome(new=new, open=left, gone=gone, unsettled=len(unsettled))


def opened() -> QuerySet[Discrepancy]:
    """What does not agree, the first found first."""
    found = Discrepancy.objects.filter(gone_at=None).select_related("grant__dossier", "envelope__guichet")
    return found.order_by("found_at", "pk")


def differences() -> Iterator[Found]:
    """What does not agree on the subsidies. What is payable is read by more than one statement: it is looked at once
    more with the subsidy held."""
    for each in checking.of_grants():
        if each.kind != DiscrepancyKind.PAYABLE:
            yield each
        elif (sure := confirmed(each)) is not None:
            yield sure


@transaction.atomic
def confirmed(found: Found) -> Found | None:
    """The difference as it stands once nobody may change the subsidy any more, if it is still there."""
    assert found.grant is not None
    grant = (
        Grant.objects.select_related("transmission").select_for_update(of=("self",), no_key=True).get(pk=found.grant)
    )
    expected = payable.payable(grant, payable.accepted_objectives(grant))
    if grant.payable == expected:
        return None
    return Found(DiscrepancyKind.PAYABLE, expected, grant.payable, grant=grant.pk)


def differences_of_budgets(at: dt.datetime) -> tuple[list[Found], list[int]]:
    """What does not agree on the budgets, and the keys of those that cannot be judged now: counted every ten minutes,
    they may be behind their dossiers."""
    found: list[Found] = []
    unsettled = []
    for consumption in checking.counted():
        differ = checking.of_budget(consumption)
        if differ and checking.has_moved(consumption, at):
            unsettled.append(consumption.envelope_id)
        else:
            found += differ
    return found, unsettled


@transaction.atomic
def note(batch: Sequence[Found], at: dt.datetime) -> int:
    """Write down what was found; how many were not known. Known ones keep their day, and take the sums of today."""
    grants, budgets = [each.grant for each in batch if each.grant], [each.envelope for each in batch if each.envelope]
    rows = Discrepancy.objects.filter(Q(grant__in=grants) | Q(envelope__in=budgets), gone_at=None)
    known = {(each.kind, each.grant_id, each.envelope_id): each for each in rows.select_for_update()}
    seen, new = [], []
    for each in batch:
        row = known.get((each.kind, each.grant, each.envelope))
        if row is None:
            row = Discrepancy(kind=each.kind, grant_id=each.grant, envelope_id=each.envelope, found_at=at)
            new.append(row)
        else:
            seen.append(row)
        row.expected, row.found, row.seen_at = each.expected, each.found, at
    Discrepancy.objects.bulk_update(seen, ["expected", "found", "seen_at"])
    # Another check may have written it since.
    Discrepancy.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def close(at: dt.datetime, unsettled: Sequence[int]) -> int:
    """Close what was not found this time; how many."""
    gone = Discrepancy.objects.filter(gone_at=None, seen_at__lt=at).exclude(envelope__in=unsettled)
    return gone.update(gone_at=at)


@transaction.atomic
def tell(at: dt.datetime) -> None:
    """Tell administrators of what they were not told yet, in one e-mail each. Without any, it waits for one."""
    recipients = list(User.objects.usable().filter(role=Role.ADMIN).order_by("pk"))
    waiting = opened().filter(told_at=None).select_for_update(of=("self",))
    keys = list(waiting.values_list("pk", flat=True)) if recipients else []
    if not keys:
        return
    first = list(opened().filter(pk__in=keys[: emails.LISTED]))
    for each in first:
        logger.error("money differs: %s %s", each.kind, each)
    emails.money_differs(first, len(keys), recipients)
    Discrepancy.objects.filter(pk__in=keys).update(told_at=at)
