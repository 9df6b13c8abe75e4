"""Who may take a dossier, who asks for one, which are left to nobody (D13, I8, Q38)."""

from __future__ import annotations

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts import queries as accounts_queries
from accounts.models import User
from dossiers import access
from dossiers.models import Dossier, TakeoverRequest
from dossiers.models.dossiers import DossierStageQuerySet, is_open
from dossiers.models.takeovers import TakeoverRequestQuerySet
from dossiers.queries import unread
from notifications.models import Email


def successors(dossier: Dossier) -> QuerySet[User]:
    """Those who may receive a dossier: the activated référents of its EJ but the one who holds it, by name."""
    return accounts_queries.referents_of(dossier.legal_entity).exclude(pk=dossier.referent_id)


def claimable(user: User) -> DossierStageQuerySet:
    """The dossiers that `user` may ask to take over, by guichet then establishment: 1 query."""
    stages = access.claimable_stages(user).select_related("dossier__guichet", "dossier__legal_entity")
    return stages.order_by("dossier__guichet__position", "dossier__legal_entity__sort_name", "pk")


def claims(user: User) -> TakeoverRequestQuerySet:
    """What `user` asked for, the newest first."""
    asked = TakeoverRequest.objects.filter(asker=user)
    return asked.select_related("dossier__guichet", "dossier__legal_entity").order_by("-at", "-pk")


def takeovers_of(dossier: Dossier) -> TakeoverRequestQuerySet:
    """Who asks for a dossier, the oldest first."""
    return dossier.takeovers.pending().select_related("asker").order_by("at", "pk")


def to_decide() -> TakeoverRequestQuerySet:
    """The requests that wait for a responsable, the oldest first."""
    return takeovers().pending().order_by("at", "pk")


def to_reassign() -> DossierStageQuerySet:
    """« Dossiers à réattribuer »: the current étapes of the dossiers whose référent can no longer sign in, with
    `unread` (see `unread.left`). The open ones, the longest known first; then those that are over, as long as they hold
    a message that nobody read: the establishment does not know that its dossier is rejected."""
    kept = Q(dossier__reference__in=Email.objects.kept().values("about"), unread__gt=0)
    stages = unread.left().filter(is_open(timezone.now()) | kept)
    return stages.with_context().order_by(F("dossier__vacant_since").asc(nulls_last=True), "pk")


def takeovers() -> TakeoverRequestQuerySet:
    """Every request with what its page names."""
    return TakeoverRequest.objects.select_related(
        "dossier__guichet", "dossier__legal_entity", "dossier__referent", "asker", "former", "closed_by"
    )


class HandoverCounts:
    """What waits for the responsables about référents, for the links between their lists: one query a count that is
    not known yet."""

    def __init__(self, *, takeovers: int | None = None, vacant: int | None = None) -> None:
        self.takeovers = TakeoverRequest.objects.pending().count() if takeovers is None else takeovers
        self.vacant = to_reassign().count() if vacant is None else vacant
