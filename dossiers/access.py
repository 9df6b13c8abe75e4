"""Who may see a dossier, and who may act on it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Protocol

from django.db.models import Q, QuerySet

from accounts import queries as accounts_queries
from accounts.enums import Role
from accounts.models import User
from dossiers.enums import BatchAction, RegionalRole
from dossiers.models import Dossier, DossierStage, Stage
from dossiers.models.dossiers import DossierStageQuerySet
from dossiers.models.lines import in_region
from ecare.composed import Composed


class Listed(Protocol):
    """A row of a list, with what says whether it may be acted upon."""

    @property
    def regional_role(self) -> str: ...

    @property
    def region_codes(self) -> list[str]: ...


def own_passages(user: User) -> DossierStageQuerySet:
    """Every étape begun of the dossiers whose référent is `user`; none for staff (D16)."""
    if not user.is_referent:
        return DossierStage.objects.none()
    return DossierStage.objects.of_referent(user.pk)


def own_stages(user: User) -> DossierStageQuerySet:
    """The current étapes of the dossiers whose référent is `user`."""
    return own_passages(user).current()


# What every page and every answer of a référent begins by (Q73).
OWN_STAGE = Composed(
    lambda referent, reference: (
        DossierStage.objects.of_referent(referent)
        .current()
        .with_context()
        .with_newest_form()
        .filter(dossier__reference=reference)
    ),
    referent=-1,
    reference="-",
)


def own_stage(user: User, reference: str) -> DossierStage | None:
    """The current étape of the dossier of `user` that has this reference, with all that a page's heading names and its
    newest form; None for anything else (D16): 1 query."""
    return OWN_STAGE.first(referent=user.pk, reference=reference) if user.is_referent else None


def transmitted_stages(user: User) -> DossierStageQuerySet:
    """What `user` may read in the back-office: the étapes transmitted, and for an instructeur régional those of his
    régions, on the étapes that let him in. A draft is its référent's alone."""
    return readable(DossierStage.objects.filter(first_transmitted_at__isnull=False), user)


def instructed_stages(user: User) -> DossierStageQuerySet:
    """The last étape transmitted of each dossier that `user` may read: the lines of the back-office."""
    return readable(DossierStage.objects.filter(is_instructed=True), user)


def reads_all(user: User) -> bool:
    """Whether `user` reads all that was transmitted: every instructor but regional ones."""
    return user.is_instructor and user.role != Role.REGIONAL


def may_read(user: User, dossier_stage: DossierStage) -> bool:
    """Whether `user` may read an étape in the back-office: 1 query."""
    return user.is_active and transmitted_stages(user).filter(pk=dossier_stage.pk).exists()


def readable(stages: DossierStageQuerySet, user: User) -> DossierStageQuerySet:
    """Those among transmitted étapes that `user` may read."""
    if reads_all(user):
        return stages
    if not user.is_instructor:
        return stages.none()
    codes = [region.pk for region in user.regions.all()]
    return stages.filter(dossier__legal_entity__region_codes__overlap=codes).exclude(
        Q(stage__regional_role=RegionalRole.NONE)
        | Q(stage__regional_role="", dossier__guichet__regional_role=RegionalRole.NONE)
    )


def is_let_in(user: User, dossier: Dossier, stage: Stage) -> bool:
    """Whether `user`, who reads another étape of that dossier, reads this one once transmitted: as `readable` says, the
    région being the same."""
    return user.role != Role.REGIONAL or (stage.regional_role or dossier.guichet.regional_role) != RegionalRole.NONE


def countable_stages(user: User) -> QuerySet[Stage]:
    """The étapes of which `user` may read figures: for an instructeur régional, those that let him in."""
    if not user.is_instructor:
        return Stage.objects.none()
    if user.role != Role.REGIONAL:
        return Stage.objects.all()
    return Stage.objects.exclude(
        Q(regional_role=RegionalRole.NONE) | Q(regional_role="", guichet__regional_role=RegionalRole.NONE)
    )


def tallied(user: User) -> Q:
    """The counts of `dossiers.models.tallies` that `user` adds up: those of all dossiers, or those of his régions."""
    return Q(regions=None) if reads_all(user) else countable(user)


def counted(user: User, region: str) -> Q:
    """The counts of the lines that `user` may read, of a région alone unless `region` is blank."""
    if reads_all(user):
        return Q(regions=None, region=region)
    return countable(user) & (Q(regions__contains=[region]) if region else Q())


def countable(user: User) -> Q:
    """The counts by sets of régions that an instructeur régional adds up: those of the dossiers that he may read (see
    `readable`). None for a référent."""
    return Q(stage__in=countable_stages(user), regions__overlap=[region.pk for region in user.regions.all()])


def listable(user: User) -> Q:
    """The lines of the list that `user` may read: those of the dossiers that he may read (see `readable`)."""
    if reads_all(user):
        return Q()
    own = reduce(or_, (in_region(region.pk) for region in user.regions.all()), Q(pk__in=[]))
    return own & Q(stage__in=countable_stages(user))


