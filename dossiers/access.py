"""Who may see a dossier, and who may act on it."""

from __future__ import annotations

from accounts import queries as accounts_queries
from accounts.enums import Role
from accounts.models import User
from dossiers.enums import RegionalRole
from dossiers.models import Dossier, DossierStage
from dossiers.models.dossiers import DossierStageQuerySet


def own_stages(user: User) -> DossierStageQuerySet:
    """The current étapes of the dossiers whose référent is `user`; none for staff (D16)."""
    if not user.is_referent:
        return DossierStage.objects.none()
    return DossierStage.objects.current().filter(dossier__referent=user)


def instructed_stages(user: User) -> DossierStageQuerySet:
    """The current étapes that `user` may read in the back-office: those transmitted at least once, and for an
    instructeur régional those of his régions, on the guichets that let him in. A draft is its référent's alone."""
    stages = DossierStage.objects.current().filter(first_transmitted_at__isnull=False)
    if not user.is_instructor:
        return stages.none()
    if user.role == Role.REGIONAL:
        codes = [region.pk for region in user.regions.all()]
        return stages.filter(dossier__legal_entity__region_codes__overlap=codes).exclude(
            dossier__guichet__regional_role=RegionalRole.NONE
        )
    return stages


def is_referent(user: User, dossier_stage: DossierStage) -> bool:
    """Whether `user` owns the dossier now."""
    return user.is_active and user.is_referent and dossier_stage.dossier.referent_id == user.pk


def may_instruct(user: User, dossier_stage: DossierStage) -> bool:
    """Whether `user` may ask for a modification, validate or reject."""
    if not user.is_active or not user.is_instructor or dossier_stage.first_transmitted_at is None:
        return False
    if user.role != Role.REGIONAL:
        return True
    if dossier_stage.dossier.guichet.regional_role != RegionalRole.INSTRUCT:
        return False
    return bool({region.pk for region in user.regions.all()} & set(dossier_stage.dossier.legal_entity.region_codes))


def may_reopen(user: User, dossier_stage: DossierStage) -> bool:
    """Whether `user` may reopen a decided étape: responsables d'instruction only."""
    return user.is_active and user.is_lead


def may_receive(user: User, dossier: Dossier) -> bool:
    """Whether a dossier can be handed to `user`: an activated référent attached to the dossier's EJ (D13)."""
    return (
        user.is_active
        and user.is_referent
        and user.activated_at is not None
        and accounts_queries.represents(user, dossier.legal_entity)
    )
