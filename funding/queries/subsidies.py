"""The subsidy of a dossier, for both sides, and the list of those who instruct."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from django.core.paginator import Page
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.fields.json import KT

from accounts.enums import Role
from accounts.models import User
from dossiers.access import reads_all
from dossiers.enums import StageEntry, Status
from dossiers.models import Dossier, DossierStage, Transmission
from dossiers.models.dossiers import DossierStageQuerySet
from ecare.composed import Composed
from ecare.paging import CountedPaginator
from funding import access
from funding.enums import AgreementState, GrantStep
from funding.models import Agreement, Grant

PAGE_SIZE = 50


@dataclass(frozen=True)
class Subsidy:
    """What was granted, and how far it is."""

    grant: Grant
    agreement: Agreement | None

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
    grant = Grant.objects.select_related("granted_by", "transmission", "dossier_stage__stage").filter(dossier=dossier)
    found = grant.first()
    if found is None:
        return None
    found.dossier = dossier
    agreements = found.agreements.exclude(state=AgreementState.REPLACED)
    in_force = agreements.select_related("template", "sent_by", "checked_by", "signed_copy").first()
    if in_force is not None:
        in_force.grant = found
    return Subsidy(found, in_force)


@dataclass(frozen=True)
class Beside:
    """The subsidy in short, beside a dossier of the back-office; without a grant, it is to be granted."""

    dossier: Dossier
    grant: Grant | None
    step_label: str


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
        return Beside(dossier, None, GrantStep.TO_GRANT.label)
    return Beside(dossier, grant, step_of(grant, row.agreement_state).label)


def step_of(grant: Grant, state: str | None) -> GrantStep:
    """What happens next to a subsidy whose convention in force is at that state."""
    if not grant.needs_agreement or state == AgreementState.ACCEPTED:
        return GrantStep.SETTLED
    if state is None:
        return GrantStep.TO_SEND
    return GrantStep.TO_CHECK if state == AgreementState.SIGNED else GrantStep.TO_SIGN


#: Which dossiers each tab of the list holds, the convention in force being joined as `agreement`.
STEPS: dict[GrantStep, Q] = {
    GrantStep.TO_GRANT: Q(dossier__grant=None),
    GrantStep.TO_SEND: Q(dossier__grant__needs_agreement=True, agreement_state=None),
    GrantStep.TO_SIGN: Q(agreement_state__in=[AgreementState.SENT, AgreementState.REFUSED]),
    GrantStep.TO_CHECK: Q(agreement_state=AgreementState.SIGNED),
    GrantStep.SETTLED: Q(dossier__grant__needs_agreement=False) | Q(agreement_state=AgreementState.ACCEPTED),
}


def funded(user: User) -> DossierStageQuerySet:
    """The validated étapes that carry a subsidy, with the state of their convention."""
    stages = access.funded_stages(user)
    in_force = Agreement.objects.exclude(state=AgreementState.REPLACED).filter(grant__dossier=OuterRef("dossier"))
    return stages.annotate(agreement_state=Subquery(in_force.values("state")[:1]))


def counters(user: User) -> dict[GrantStep, int]:
    """How many dossiers stand at each step: 1 query."""
    counts = {step.name: Count("pk", filter=condition) for step, condition in STEPS.items()}
    found = funded(user).order_by().aggregate(**counts)
    return {step: found[step.name] for step in STEPS}


class SubsidyPages(CountedPaginator):
    """Pages of one step of the list, what was validated first on top. The total comes from the counters."""

    def __init__(self, user: User, step: GrantStep, *, total: int) -> None:
        super().__init__(funded(user).filter(STEPS[step]).order_by("decided_at", "pk"), PAGE_SIZE, total=total)

    def page(self, number: int | str) -> Page[DossierStage]:
        number = self.validate_number(number)
        start = (number - 1) * PAGE_SIZE
        stages = cast(DossierStageQuerySet, self.object_list)
        keys = list(stages.values_list("pk", flat=True)[start : start + PAGE_SIZE])
        rows = DossierStage.objects.with_context().select_related("dossier__grant", "dossier__verifier")
        last = Transmission.objects.filter(dossier_stage=OuterRef("pk")).order_by("-number")
        rows = rows.annotate(estimated=Subquery(last.values(total=KT("estimate__total"))[:1]))
        return Page(list(rows.filter(pk__in=keys).order_by("decided_at", "pk")), number, self)
