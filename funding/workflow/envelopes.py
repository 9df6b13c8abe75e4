"""Counting what the budgets become, and telling those who lead when a threshold is reached."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from accounts.enums import Role
from accounts.models import User
from funding import emails
from funding.models import Consumption, Envelope
from funding.queries import envelopes


def count(at: dt.datetime) -> int:
    """Count every budget again, those left aside that somebody holds: they are counted the next time. How many there
    are."""
    keys = list(Envelope.objects.filter(budget__gt=0).order_by("pk").values_list("pk", flat=True))
    Consumption.objects.exclude(envelope__in=keys).delete()
    for pk in keys:
        count_one(pk, at)
    return len(keys)


@transaction.atomic
def count_one(pk: int, at: dt.datetime) -> None:
    """Count one budget again, unless somebody holds it: another count, or a change of its rules. Each threshold is told
    once, the highest reached alone; a budget that was changed is another budget."""
    held = Envelope.objects.select_for_update(of=("self",), skip_locked=True).select_related("guichet")
    envelope = held.filter(pk=pk).first()
    if envelope is None or not envelope.budget:
        return
    before = Consumption.objects.filter(envelope=envelope).first()
    found = envelopes.amounts(envelope.guichet_id)
    level = envelopes.level(found.used, envelope.budget)
    told = before.told if before is not None and before.budget == envelope.budget else 0
    consumption, _ = Consumption.objects.update_or_create(
        envelope=envelope,
        defaults={
            "budget": envelope.budget,
            "in_instruction": found.in_instruction,
            "to_grant": found.to_grant,
            "granted": found.granted,
            "released": found.released,
            "paid": found.paid,
            "level": level,
            "told": max(told, level),
            "at": at,
        },
    )
    if level > told:
        emails.budget_used(consumption, User.objects.usable().filter(role=Role.LEAD).order_by("pk"))
