"""Where a campaign stands, read from the counts worked out ahead (I9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Any, TypeVar

from django.db.models import Model, QuerySet, Sum

from accounts.models import User
from dossiers import access
from dossiers.enums import Status
from dossiers.models import DailyTally, DelayTally, Guichet, Stage, Tallied, Tally
from establishments.models import Region

Counts = TypeVar("Counts", bound=Model)
TRANSMITTED = [Status.TRANSMITTED, Status.MODIFICATION_REQUESTED, Status.VALIDATED, Status.REJECTED]
DECIDED = [Status.VALIDATED, Status.REJECTED]
#: Beyond so many days, a bar of the chart is a week.
DAYS_SHOWN = 62


@dataclass(frozen=True)
class Step:
    """An étape of the guichet and where its dossiers stand: each count is a part of the one before."""

    stage: Stage
    by_status: dict[str, int]

    @property
    def begun(self) -> int:
        return sum(self.by_status.values())

    @property
    def transmitted(self) -> int:
        return sum(self.by_status.get(status, 0) for status in TRANSMITTED)

    @property
    def decided(self) -> int:
        return sum(self.by_status.get(status, 0) for status in DECIDED)

    @property
    def validated(self) -> int:
        return self.by_status.get(Status.VALIDATED, 0)

    @property
    def rejected(self) -> int:
        return self.by_status.get(Status.REJECTED, 0)

    @property
    def waiting(self) -> int:
        """To instruct: transmitted, neither decided nor sent back."""
        return self.by_status.get(Status.TRANSMITTED, 0)

    @property
    def sent_back(self) -> int:
        return self.by_status.get(Status.MODIFICATION_REQUESTED, 0)

    @property
    def funnel(self) -> list[tuple[str, int]]:
        return [
            ("Commencés", self.begun),
            ("Transmis", self.transmitted),
            ("Décidés", self.decided),
            ("Validés", self.validated),
        ]


@dataclass(frozen=True)
class Share:
    """A line of a breakdown: dossiers transmitted, what they ask for, what is granted to them today (euros)."""

    code: str
    label: str
    count: int
    asked: Decimal
    granted: Decimal

    def with_more(self, other: Share) -> Share:
        return replace(
            self,
            count=self.count + other.count,
            asked=self.asked + other.asked,
            granted=self.granted + other.granted,
        )


@dataclass(frozen=True)
class Period:
    """A day, or a week from its Monday."""

    first: dt.date
    last: dt.date
    transmitted: int
    decided: int


class Statistics:
    """The figures of a guichet as `user` may read them, on one of its étapes for all but the funnel."""

    def __init__(self, user: User, stages: Sequence[Stage], stage: Stage) -> None:
        """`stages` are those of the guichet that `user` may read figures of, in order; `stage` is one of them."""
        self.user, self.stages, self.stage = user, stages, stage

    @property
    def guichet(self) -> Guichet:
        return self.stage.guichet

    def counts(self, model: type[Counts], **filters: Any) -> QuerySet[Counts]:
        return model._default_manager.filter(access.tallied(self.user), **filters)

    @cached_property
    def steps(self) -> list[Step]:
        """Every étape of the guichet, in order: 1 query."""
        found: dict[int, dict[str, int]] = {}
        rows = self.counts(Tally, stage__in=self.stages).values_list("stage", "status")
        for stage, status, count in rows.annotate(Sum("count")):
            found.setdefault(stage, {})[status] = count
        return [Step(stage, found.get(stage.pk, {})) for stage in self.stages]

    @property
    def step(self) -> Step:
        return next((step for step in self.steps if step.stage.pk == self.stage.pk), Step(self.stage, {}))

    @cached_property
    def shares(self) -> list[tuple[Share, Share]]:
        """Each région and parcours that go together, as a part of each: 1 query for both breakdowns."""
        rows = self.counts(Tally, stage=self.stage, status__in=TRANSMITTED).values_list(
            "region", "region__name", "track", "track_label"
        )
        figures = rows.annotate(
            dossiers=Sum("count"),
            asked=Sum("amount"),
            granted=Sum("granted"),
        )
        return [
            (Share(region or "", name or "Sans région", *counts), Share(track, label or "Sans parcours", *counts))
            for region, name, track, label, *counts in figures
        ]

    @cached_property
    def regions(self) -> list[Share]:
        """By région of the EJ, the most dossiers first."""
        return sorted(added(region for region, _ in self.shares), key=lambda share: (-share.count, share.label))

    @cached_property
    def tracks(self) -> list[Share]:
        """By parcours of the last transmission; one line without parcours where the form asks for none."""
        return sorted(added(track for _, track in self.shares), key=lambda share: share.code)

    @property
    def asked(self) -> Decimal:
        return sum((share.asked for share in self.regions), Decimal())

    @property
    def granted(self) -> Decimal:
        return sum((share.granted for share in self.regions), Decimal())

    @property
    def has_amounts(self) -> bool:
        """Whether the étape asks for a subsidy: the amounts of the others would all be nothing."""
        return bool(self.asked or self.granted)

    @cached_property
    def days(self) -> list[tuple[dt.date, int, int]]:
        """Each day on which something was transmitted or decided: 1 query."""
        rows = self.counts(DailyTally, stage=self.stage).values_list("day")
        return list(rows.annotate(Sum("count"), Sum("decided")).order_by("day"))

    @cached_property
    def periods(self) -> list[Period]:
        """From the first day to the last, the quiet ones too: by day, or by week when there are many."""
        return periods(self.days)

    @cached_property
    def delays(self) -> list[tuple[int, int]]:
        """Hours, and how many étapes were decided in them: 1 query."""
        rows = self.counts(DelayTally, stage=self.stage).values_list("hours")
        return list(rows.annotate(Sum("count")).order_by("hours"))

    @property
    def median(self) -> int | None:
        """Hours within which half of the decisions were taken, the référent's time left out; None before any."""
        return percentile(self.delays, 50)

    @property
    def ninety(self) -> int | None:
        return percentile(self.delays, 90)

    def lines(self) -> list[tuple[str, str, str, Decimal]]:
        """Every figure: its table, its line, what it measures (euros, hours or dossiers), its value."""
        found: list[tuple[str, str, str, int | Decimal]] = []
        for step in self.steps:
            found += [("Étapes", step.stage.title, label, count) for label, count in step.funnel]
            found += [
                ("Étapes", step.stage.title, "À instruire", step.waiting),
                ("Étapes", step.stage.title, "Modification demandée", step.sent_back),
                ("Étapes", step.stage.title, "Rejetés", step.rejected),
            ]
        for table, shares in (("Régions", self.regions), ("Parcours", self.tracks)):
            for share in shares:
                found += [
                    (table, share.label, "Dossiers transmis", share.count),
                    (table, share.label, "Montant demandé (€)", share.asked),
                    (table, share.label, "Montant accordé (€)", share.granted),
                ]
        for day, transmitted, decided in self.days:
            found += [
                ("Jours", day.isoformat(), "Transmis", transmitted),
                ("Jours", day.isoformat(), "Décidés", decided),
            ]
        for label, hours in (
            ("Délai médian (heures)", self.median),
            ("Délai de 90 % des décisions (heures)", self.ninety),
        ):
            if hours is not None:
                found.append(("Délais", self.stage.title, label, hours))
        return [(table, line, measure, Decimal(value)) for table, line, measure, value in found]


