"""The milestones of the home page."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from dossiers.enums import MilestoneColumn
from dossiers.models import (
    Milestone,
    Stage,
)
from ecare import french


@dataclass(frozen=True)
class AnnouncedMilestone:
    text: str


def milestones(column: MilestoneColumn, *, now: dt.datetime) -> list[AnnouncedMilestone]:
    """What the home page announces in a column, soonest first, past dates dropped (P1).

    The établissements column is derived from the windows of the étapes: nothing is typed twice.
    """
    today = timezone.localdate(now)
    dated = [
        (milestone.on, f"{milestone.text} le {french.day(milestone.on)}")
        for milestone in Milestone.objects.filter(column=column, on__gte=today)
    ]
    if column == MilestoneColumn.ESTABLISHMENTS:
        stages = Stage.objects.select_related("guichet").filter(Q(opens_at__gt=now) | Q(closes_at__gt=now))
        for stage in stages:
            name = stage.guichet.short_title
            if stage.opens_at and stage.opens_at > now and stage.opening_text:
                on = timezone.localdate(stage.opens_at)
                dated.append((on, f"{name} : {stage.opening_text} le {french.day(on)}"))
            if stage.closes_at and stage.closes_at > now and stage.closing_text:
                on = timezone.localdate(french.last_instant(stage.closes_at))
                dated.append((on, f"{name} : {stage.closing_text} le {french.day(on)}"))
    return [AnnouncedMilestone(text) for _, text in sorted(dated)]
