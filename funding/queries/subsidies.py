"""The subsidy of a dossier, for both sides, and the list of those who instruct."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery, prefetch_related_objects
from django.db.models.fields.json import KT
from django.utils import timezone

from accounts.enums import Role
from accounts.models import User
from dossiers.access import reads_all, transmitted_stages
from dossiers.enums import StageEntry, Status
from dossiers.models import Dossier, DossierStage, Transmission
from dossiers.models.dossiers import DossierStageQuerySet
from ecare.composed import Composed
from ecare.paging import KeyedPaginator
from funding import access
from funding.enums import AgreementState, ControlState, GrantStep
from funding.models import Agreement, Control, Grant, SubsidyStep
from funding.models.controls import UNDER_WAY
from funding.models.grants import GrantQuerySet

PAGE_SIZE = 50
#: In which states of the convention in force a signed copy is awaited.
TO_SIGN = (AgreementState.SENT, AgreementState.REFUSED)
_UNDER_WAY = Control.objects.filter(grant=OuterRef("pk"), state__in=UNDER_WAY)
#: The control under way of a subsidy, as annotations of a `Grant`.
UNDER_CONTROL = {
    "control_state": Subquery(_UNDER_WAY.values("state")[:1]),
    "control_due_on": Subquery(_UNDER_WAY.values("due_on")[:1]),
}


@dataclass(frozen=True)
class Subsidy:
    """What was granted, and how far it is."""

    grant: Grant
    agreement: Agreement | None
    #: Where the control under way stands, if there is one, and until when its pieces are to be deposited.
    control_state: str = ""
    control_due_on: dt.date | None = None

    @property
    def awaits_pieces(self) -> bool:
        """Whether the référent has pieces to deposit for a control."""
        return self.control_state == ControlState.OPEN

    @property
    def is_late(self) -> bool:
        """Whether these pieces were to be deposited before today; they still may be."""
        return self.awaits_pieces and self.control_due_on is not None and self.control_due_on < timezone.localdate()

    @property
    def dossier(self) -> Dossier:
        return self.grant.dossier

    @property
    def step(self) -> GrantStep:
        """What happens next."""
        return step_of(self.grant, self.agreement.state if self.agreement else None)

    @property
    def step_label(self) -> str:
        return self.step.label


def subsidy(dossier: Dossier) -> Subsidy | None:
    """The subsidy of a dossier: 2 queries; None, in 1, before it is granted."""
    grants = Grant.objects.select_related("granted_by", "transmission", "dossier_stage__stage").filter(dossier=dossier)
    found: Any = grants.annotate(**UNDER_CONTROL).first()
    if found is None:
        return None
    found.dossier = dossier
    agreements = found.agreements.exclude(state=AgreementState.REPLACED)
    in_force = agreements.select_related("template", "sent_by", "checked_by", "signed_copy").first()
    if in_force is not None:
        in_force.grant = found
    return Subsidy(found, in_force, found.control_state or "", found.control_due_on)


def own_tasks(referent: User) -> GrantQuerySet:
    grants = access.own_grants(referent).annotate(**UNDER_CONTROL)
    waiting = grants.filter(Q(control_state=ControlState.OPEN) | Q(agreements__state__in=TO_SIGN))
    return waiting.select_related("dossier__guichet", "dossier__legal_entity").order_by("granted_at", "pk").distinct()


OWN_TASKS = Composed(lambda referent: own_tasks(User(pk=referent, role=Role.REFERENT)), referent=-1)


def waiting_for_referent(user: User) -> list[Subsidy]:
    """The subsidies whose référent has something to deposit, a signed convention or the pieces of a control, the oldest
    first: 2 queries, 1 without any."""
    found: list[Any] = OWN_TASKS.rows(referent=user.pk) if user.is_referent else []
    in_force = Agreement.objects.exclude(state=AgreementState.REPLACED).select_related("signed_copy")
    prefetch_related_objects(found, Prefetch("agreements", in_force, to_attr="in_force"))
    return [
        Subsidy(each, next(iter(each.in_force), None), each.control_state or "", each.control_due_on) for each in found
    ]


@dataclass(frozen=True)
class Beside:
    """The subsidy in short, beside a dossier of the back-office; without a grant, it is to be granted."""

    dossier: Dossier
    grant: Grant | None
    step: GrantStep

    @property
    def step_label(self) -> str:
        return self.step.label

    @property
    def is_settled(self) -> bool:
        """Whether nothing more is to be done for it to be granted."""
        return self.step == GrantStep.SETTLED


def of_dossier(user: User, dossier: int) -> DossierStageQuerySet:
    return funded(user).select_related("dossier__grant").filter(dossier=dossier)


# For who reads everything, as `dossiers.queries.desk` does.
OF_DOSSIER = Composed(lambda dossier: of_dossier(User(role=Role.VERIFIER), dossier), dossier=-1)


def beside(dossier_stage: DossierStage, user: User) -> Beside | None:
    """The subsidy of a dossier that `user` reads, if it may carry one: 1 query, none before it may."""
    dossier = dossier_stage.dossier
    if dossier_stage.stage.entry == StageEntry.START and dossier_stage.status != Status.VALIDATED:
        return None  # no other étape carries it
    if reads_all(user):
        row: Any = OF_DOSSIER.first(dossier=dossier.pk)
    else:
        row = of_dossier(user, dossier.pk).first()
    if row is None:
        return None
    grant = getattr(row.dossier, "grant", None)
    if grant is None:
        return Beside(dossier, None, GrantStep.TO_GRANT)
    return Beside(dossier, grant, step_of(grant, row.agreement_state))


def step_of(grant: Grant, state: str | None) -> GrantStep:
    """What happens next to a subsidy whose convention in force is at that state."""
    if not grant.needs_agreement or state == AgreementState.ACCEPTED:
        return GrantStep.SETTLED
    if state is None:
        return GrantStep.TO_SEND
    return GrantStep.TO_CHECK if state == AgreementState.SIGNED else GrantStep.TO_SIGN


def funded(user: User) -> DossierStageQuerySet:
    """The validated étapes that carry a subsidy, with the state of their convention."""
    stages = access.funded_stages(user)
    in_force = Agreement.objects.exclude(state=AgreementState.REPLACED).filter(grant__dossier=OuterRef("dossier"))
    return stages.annotate(agreement_state=Subquery(in_force.values("state")[:1]))


def steps(user: User) -> QuerySet[SubsidyStep]:
    """Where each subsidy that `user` may read stands, as PostgreSQL keeps it."""
    kept = SubsidyStep.objects.all()
    return kept if reads_all(user) else kept.filter(dossier_stage__in=transmitted_stages(user))


def counters(user: User) -> dict[GrantStep, int]:
    """How many dossiers stand at each step: 1 query."""
    found = dict(steps(user).values_list("step").annotate(Count("pk")))
    return {step: found.get(step, 0) for step in GrantStep}


def listed(user: User, step: GrantStep, *, total: int) -> KeyedPaginator:
    """Pages of one step of the list (DossierStage), what was validated first on top. The total comes from the
    counters."""
    rows = DossierStage.objects.with_context().select_related("dossier__grant", "dossier__verifier")
    last = Transmission.objects.filter(dossier_stage=OuterRef("pk")).order_by("-number")
    rows = rows.annotate(estimated=Subquery(last.values(total=KT("estimate__total"))[:1]))
    found = steps(user).filter(step=step).order_by("decided_at", "pk")
    return KeyedPaginator(found, rows.in_bulk, PAGE_SIZE, total=total)
