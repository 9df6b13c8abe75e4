"""Batches, and the dossiers in them (I4b)."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.models import User
from dossiers import access
from dossiers.enums import BatchAction, BatchState
from dossiers.models import Batch, BatchItem, Dossier, DossierStage, Event, Transmission
from dossiers.models.batches import BatchQuerySet
from dossiers.models.dossiers import DossierStageQuerySet


def last_number(stage: str) -> Subquery:
    """The number of the last transmission of the étape whose key stands in the field `stage`."""
    numbers = Transmission.objects.filter(dossier_stage=OuterRef(stage)).order_by("-number")
    return Subquery(numbers.values("number")[:1])


def selected(stages: DossierStageQuerySet, most: int) -> list[tuple[int, int, int | None]]:
    """The first `most` of these étapes, in their order, as a batch sees them: key, number of the last transmission, key
    of who instructs. One more than `most` when there are more: 1 query."""
    numbered = stages.annotate(last_number=last_number("pk"))
    return list(numbered.values_list("pk", "last_number", "dossier__verifier_id")[: most + 1])


def batches_of(user: User) -> BatchQuerySet:
    """The batches that `user` confirmed, the last first; none once he instructs no more."""
    own = Batch.objects.of(user) if user.is_instructor else Batch.objects.none()
    return own.exclude(state=BatchState.PREPARED)


def own_batches(user: User) -> BatchQuerySet:
    """The same, with those that wait to be confirmed: what has a page."""
    return Batch.objects.of(user) if user.is_instructor else Batch.objects.none()


def counted(batches: Iterable[Batch]) -> list[Batch]:
    """These, in the order of `batches_of`, with `total`, `done` and `refused`, in dossiers: 1 query."""
    return list(Batch.objects.filter(pk__in=[each.pk for each in batches]).with_counts())


def items_to_check(batch: Batch) -> QuerySet[BatchItem]:
    """The dossiers of a batch not yet confirmed, with all that its checks read: 2 queries."""
    return (
        batch.items.select_related(
            "dossier_stage__dossier__guichet",
            "dossier_stage__dossier__legal_entity",
            "dossier_stage__dossier__verifier",
            "dossier_stage__stage",
            "to",
        )
        .prefetch_related("to__regions")
        .annotate(last_number=last_number("dossier_stage"))
        .order_by("position")
    )


def batch_items(batch: Batch, user: User) -> QuerySet[BatchItem]:
    """The dossiers of a batch that `user` may still read, with what a line shows."""
    return (
        batch.items.filter(dossier_stage__in=access.transmitted_stages(user))
        .select_related(
            "dossier_stage__dossier__guichet",
            "dossier_stage__dossier__legal_entity",
            "dossier_stage__dossier__verifier",
            "dossier_stage__stage",
            "to",
        )
        .order_by("position")
    )


def vacant_in_batch(batch: Batch, *, leaving_out: Iterable[int] = ()) -> int:
    """How many dossiers of a batch have a référent who left, the items of these keys left out: 1 query."""
    gone = batch.items.filter(dossier_stage__dossier__in=Dossier.objects.left())
    return gone.exclude(pk__in=list(leaving_out)).count()


def recipients(batch: Batch) -> list[User]:
    """Those to whom a batch gives dossiers, by name: 1 query; none, without any, for another action."""
    if batch.action != BatchAction.ASSIGN:
        return []
    given = batch.items.filter(to__isnull=False).values("to")
    return list(User.objects.filter(pk__in=given).order_by("last_name", "first_name", "pk"))


def last_moves(stages: Iterable[DossierStage]) -> dict[int, Event]:
    """The last change of status of each étape, by its key: 1 query."""
    moves = Event.objects.filter(dossier_stage__in=[each.pk for each in stages]).exclude(to_status="")
    last = moves.select_related("actor").order_by("dossier_stage_id", "-at", "-pk").distinct("dossier_stage_id")
    return {event.dossier_stage_id: event for event in last if event.dossier_stage_id is not None}


def current_stages(stages: Iterable[DossierStage]) -> dict[int, DossierStage]:
    """The étape at which the dossier of each now stands, by key of the dossier: 1 query."""
    dossiers = [each.dossier_id for each in stages]
    found = DossierStage.objects.current().filter(dossier__in=dossiers).select_related("stage")
    return {each.dossier_id: each for each in found}
