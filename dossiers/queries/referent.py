"""The dashboard of a référent, and what they may create or hand over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.core.paginator import Page, Paginator
from django.db.models import Exists, F, OuterRef, Value

from accounts import queries as accounts_queries
from accounts.models import Representation, User
from dossiers import access, steps
from dossiers.enums import StageEntry, Status
from dossiers.models import (
    DossierStage,
    Guichet,
    LateAccess,
    Stage,
    TakeoverRequest,
)
from dossiers.models.dossiers import DossierStageQuerySet
from dossiers.models.guichets import StageQuerySet
from dossiers.steps import Following
from ecare.composed import Composed
from ecare.expressions import Among
from establishments import search as establishments_search


def first_stages() -> StageQuerySet:
    """The étapes by which a dossier begins and that have a published form."""
    stages = Stage.objects.published().filter(entry=StageEntry.START)
    return stages.select_related("guichet").order_by("closes_at", "guichet__position")


def open_stages(at: dt.datetime) -> StageQuerySet:
    """The first étapes open at `at`, that is, the guichets where anybody of their audience may create a dossier."""
    return first_stages().open_at(at)


PAGE_SIZE = 10
OWN_ROWS = Composed(
    lambda referent, keys: (
        DossierStage.objects.of_referent(referent).filter(Among(F("pk"), Value(keys))).with_context()
    ),
    referent=-1,
    keys=[-1],
)
SORTS = {
    "reference": "dossier__reference",
    "domaine": "dossier__guichet__short_title",
    "etablissement": "dossier__legal_entity__name",
    "etape": "stage__title",
    "statut": "status",
    "validation": "decided_at",
}


def own_page(user: User, *, text: str = "", sort: str = "", number: str | None = None) -> Page[DossierStage]:
    """A page of a référent's dossiers, newest first unless sorted (`reference`, `-statut`…), found by the words of
    `text`: 2 queries, the keys of all, which are few, then what those of the page show."""
    keys = list(sorted_stages(user, text=text, sort=sort).values_list("pk", flat=True))
    page: Page[Any] = Paginator(keys, PAGE_SIZE).get_page(number)
    found = {each.pk: each for each in OWN_ROWS.rows(referent=user.pk, keys=list(page.object_list))}
    page.object_list = [found[key] for key in page.object_list if key in found]
    return page


def sorted_stages(user: User, *, text: str, sort: str) -> DossierStageQuerySet:
    stages = access.own_stages(user)
    for word in establishments_search.normalise(text).split():
        stages = stages.filter(dossier__search_text__contains=word)
    field = SORTS.get(sort.removeprefix("-"))
    if field is None:
        return stages.order_by("-dossier__created_at", "-pk")
    return stages.order_by(f"-{field}" if sort.startswith("-") else field, "-pk")


@dataclass(frozen=True)
class Waiting:
    """What a référent should do first: dossiers that somebody asks to take over, requested modifications, then drafts;
    and the étapes to begin."""

    asked: list[DossierStage]

    to_fill: list[DossierStage]
    to_start: list[Following]


def own_waiting(referent: int, at: dt.datetime) -> Any:
    asked = TakeoverRequest.objects.pending(at).filter(dossier=OuterRef("dossier"))
    return (
        steps.with_next(DossierStage.objects.of_referent(referent).current())
        .with_context()
        .annotate(is_asked=Exists(asked))
        .exclude(is_asked=False, status__in=[Status.TRANSMITTED, Status.REJECTED])
    )


WAITING = Composed(own_waiting, referent=-1, at=dt.datetime(1, 1, 1, tzinfo=dt.UTC))


def waiting_for_referent(user: User, *, now: dt.datetime, stages: Mapping[int, Stage]) -> Waiting:
    """What is in a référent's hands at `now`, the nearest deadline first: 1 query.

    `stages` are all the étapes, by key.
    """
    rows: list[Any] = WAITING.rows(referent=user.pk, at=now) if user.is_referent else []
    wanted = [each for each in rows if each.is_asked]
    rows = [each for each in rows if each.status not in {Status.TRANSMITTED, Status.REJECTED}]
    far = dt.datetime.max.replace(tzinfo=dt.UTC)
    return Waiting(
        wanted,
        sorted(
            (each for each in rows if each.is_editable(now)),
            key=lambda each: (each.status == Status.DRAFT, each.deadline or far),
        ),
        sorted(
            (each for each in steps.following(rows, stages) if each.may_start(now)),
            key=lambda each: each.deadline or far,
        ),
    )


@dataclass(frozen=True)
class AvailableGuichets:
    """The guichets for the user's types of establishment, and the others."""

    own: list[Guichet]
    others: list[Guichet]

    @property
    def stages(self) -> dict[int, Stage]:
        """Their étapes, by key."""
        return {stage.pk: stage for guichet in [*self.own, *self.others] for stage in guichet.stages.all()}


