"""Who may read a subsidy, and who decides on it. What a dossier allows is asked of `dossiers.access`."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from accounts.models import User
from dossiers import access
from dossiers.enums import StageEntry, Status
from dossiers.models import DossierStage, Transmission
from dossiers.models.dossiers import DossierStageQuerySet
from funding.models import Grant
from funding.models.grants import GrantQuerySet


def own_grants(user: User) -> GrantQuerySet:
    """The subsidies of the dossiers whose référent is `user`; none for staff (D16)."""
    return Grant.objects.filter(dossier__referent=user) if user.is_referent else Grant.objects.none()


def readable_grants(user: User) -> GrantQuerySet:
    """The subsidies of the dossiers that `user` may read in the back-office."""
    return Grant.objects.filter(dossier_stage__in=access.transmitted_stages(user))


def funded_stages(user: User) -> DossierStageQuerySet:
    """The étapes that carry a subsidy, validated, that `user` may read: those whose transmission has an estimate."""
    estimated = Transmission.objects.filter(dossier_stage=OuterRef("pk"), schedule__isnull=False)
    stages = access.transmitted_stages(user).filter(stage__entry=StageEntry.START, status=Status.VALIDATED)
    return stages.filter(Exists(estimated))


def pays(user: User) -> bool:
    """Whether `user` prepares payments and moves them (F7): responsables d'instruction only."""
    return user.is_active and user.is_lead


def follows_budgets(user: User) -> bool:
    """Whether `user` follows what the budgets become: responsables d'instruction only."""
    return user.is_active and user.is_lead


def exports_expenses(user: User) -> bool:
    """Whether `user` takes the expenses of every laureate away as a file (F6): responsables d'instruction only."""
    return user.is_active and user.is_lead


def may_pay(user: User, dossier_stage: DossierStage) -> bool:
    """Whether `user` may prepare the payments of that dossier and move them."""
    return pays(user) and access.may_instruct(user, dossier_stage)


def may_grant(user: User, dossier_stage: DossierStage) -> bool:
    """Whether `user` may grant the subsidy of a dossier, have its convention signed and check it: who instructs it."""
    return access.may_instruct(user, dossier_stage)


def may_decide_objectives(user: User, dossier_stage: DossierStage) -> bool:
    """Whether `user` may accept or refuse the objectives of an étape (F5): who instructs it."""
    return access.may_instruct(user, dossier_stage)
