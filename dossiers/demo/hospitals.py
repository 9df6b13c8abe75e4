"""The dossiers of the établissements de santé: one under control, a self-assessment to read, another to finish."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from accounts.models import User
from dossiers import catalog, workflow
from dossiers.demo.answers import BANKS, TICKED, contact
from dossiers.demo.applications import FILES, Piece, current, fill, transmit
from dossiers.kinds import Raw
from dossiers.models import Dossier, Stage
from establishments import queries as establishments_queries
from establishments.models import LegalEntity

HOSPITAL, CLINIC, GROUP = "520780032", "010000156", "210780581"
REPORT = FILES / "rapport-audit.pdf"
DAYS_TO_TAKE_OVER = 7
TAKEN_OVER = "Reprise d'un dossier déposé sur l'ancienne plateforme."
CONTROL = (
    "Votre dossier fait l'objet d'un contrôle. Déposez le rapport complet de l'audit de l'annuaire et les factures "
    "acquittées, et proposez-nous une date d'entretien."
)

PIECES = {
    "candidature": (
        Piece("audit_report", "Rapport d'audit 2025.pdf", REPORT),
        Piece("commitment_letter", "Lettre d'engagement.pdf", FILES / "lettre-engagement.pdf"),
        Piece("bank", "RIB.pdf", FILES / "rib.pdf"),
    ),
    "objectifs": (
        Piece("directory_files", "Rapport d'audit de l'annuaire.pdf", REPORT),
        Piece("exposure_files", "Rapport d'exposition.pdf", REPORT),
        Piece("plan_files", "Plan d'action.zip", REPORT),
    ),
}
OBJECTIVES: dict[str, Raw] = {
    "declaration": TICKED,
    "directory_status": {"value": "yes"},
    "directory_on": {"value": "2026-02-10"},
    "exposure_on": {"value": "2026-02-24"},
    "exposure_critical": {"value": "2"},
    "exposure_plan": {"value": "Deux équipements anciens seront remplacés au prochain trimestre."},
    "spent": {"value": "38 400,00"},
}
CONTACT = contact("monsieur", "Hugo", "Fabre", "Responsable identification électronique", "03 25 01 02 03")
#: The choice made at each question of the self-assessment.
LEVELS = {
    "governance_owner": "resourced",
    "governance_policy": "reviewed",
    "governance_committee": "regular",
    "governance_training": "occasional",
    "directory_reference": "most",
    "directory_source": "mixed",
    "directory_rpps": "all",
    "directory_duplicates": "yearly",
    "means_two_factors": "some",
    "means_psc": "planned",
    "means_remote": "all",
    "means_loss": "hours",
    "access_sso": "some",
    "access_profiles": "most",
    "access_review": "sometimes",
    "access_privileged": "guarded",
    "lifecycle_arrival": "day",
    "lifecycle_move": "request",
    "lifecycle_departure": "month",
    "lifecycle_temporary": "some",
    "traceability_logs": "some",
    "traceability_central": "none",
    "traceability_checks": "complaint",
}


def create(people: dict[str, User], entities: dict[str, LegalEntity], *, verifier: User, administrator: User) -> None:
    """Open these dossiers and lead each where it stands."""
    referent, group_referent = people["claire.renard"], people["yves.garnier"]
    create_controlled(entities[HOSPITAL], referent=referent, verifier=verifier, administrator=administrator)
    assessed = create_assessment(entities[CLINIC], referent=referent, professionals="240")
    fill(assessed, choices(LEVELS) | {"contact": CONTACT}, ())
    transmit(assessed)
    started = create_assessment(entities[GROUP], referent=group_referent, professionals="7 800")
    fill(started, choices(dict(list(LEVELS.items())[: len(LEVELS) // 2])), ())


def stage_of(guichet: str, code: str) -> Stage:
    return Stage.objects.select_related("guichet").get(guichet__code=guichet, code=code)


def create_controlled(entity: LegalEntity, *, referent: User, verifier: User, administrator: User) -> None:
    """A dossier of CaRE D1, closed to others: time was given to this EJ for the two first étapes, which were validated,
    and the control of the third one begins."""
    until = catalog.closing(timezone.localdate() + dt.timedelta(days=DAYS_TO_TAKE_OVER))
    assert until is not None
    first, objectives, control = (stage_of("care-d1", code) for code in ("candidature", "objectifs", "controle"))
    for stage in (first, objectives):
        workflow.grant_late_access(stage, entity, until, by=administrator, reason=TAKEN_OVER)
    dossier = workflow.create_dossier(first, entity, by=referent, at=timezone.now())
    for stage, raws in ((first, application(entity)), (objectives, OBJECTIVES)):
        if stage is not first:
            workflow.start_stage(current(dossier), stage, by=referent, at=timezone.now())
        fill(dossier, raws, PIECES[stage.code])
        transmit(dossier)
        workflow.validate(current(dossier), by=verifier)
    workflow.call_stage(current(dossier), control, by=verifier, message=CONTROL)


def create_assessment(entity: LegalEntity, *, referent: User, professionals: str) -> Dossier:
    stage = stage_of("hospiconnect-maturite", "autoevaluation")
    dossier = workflow.create_dossier(stage, entity, by=referent, at=timezone.now())
    beginning: dict[str, Raw] = {
        "commitment": TICKED,
        "perimeter": perimeter(entity),
        "professionals": {"value": professionals},
        "means_used": {"value": ["cps", "password"]},
    }
    fill(dossier, beginning, ())
    return dossier


def application(entity: LegalEntity) -> dict[str, Raw]:
    iban, bic = BANKS[0]
    return {
        "commitment": TICKED,
        "applicant_kind": {"value": "alone"},
        "perimeter": perimeter(entity),
        "domains": {"value": "2"},
        "workstations": {"value": "850"},
        "exposed": {"value": "Messagerie, accès à distance des astreintes, portail des patients."},
        "hosted": {"value": ["hds", "own"]},
        "audited": {"value": "yes"},
        "audited_on": {"value": "2025-11-18"},
        "contact_ciso": contact("madame", "Léa", "Roussel", "RSSI du groupement", "03 25 01 02 04"),
        "contact_cio": contact("monsieur", "Denis", "Collin", "Directeur informatique", "03 25 01 02 05"),
        "contact_signatory": contact("madame", "Denise", "Vasseur", "Directrice", "03 25 01 02 06"),
        "bank": {"holder": entity.display_name, "iban": iban, "bic": bic},
    }


def perimeter(entity: LegalEntity) -> Raw:
    """Every EG."""
    return {"sites": [site.finess for site in establishments_queries.active_sites(entity)]}


def choices(levels: dict[str, str]) -> dict[str, Raw]:
    return {code: {"value": level} for code, level in levels.items()}
