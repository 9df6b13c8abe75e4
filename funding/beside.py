"""What the room adds to the pages of a dossier: see `dossiers.neighbours`."""

from __future__ import annotations

from django.utils import timezone

from accounts.models import User
from dossiers.enums import StageEntry, Status
from dossiers.models import DossierStage
from dossiers.neighbours import Granted, Panel
from ecare import french
from funding import access, queries
from funding.models import Grant


def concerned(dossier_stage: DossierStage) -> bool:
    """Whether the dossier may have a subsidy: its first étape is behind."""
    return dossier_stage.status == Status.VALIDATED or dossier_stage.stage.entry != StageEntry.START


def own_panels(dossier_stage: DossierStage) -> list[Panel]:
    """The subsidy in short, once granted: at most 2 queries."""
    if not concerned(dossier_stage):
        return []
    subsidy = queries.subsidy(dossier_stage.dossier)
    return [Panel("funding/panel.html", subsidy)] if subsidy else []


def desk_panels(dossier_stage: DossierStage, user: User) -> list[Panel]:
    """The subsidy in short, or that it is to be granted: at most 2 queries."""
    if not concerned(dossier_stage):
        return []
    waiting = queries.beside(dossier_stage, user)
    if waiting is None or (waiting.grant is None and not access.may_grant(user, dossier_stage)):
        return []
    return [Panel("funding/instruction/panel.html", waiting)]


def granted(dossier_stage: DossierStage) -> Granted | None:
    """1 query."""
    grant = Grant.objects.filter(dossier=dossier_stage.dossier_id).first()
    return Granted(grant.amount, timezone.localdate(grant.granted_at)) if grant else None


def why_kept(dossier_stage: DossierStage) -> str:
    """A subsidy was granted on the strength of that étape."""
    grant = Grant.objects.filter(dossier_stage=dossier_stage.pk).first()
    if grant is None:
        return ""
    return (
        f"Une subvention de {french.euros(grant.amount)} a été accordée le {french.moment(grant.granted_at)} sur la "
        "foi de cette étape\u00a0: elle ne peut plus être rouverte."
    )