def own_establishments(user: int, at: dt.datetime) -> Any:
    late = LateAccess.objects.active_at(at).filter(legal_entity=OuterRef("legal_entity"))
    return accounts_queries.establishments_of(User(pk=user)).annotate(late_stages=ArraySubquery(late.values("stage")))


ESTABLISHMENTS = Composed(own_establishments, user=-1, at=dt.datetime(1, 1, 1, tzinfo=dt.UTC))
FIRST_STAGES = Composed(first_stages)
OWN_PAIRS = Composed(
    lambda referent: (
        DossierStage.objects.of_referent(referent)
        .current()
        .values_list("dossier__guichet_id", "dossier__legal_entity_id")
    ),
    referent=-1,
)


def represented(user: User, *, at: dt.datetime) -> list[Any]:
    """The representations of a référent, each with `late_stages`: the étapes on which its EJ has more time at `at`
    (D15b): 1 query."""
    return ESTABLISHMENTS.rows(user=user.pk, at=at)


def available_guichets(represented: Iterable[Representation]) -> AvailableGuichets:
    """Every guichet with its étapes, for « Présentation des guichets disponibles »: 2 queries."""
    types = {each.establishment_type for each in represented}
    guichets = list(Guichet.objects.prefetch_related("stages"))
    own = [guichet for guichet in guichets if types & set(guichet.audience)]
    return AvailableGuichets(own, [guichet for guichet in guichets if guichet not in own])


def creatable(user: User, *, at: dt.datetime, represented: Iterable[Any]) -> list[tuple[Stage, Representation]]:
    """The pairs (first étape, establishment of the user) in time at `at`, by the window of the étape or by an exception
    made for the EJ (D15b), that the guichet's audience allows and that have no dossier yet of this user: 2 queries.

    `represented` is what the function of that name gave.
    """
    own = set(OWN_PAIRS.tuples(referent=user.pk)) if user.is_referent else set()
    return [
        (stage, representation)
        for stage in FIRST_STAGES.rows()
        for representation in represented
        if (stage.is_open(at) or stage.pk in representation.late_stages)
        and representation.establishment_type in stage.guichet.audience
        and (stage.guichet_id, representation.legal_entity_id) not in own
    ]


def begun(user: User, *, stage: str, establishment: str, represented: Iterable[Representation]) -> DossierStage | None:
    """Where the dossier stands that `user` has already on the guichet of a first étape, for an establishment of theirs:
    what a second press, or another tab, asks again. None when there is none: at most 1 query.

    `stage` and `establishment` are the keys that the page sent; `represented` is what the function of that name gave.
    """
    for each in FIRST_STAGES.rows():
        for representation in represented:
            if (str(each.pk), str(representation.pk)) == (stage, establishment):
                dossiers = access.own_stages(user).current().with_context()
                asked = {"dossier__guichet": each.guichet_id, "dossier__legal_entity": representation.legal_entity_id}
                return dossiers.filter(**asked).first()
    return None


def transferable(user: User, colleague: User) -> DossierStageQuerySet:
    """The dossiers of `user` that `colleague` may receive: those of the EJ that he represents too."""
    entities = accounts_queries.establishments_of(colleague).values("legal_entity")
    return access.own_stages(user).with_context().filter(dossier__legal_entity__in=entities).order_by("-pk")
