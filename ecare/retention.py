"""What is kept, for how long, and letting go of it: one way for every room (Q59, docs/adr/0036).

The setting `RETENTION` names, from left to right, the module of each room that keeps something for a time; its `RULES`
say what. `manage.py purge` and the task of the same name run them all.
"""

from __future__ import annotations

import datetime as dt
import importlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Min, QuerySet

from ecare import audit
from ecare.models import AuditKind

#: Rows whose keys are held at once, and the most that one transaction locks.
BATCH = 1_000


@dataclass(frozen=True)
class Rule:
    """What goes, when, and how. `due` gives the rows that have had their time at an instant, `since` what counts for
    it, which makes the oldest. `let_go` receives the keys of a batch, looks at the rows again under their lock, and
    returns how many went. `kept` names the setting that holds the period: none for what is over by itself, such as a
    session, whose end is no news for the audit log."""

    name: str
    title: str
    due: Callable[[dt.datetime], QuerySet[Any]]
    since: Any
    let_go: Callable[[Collection[Any], dt.datetime], int]
    kept: str = ""

    @property
    def period(self) -> dt.timedelta | None:
        return getattr(settings, self.kept) if self.kept else None


@dataclass(frozen=True)
class Line:
    """A line of the report: how many rows went, or would go, and the date of the oldest of those that were due."""

    rule: Rule
    count: int
    oldest: dt.datetime | None


def rules(*names: str) -> list[Rule]:
    """The rules of every room, or those of these names, in the order in which they run."""
    found = [rule for module in settings.RETENTION for rule in importlib.import_module(module).RULES]
    return [rule for rule in found if not names or rule.name in names]


def purge(*names: str, now: dt.datetime, dry_run: bool = False) -> Iterator[Line]:
    """Let go of what has had its time, rule by rule, and tell the audit log what went. Doing it twice does it once,
    and two at once share the work. With `dry_run`, only count."""
    gone: dict[str, dict[str, Any]] = {}
    for rule in rules(*names):
        # Materialised first, whatever the rule annotates: one scan for both figures.
        found = rule.due(now).order_by().aggregate(count=Count("pk"), oldest=Min(rule.since))
        count = found["count"] if dry_run else _let_go(rule, now) if found["count"] else 0
        if count and rule.kept and not dry_run:
            gone[rule.name] = {"count": count, "oldest": found["oldest"].date().isoformat()}
        yield Line(rule, count, found["oldest"])
    if gone:
        audit.record(AuditKind.PURGED, gone=gone)


def _let_go(rule: Rule, now: dt.datetime) -> int:
    gone = 0
    due = rule.due(now).order_by("pk").values_list("pk", flat=True)
    keys = list(due[:BATCH])
    while keys:
        gone += rule.let_go(keys, now)
        keys = list(due.filter(pk__gt=keys[-1])[:BATCH])
    return gone


def deleting(due: Callable[[dt.datetime], QuerySet[Any]]) -> Callable[[Collection[Any], dt.datetime], int]:
    """A `let_go` for rows that simply go, a transaction a batch. What somebody else holds waits for the next time."""

    @transaction.atomic
    def let_go(keys: Collection[Any], now: dt.datetime) -> int:
        rows = due(now).filter(pk__in=keys).select_for_update(skip_locked=True, of=("self",))
        held = list(rows.values_list("pk", flat=True))
        rows.model._default_manager.filter(pk__in=held).delete()
        return len(held)

    return let_go
