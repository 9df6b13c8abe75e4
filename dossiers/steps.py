"""The étapes of a dossier: those behind, the one under way, those to come (G1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet, Subquery

from dossiers.enums import StageEntry, Status
from dossiers.models import Dossier, DossierStage, FormRevision, LateAccess, Stage
from dossiers.models.dossiers import DossierStageQuerySet
from ecare.composed import Composed


@dataclass(frozen=True)
class Step:
    """One étape of the guichet, and how the dossier stands there; `status` is blank until it begins."""

    stage: Stage
    status: str
    is_current: bool
    is_instructed: bool
    is_transmitted: bool

    @property
    def status_label(self) -> str:
        return Status(self.status).label


@dataclass(frozen=True)
class Steps:
    """The étapes of a dossier in order. One that begins on request counts once it was called."""

    every: list[Step]

    @property
    def counted(self) -> list[Step]:
        return [step for step in self.every if step.status or step.stage.entry != StageEntry.ON_REQUEST]

    @property
    def total(self) -> int:
        return len(self.counted)

    @property
    def begun(self) -> list[Step]:
        return [step for step in self.every if step.status]

    @property
    def behind(self) -> list[Step]:
        """Those that the dossier left."""
        return [step for step in self.begun if not step.is_current]

    @property
    def current(self) -> Step:
        return next(step for step in self.every if step.is_current)

    @property
    def number(self) -> int:
        """Rank of the current étape, from 1."""
        return self.counted.index(self.current) + 1

    @property
    def next_title(self) -> str:
        following = self.counted[self.number :]
        return following[0].stage.title if following else ""

    @property
    def on_request(self) -> list[Stage]:
        """The étapes that instruction may open once the current one is validated: those that stand before the next one
        which begins without being asked for."""
        after = self.every[self.every.index(self.current) + 1 :]
        return [step.stage for step in takewhile(lambda step: step.stage.entry == StageEntry.ON_REQUEST, after)]


def passages(dossier: int, guichet: int) -> QuerySet[Stage]:
    """The étapes of a guichet, each with what it is for a dossier, by their keys."""
    passage = FilteredRelation("dossier_stages", condition=Q(dossier_stages__dossier=dossier))
    names = ("status", "is_current", "is_instructed", "first_transmitted_at")
    stages = Stage.objects.filter(guichet=guichet).annotate(passage=passage)
    return stages.annotate(**{f"own_{name}": F(f"passage__{name}") for name in names}).order_by("position")


PASSAGES = Composed(passages, dossier=-1, guichet=-2)


def of(dossier: Dossier) -> Steps:
    """The étapes of a dossier: 1 query."""
    stages: list[Any] = PASSAGES.rows(dossier=dossier.pk, guichet=dossier.guichet_id)
    return Steps(
        [
            Step(
                stage,
                status=stage.own_status or "",
                is_current=bool(stage.own_is_current),
                is_instructed=bool(stage.own_is_instructed),
                is_transmitted=stage.own_first_transmitted_at is not None,
            )
            for stage in stages
        ]
    )


@dataclass(frozen=True)
class Following:
    """The étape that comes after a validated one, which its référent begins himself."""

    dossier_stage: DossierStage
    stage: Stage
    is_published: bool
    late_until: dt.datetime | None

    def may_start(self, at: dt.datetime) -> bool:
        """Whether a request to begin received at `at` is in time: the window, or an exception, and a form."""
        in_time = self.stage.is_open(at) or (self.late_until is not None and at < self.late_until)
        return self.is_published and in_time

    @property
    def deadline(self) -> dt.datetime | None:
        """Until when it may be filled, as its draft would say."""
        return self.stage.deadline(self.late_until)


def following(rows: Iterable[Any], stages: Mapping[int, Stage]) -> list[Following]:
    """What comes after the étapes of `rows`, which `with_next` gave, where something does; found in `stages` by key."""
    return [
        Following(row, stages[row.next_stage], row.next_is_published, row.next_late_until)
        for row in rows
        if row.status == Status.VALIDATED and row.next_stage is not None
    ]


def after(
    dossier_stage: DossierStage, *, once_validated: bool = False, passages: Steps | None = None
) -> Following | None:
    """What comes after a validated étape, the dossier's current one; nothing after another. With `once_validated`, what
    would come if it were. At most 2 queries; 1 when the étapes of the dossier, `passages`, were read."""
    if not dossier_stage.is_current or not (once_validated or dossier_stage.status == Status.VALIDATED):
        return None
    rows = list(with_next(DossierStage.objects.filter(pk=dossier_stage.pk)).with_context())
    if once_validated:
        for row in rows:
            row.status = Status.VALIDATED
    if passages is not None:
        stages = {step.stage.pk: step.stage for step in passages.every}
    else:
        stages = Stage.objects.select_related("guichet").in_bulk({row.next_stage for row in rows} - {None})
    return next(iter(following(rows, stages)), None)


def with_next(dossier_stages: DossierStageQuerySet) -> Any:
    """Étapes with `next_stage`, the key of the one that follows (those that begin on request being skipped), and its
    `next_is_published` and `next_late_until` (end of the exception that the EJ has there)."""
    next_stage = Stage.objects.filter(
        guichet=OuterRef("dossier__guichet"),
        position__gt=OuterRef("stage__position"),
        entry=StageEntry.PREVIOUS_VALIDATED,
    ).order_by("position")
    forms = FormRevision.objects.filter(stage=OuterRef("next_stage"), published_at__isnull=False)
    late = LateAccess.objects.granted().filter(
        stage=OuterRef("next_stage"), legal_entity=OuterRef("dossier__legal_entity")
    )
    return dossier_stages.annotate(next_stage=Subquery(next_stage.values("pk")[:1])).annotate(
        next_is_published=Exists(forms), next_late_until=Subquery(late.values("until")[:1])
    )
