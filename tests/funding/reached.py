"""Étapes « Atteinte des objectifs » for tests, on the form and the barème shipped: `begun()` → `presented()` →
`decided()`.

Parcours 1, two sites: 18 800 € granted. Diagnosis 20 %, backups 40 %, awareness 25 %, then three optional ones of 5 %.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import User
from dossiers import kinds
from dossiers import workflow as dossiers_workflow
from dossiers.models import DossierStage, Stage
from funding import workflow as funding_workflow
from funding.enums import ObjectiveState, PaymentKind
from funding.models import Grant, ObjectiveDecision
from funding.queries import objectives
from tests.accounts.factories import UserFactory
from tests.dossiers import factories
from tests.funding import subsidies

TICKED: kinds.Raw = {"value": "on"}
REACHED: kinds.Raw = {"value": "reached"}


def stage() -> Stage:
    """The étape as shipped, open for a month."""
    found = Stage.objects.select_related("guichet").get(guichet=factories.poc().guichet, code="objectifs")
    if found.opens_at is None:
        now = timezone.now()
        found.opens_at, found.closes_at = now - dt.timedelta(days=1), now + dt.timedelta(days=30)
        found.save(update_fields=["opens_at", "closes_at"])
    return found


def begun(*, granted: bool = True, **keywords: Any) -> DossierStage:
    """An étape that its référent begins, on a validated dossier whose subsidy is granted."""
    first = factories.validated(**keywords)
    if granted:
        subsidies.granted(first)
    return factories.fresh(
        dossiers_workflow.start_stage(first, stage(), by=first.dossier.referent, at=timezone.now()),
    )


def answers(**overrides: kinds.Raw) -> dict[str, kinds.Raw]:
    """What a référent answers who reached everything mandatory of the parcours 1, and two optional objectives."""
    return {
        "declaration": TICKED,
        "track": {"value": "1"},
        "finished_on": {"value": "2026-10-01"},
        "diagnosis": REACHED,
        "backups": REACHED,
        "awareness": {"value": "partly"},
        "shortfall": {"value": "Deux équipes restent à former d'ici à mars."},
        "optional": {"value": ["inventory", "updates"]},
        "team": {"position_1": "RSSI", "work_1": "Pilotage", "days_1": "12"},
        "steering": {"value": "Un comité par mois."},
        "has_providers": {"value": "no"},
        "spent": {"value": "21 000"},
        "lessons": {"value": "Les réunions courtes."},
        "difficulties": {"value": "Le délai des prestataires."},
        "control_email": {"value": "rssi@exemple.fr"},
        "control_phone": {"value": "01 23 45 67 89"},
        **overrides,
    }


def presented(
    *, slots: tuple[str, ...] = (), overrides: dict[str, kinds.Raw] | None = None, **keywords: Any
) -> DossierStage:
    """The étape transmitted, five objectives presented out of six unless `overrides` says otherwise, with a proof in
    each of `slots` (those five by default)."""
    dossier_stage = begun(**keywords)
    factories.save(dossier_stage, **answers(**(overrides or {})))
    for code in slots or ("diagnosis_files", "backups_files", "awareness_files", "inventory_files", "updates_files"):
        factories.deposit(dossier_stage, factories.pdf(f"Preuve {code}.pdf"), code)
    return factories.transmit(dossier_stage)


def decide(
    dossier_stage: DossierStage, code: str, *, by: User, reason: str = "", version: int | None = None
) -> ObjectiveDecision:
    """Accept an objective, or refuse it for `reason`, on the page as it now stands."""
    found = objectives.of_stage(factories.fresh(dossier_stage))
    assert found is not None
    row = found.row(code)
    assert row is not None
    return funding_workflow.objectives.decide(
        dossier_stage,
        code,
        ObjectiveState.REFUSED if reason else ObjectiveState.ACCEPTED,
        by=by,
        read=found.number,
        version=row.version if version is None else version,
        reason=reason,
    )


def settled(*, lead: User) -> Grant:
    """A subsidy whose objectives are decided and whose control is concluded, paid in part, ordered and planned for the
    rest: 18 800 € lowered to 16 000 €, of which one objective of 40 % is refused and another is not presented."""
    dossiers_workflow.validate(decided(by=lead, refused={"backups": "Sans preuve."}), by=lead)
    grant = Grant.objects.latest("pk")
    control = subsidies.controlled(grant, by=lead)
    funding_workflow.controls.close(control, by=lead, read=0, ceiling=Decimal(16_000), reason="Un site fermé.")
    agreement = funding_workflow.agreements.send(grant, by=lead)
    agreement = funding_workflow.agreements.sign(agreement, factories.pdf("Signée.pdf"), by=grant.dossier.referent)
    funding_workflow.agreements.accept(agreement, by=lead, read=agreement.signed_copy_id or 0)
    grant = Grant.objects.get(pk=grant.pk)
    subsidies.paid(grant, 3_000, by=lead)
    subsidies.planned(grant, 500, kind=PaymentKind.REPAYMENT, by=lead)
    subsidies.ordered(grant, 2_000, by=lead)
    subsidies.planned(grant, 3_800, by=lead)
    return grant


def decided(*, by: User | None = None, refused: dict[str, str] | None = None, **keywords: Any) -> DossierStage:
    """Every objective presented accepted, but those of `refused`, with why."""
    dossier_stage = presented(**keywords)
    by = by or UserFactory(verifier=True)
    found = objectives.of_stage(dossier_stage)
    assert found is not None
    for row in found.presented:
        decide(dossier_stage, row.objective.code, by=by, reason=(refused or {}).get(row.objective.code, ""))
    return factories.fresh(dossier_stage)