def added(shares: Iterable[Share]) -> list[Share]:
    """One share a code."""
    found: dict[str, Share] = {}
    for share in shares:
        known = found.get(share.code)
        found[share.code] = share if known is None else known.with_more(share)
    return list(found.values())


def periods(days: Sequence[tuple[dt.date, int, int]]) -> list[Period]:
    if not days:
        return []
    first, last = days[0][0], days[-1][0]
    length = 1
    if (last - first).days >= DAYS_SHOWN:
        first, length = first - dt.timedelta(days=first.weekday()), 7
    found = {}
    start = first
    while start <= last:
        found[start] = [0, 0]
        start += dt.timedelta(days=length)
    for day, transmitted, decided in days:
        period = found[first + dt.timedelta(days=(day - first).days // length * length)]
        period[0] += transmitted
        period[1] += decided
    return [Period(start, start + dt.timedelta(days=length - 1), *counts) for start, counts in found.items()]


def percentile(delays: Iterable[tuple[int, int]], percent: int) -> int | None:
    """The least value that so many percent of the counted ones do not exceed; None when there are none."""
    delays = list(delays)
    total = sum(count for _, count in delays)
    reached = 0
    for value, count in delays:
        reached += count
        if reached * 100 >= total * percent:
            return value
    return None


def counted_guichets(user: User) -> list[Guichet]:
    """The guichets that `user` may read figures of, as they are listed."""
    return list(Guichet.objects.filter(pk__in=access.countable_stages(user).values("guichet")).order_by("position"))


def counted_stages(guichet: Guichet, user: User) -> list[Stage]:
    return list(access.countable_stages(user).filter(guichet=guichet).select_related("guichet").order_by("position"))


def tallied_at() -> dt.datetime | None:
    """When the counts were worked out."""
    return Tallied.objects.values_list("at", flat=True).first()


def region_names() -> dict[str, str]:
    return dict(Region.objects.values_list("code", "name"))
