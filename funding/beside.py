"""What the room adds to the pages of a dossier: see `dossiers.neighbours`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from dossiers.enums import StageEntry, Status
from dossiers.models import Attachment, Dossier, DossierStage, Transmission
from dossiers.neighbours import Granted, Panel, Refusal
from dossiers.sheet import Sheet
from ecare import french
from funding import access, objective_forms, queries, workflow
from funding import printed as on_paper
from funding.models import Grant
from funding.queries import envelopes, objectives


def concerned(dossier_stage: DossierStage) -> bool:
    """Whether the dossier may have a subsidy: its first étape is behind."""
    return dossier_stage.status == Status.VALIDATED or dossier_stage.stage.entry != StageEntry.START


def own_panels(dossier_stage: DossierStage) -> list[Panel]:
    """The subsidy in short, once granted: at most 2 queries. Above it, what was decided of the objectives of an étape
    that comes back: 3 queries more."""
    if not concerned(dossier_stage):
        return []
    panels = []
    if dossier_stage.status == Status.MODIFICATION_REQUESTED:
        decided = objectives.of_stage(dossier_stage)
        if decided and (decided.accepted or decided.refused):
            panels.append(Panel("funding/objectives_returned.html", decided))
    subsidy = queries.subsidy(dossier_stage.dossier)
    if subsidy:
        panels.append(Panel("funding/panel.html", subsidy))
    return panels


def own_tasks(user: User) -> list[Panel]:
    """The conventions to have signed and the pieces asked by a control: 2 queries, 1 without any."""
    return [Panel("funding/task.html", each) for each in queries.waiting_for_referent(user)]


def own_parts(transmission: Transmission, files: Sequence[Attachment]) -> list[Panel]:
    """The objectives, presented or decided: 1 query, none for étapes of another kind."""
    found = objectives.of_transmission(transmission, files)
    if found is None:
        return []
    return [Panel("funding/objectives_panel.html", {"objectives": found, "dossier_stage": transmission.dossier_stage})]


def desk_panels(dossier_stage: DossierStage, user: User) -> list[Panel]:
    """The subsidy in short, or that it is to be granted: at most 2 queries."""
    if not concerned(dossier_stage):
        return []
    waiting = queries.beside(dossier_stage, user)
    if waiting is None or (waiting.grant is None and not access.may_grant(user, dossier_stage)):
        return []
    return [Panel("funding/instruction/panel.html", waiting)]


def notices(user: User) -> list[Panel]:
    """The budgets nearly used, to who follows them: 1 query."""
    if not access.follows_budgets(user):
        return []
    near = list(envelopes.near_their_end())
    return [Panel("funding/instruction/budget_notice.html", near)] if near else []


def granted(dossier_stage: DossierStage) -> Granted | None:
    """1 query."""
    grant = Grant.objects.filter(dossier=dossier_stage.dossier_id).first()
    return Granted(grant.amount, timezone.localdate(grant.granted_at)) if grant else None


def grants() -> QuerySet[Any, Any]:
    """What each subsidy may still reach: the amount granted, corrected or not, lowered by a control or not."""
    return Grant.objects.order_by().values_list("dossier_stage_id", "ceiling")


def desk_parts(transmission: Transmission, files: Sequence[Attachment], user: User) -> list[Panel]:
    """The objectives, to accept or refuse one by one: 1 query, none for étapes of another kind."""
    found = objectives.of_transmission(transmission, files)
    return [objective_forms.part(transmission.dossier_stage, found, user)] if found else []


def form_parts(sheet: Sheet) -> list[Panel]:
    """What the objectives declared would give: 1 query, none for étapes of another kind."""
    found = objectives.of_sheet(sheet)
    return [Panel("funding/objectives_declared.html", found)] if found else []


def printed(dossier: Dossier, stages: Sequence[DossierStage]) -> list[Panel]:
    """The subsidy, once granted: see `funding.printed.of`."""
    found = on_paper.of(dossier, stages)
    return [Panel("funding/pdf/subsidy.html", found)] if found else []


def why_not_validated(stages: Sequence[DossierStage]) -> dict[int, str]:
    """The objectives presented that are neither accepted nor refused: 3 queries, whatever their number."""
    return {pk: found.left for pk, found in objectives.of_stages(stages).items() if found.waiting}


def refused(dossier_stage: DossierStage) -> list[Refusal]:
    """The objectives refused, each at the question that opens it: 3 queries, none for étapes of another kind."""
    found = objectives.of_stage(dossier_stage)
    return [
        Refusal(
            row.reply.question, f"Objectif refusé\u00a0: {row.objective.label}", row.decision.reason, row.decision.at
        )
        for row in (found.refused if found else ())
        if row.decision and row.reply.question
    ]


def settled(dossier_stage: DossierStage) -> None:
    """What may be paid follows the objectives accepted."""
    if not objectives.has_objectives(dossier_stage):
        return
    if grant := Grant.objects.filter(dossier=dossier_stage.dossier_id).first():
        workflow.payable.recompute(grant)


def words(dossier_stage: DossierStage, outcome: Status) -> str:
    """Which objectives are accepted, which are not and why."""
    found = objectives.of_stage(dossier_stage)
    return found.words(is_rejected=outcome == Status.REJECTED) if found else ""


def why_kept(dossier_stage: DossierStage) -> str:
    """A subsidy was granted on the strength of that étape."""
    grant = Grant.objects.filter(dossier_stage=dossier_stage.pk).first()
    if grant is None:
        return ""
    return (
        f"Une subvention de {french.euros(grant.amount)} a été accordée le {french.moment(grant.granted_at)} sur la "
        "foi de cette étape\u00a0: elle ne peut plus être rouverte."
    )
