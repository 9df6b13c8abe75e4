"""What may be paid of a subsidy: recomputed by whoever changes one of its sources (F5, F7, Q&A 3.5 and 4.2)."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from django.db import connection

from dossiers.enums import Status
from dossiers.models import DossierStage
from funding import objectives
from funding.enums import ControlState, PaymentKind, PaymentState
from funding.models import Grant
from funding.queries import objectives as deciding
from funding.queries import payments as reading
from funding.schedule import queries
from funding.schedule.estimates import Estimate
from funding.workflow import payments


def recompute(grant: Grant) -> Grant:
    """Hold the subsidy until the end of the transaction, and set what it may reach and what is payable of it today.

    Call it in the transaction that changed a source, under the lock of the dossier, once that source is written. The
    lock is that of a change that touches no key (`FOR NO KEY UPDATE`): the rows that refer to a subsidy may still be
    written meanwhile. Payments that are only planned give way to a lower subsidy; what has gone is to be given back.
    """
    assert connection.in_atomic_block
    held = Grant.objects.select_for_update(no_key=True).get(pk=grant.pk)
    held.ceiling = ceiling(held)
    held.payable = payable(held, accepted_objectives(held))
    give_way(held)
    held.save(update_fields=["ceiling", "payable"])
    return held


def give_way(grant: Grant) -> None:
    """Cancel the payments planned last, as long as the schedule exceeds what the subsidy may reach."""
    sums = reading.sums(grant)
    excess = sums.engaged + sums.planned - grant.ceiling
    planned = grant.payments.filter(kind=PaymentKind.PAYMENT, state=PaymentState.PLANNED).order_by("-due_on", "-pk")
    for payment in planned if excess > 0 else ():
        if excess <= 0:
            break
        stage = DossierStage.objects.select_related("dossier").get(pk=grant.dossier_stage_id)
        reason = "L'échéancier dépassait le montant de la subvention après contrôle."
        payments.give_up(payment, stage, by=None, reason=reason)
        excess -= payment.amount


def ceiling(grant: Grant) -> Decimal:
    """The euros that the subsidy may reach: the last control that lowered it says how many, or nobody does."""
    lowered = grant.controls.filter(state=ControlState.LOWERED).order_by("-number").first()
    return grant.amount if lowered is None or lowered.ceiling is None else lowered.ceiling


def payable(grant: Grant, accepted: Collection[str]) -> Decimal:
    """The euros that the objectives of these codes let be paid, out of the ceiling (`objectives.payable`)."""
    assert grant.transmission.estimate is not None  # nothing is granted without one
    estimate = Estimate.from_json(grant.transmission.estimate)
    return objectives.payable(grant.ceiling, queries.objectives(estimate.schedule_id, track=estimate.track), accepted)


def accepted_objectives(grant: Grant) -> Collection[str]:
    """The codes of the objectives accepted, once their étape is validated."""
    validated = DossierStage.objects.filter(dossier=grant.dossier_id, status=Status.VALIDATED)
    found = deciding.of_stages(validated.select_related("stage", "revision"))
    return frozenset(row.objective.code for each in found.values() for row in each.accepted)