def reading_scope(user: User) -> str:
    """What `user` reads in the back-office, as one word: what was made for it no longer fits once it is another. Of an
    instructeur régional, his régions and the étapes closed to him: 1 query."""
    if not user.is_active or not user.is_instructor:
        return ""
    if user.role != Role.REGIONAL:
        return "all"
    word = "regions:" + ",".join(sorted(str(region.pk) for region in user.regions.all()))
    closed = Stage.objects.exclude(pk__in=countable_stages(user).order_by().values("pk")).order_by("pk")
    keys = ",".join(str(key) for key in closed.values_list("pk", flat=True))
    return f"{word};closed:{hashlib.sha256(keys.encode()).hexdigest()[:16]}" if keys else word


def may_edit_guichets(user: User) -> bool:
    """Whether `user` may write guichets and their forms: administrators only (G4)."""
    return user.is_active and user.is_admin_role


def is_referent(user: User, dossier_stage: DossierStage) -> bool:
    """Whether `user` owns the dossier now."""
    return user.is_active and user.is_referent and dossier_stage.dossier.referent_id == user.pk


def may_instruct(user: User, dossier_stage: DossierStage) -> bool:
    """Whether `user` may ask for a modification, validate or reject."""
    return dossier_stage.first_transmitted_at is not None and instructs(
        user, dossier_stage.dossier, dossier_stage.stage
    )


def instructs(user: User, dossier: Dossier, stage: Stage) -> bool:
    """Whether `user` is an instructor of that étape for that dossier, begun or not: the étape says what regional ones
    may do, and when it does not, its guichet."""
    if user.role != Role.REGIONAL:
        return user.is_active and user.is_instructor
    regional_role = stage.regional_role or dossier.guichet.regional_role
    return instructs_there(user, regional_role, dossier.legal_entity.region_codes)


def instructs_there(user: User, regional_role: str, region_codes: Iterable[str]) -> bool:
    """Whether `user`, an instructeur régional, instructs an étape that lets regional ones do that, for an EJ of these
    régions."""
    if not user.is_active or regional_role != RegionalRole.INSTRUCT:
        return False
    return not {region.pk for region in user.regions.all()}.isdisjoint(region_codes)


def may_reopen(user: User, dossier_stage: DossierStage) -> bool:
    """Whether `user` may reopen a decided étape: responsables d'instruction only."""
    return user.is_active and user.is_lead


def may_edit_texts(user: User) -> bool:
    """Whether `user` may write the texts that decisions start from (I3): responsables, and administrators."""
    return user.is_active and (user.is_lead or user.is_admin_role)


def may_assign(user: User) -> bool:
    """Whether `user` may give a dossier to somebody to instruct (I5): responsables only."""
    return user.is_active and user.is_lead


def may_declare_absence(user: User, absent: User) -> bool:
    """Whether `user` may say when `absent` is away (I5): who instructs for themselves, responsables for everybody."""
    return user.is_active and user.is_instructor and absent.is_instructor and (user.pk == absent.pk or may_assign(user))


def may_batch(user: User, action: BatchAction) -> bool:
    """Whether `user` may prepare that action on several dossiers (I4b); each dossier is then asked for in its turn."""
    if action == BatchAction.ASSIGN:
        return may_assign(user)
    return user.is_active and user.is_instructor


def batch_actions(user: User, listed: Iterable[Listed]) -> list[BatchAction]:
    """The actions that a list offers `user` on several of its dossiers: none when he may instruct none of them."""
    if user.role == Role.REGIONAL:
        may = any(instructs_there(user, each.regional_role, each.region_codes) for each in listed)
    else:
        may = user.is_active and user.is_instructor and any(True for _ in listed)
    return [action for action in BatchAction if may_batch(user, action)] if may else []


def may_reassign(user: User) -> bool:
    """Whether `user` may replace a référent and decide who takes a dossier over (I8): responsables only."""
    return user.is_active and user.is_lead


def claimable_stages(user: User) -> DossierStageQuerySet:
    """The current étapes of the dossiers of the EJ of `user` that another holds: those `user` may ask to take over,
    of which nothing but the guichet and the EJ is to be shown (D3)."""
    if not user.is_referent:
        return DossierStage.objects.none()
    represented = accounts_queries.establishments_of(user).values("legal_entity")
    return DossierStage.objects.current().filter(dossier__legal_entity__in=represented).exclude(dossier__referent=user)


def may_correct_contacts(user: User, dossier_stage: DossierStage) -> bool:
    """Whether `user` may correct the contacts of a transmitted étape (I8): responsables only."""
    return user.is_active and user.is_lead and dossier_stage.first_transmitted_at is not None


def may_move_deadlines(user: User) -> bool:
    """Whether `user` may extend an étape or make an exception (D15b): administrators only."""
    return user.is_active and user.is_admin_role


def may_receive(user: User, dossier: Dossier) -> bool:
    """Whether a dossier can be handed to `user`: an activated référent attached to the dossier's EJ (D13)."""
    return (
        user.is_active
        and user.is_referent
        and user.activated_at is not None
        and accounts_queries.represents(user, dossier.legal_entity)
    )
