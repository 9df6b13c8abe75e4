"""Rows of the instruction list, many and cheap: what a list shows, without the answers behind."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from accounts.models import User
from dossiers import search
from dossiers.enums import Status
from dossiers.models import Dossier, DossierStage, Transmission
from dossiers.workflow import stages
from establishments.enums import EstablishmentType
from establishments.models import LegalEntity
from tests.accounts.factories import UserFactory
from tests.dossiers import factories
from tests.establishments.factories import LegalEntityFactory


def row(
    status: str = Status.TRANSMITTED,
    *,
    legal_entity: LegalEntity | None = None,
    referent: User | None = None,
    transmitted_at: dt.datetime | None = None,
    estimate: dict[str, str] | None = None,
    **entity_fields: Any,
) -> DossierStage:
    """A dossier of the POC at `status`."""
    stage = factories.poc()
    revision = stage.revisions.get()
    at = transmitted_at or timezone.now()
    dossier = Dossier.objects.create(
        reference=stages.new_reference(),
        guichet=stage.guichet,
        legal_entity=legal_entity or LegalEntityFactory(**entity_fields),
        establishment_type=EstablishmentType.ESSMS,
        referent=referent or UserFactory(),
    )
    created = DossierStage.objects.create(
        dossier=dossier,
        stage=stage,
        revision=revision,
        status=status,
        is_instructed=status != Status.DRAFT,
        first_transmitted_at=None if status == Status.DRAFT else at,
        transmitted_at=None if status == Status.DRAFT else at,
        decided_at=at if status in (Status.VALIDATED, Status.REJECTED) else None,
        due_at=at + dt.timedelta(days=7) if status == Status.MODIFICATION_REQUESTED else None,
    )
    if status != Status.DRAFT:
        Transmission.objects.create(
            dossier_stage=created,
            number=1,
            at=at,
            by=dossier.referent,
            answers={},
            applicant={
                "finess": dossier.legal_entity.finess,
                "name": dossier.legal_entity.name,
                "type": "ESSMS",
                "region": "",
                "referent": dossier.referent.full_name,
                "referent_email": dossier.referent.email,
            },
            estimate={
                "schedule": 1,
                "guichet": "poc-essms",
                "version": 1,
                "track": "1",
                "track_label": "Parcours 1",
                "sites": 1,
                "lines": [],
                "total": "11000.00",
                **(estimate or {}),
            },
        )
    search.refresh(created)
    return created
