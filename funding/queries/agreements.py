"""What a convention would say, and the one in force."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from accounts.enums import Civility
from dossiers import queries
from dossiers.models import Transmission
from ecare import french
from funding.enums import AgreementState
from funding.models import Agreement, AgreementTemplate, Grant
from funding.schedule.estimates import Estimate

#: The question that names who signs, in the forms of the guichets.
SIGNATORY = "contact_signatory"


@dataclass(frozen=True)
class Draft:
    """A convention that could be sent now; `flaw` says in French why it cannot."""

    template: AgreementTemplate | None
    signatory: dict[str, str] | None
    values: dict[str, str] = field(default_factory=dict)

    @property
    def flaw(self) -> str:
        if self.template is None:
            return (
                "Aucun modèle de convention n'est publié pour ce guichet\u00a0: "
                "demandez à un administrateur d'en publier un."
            )
        if self.signatory is None:
            return "Le dossier ne nomme aucun signataire\u00a0: demandez au référent de le compléter."
        return ""


def in_force(grant: Grant) -> Agreement | None:
    """The last convention sent: 1 query."""
    agreements = grant.agreements.exclude(state=AgreementState.REPLACED)
    return agreements.select_related("grant__dossier_stage", "template", "sent_by", "checked_by", "signed_copy").first()


def template_of(guichet: int) -> AgreementTemplate | None:
    """The last published text of a guichet."""
    return AgreementTemplate.objects.filter(guichet=guichet, published_at__isnull=False).order_by("-version").first()


def draft(grant: Grant, *, on: dt.datetime) -> Draft:
    """The convention of a subsidy as it would be sent at `on`: 3 queries, 4 when a contact was corrected."""
    signatory = signatory_of(grant)
    template = template_of(grant.dossier.guichet_id)
    return Draft(template, signatory, values_of(grant, signatory, on=on) if signatory else {})


def signatory_of(grant: Grant) -> dict[str, str] | None:
    """The signatory that the dossier named last, whatever the étape, as a responsable corrected it since if one did
    (I8): the convention is written to that person. Name, position and address."""
    transmissions = Transmission.objects.filter(dossier_stage__dossier=grant.dossier_id).order_by("-at", "-pk")
    for transmission in transmissions:
        said: dict[str, Any] | None = transmission.answers.get(SIGNATORY)
        if said:
            stage = transmission.dossier_stage_id
            said = queries.contacts_in_force({stage: transmission.at}, [SIGNATORY]).get((stage, SIGNATORY), said)
            civility = Civility(said["civility"]).label
            return {
                "name": f"{civility} {said['first_name']} {said['last_name']}",
                "position": said["position"],
                "email": said["email"],
            }
    return None


def values_of(grant: Grant, signatory: dict[str, str], *, on: dt.datetime) -> dict[str, str]:
    """Every field of a text (`agreement_text.FIELDS`), in words."""
    entity = grant.dossier.legal_entity
    assert grant.transmission.estimate is not None  # nothing is granted without one
    estimate = Estimate.from_json(grant.transmission.estimate)
    town = " ".join(part for part in (entity.postal_code, entity.city) if part)
    return {
        "reference": grant.dossier.reference,
        "guichet": grant.dossier.guichet.title,
        "financeur": settings.BRAND.get("operator") or settings.BRAND["product"],
        "beneficiaire": entity.display_name,
        "finess": entity.finess,
        "adresse": ", ".join(part for part in (entity.address, town) if part) or "adresse connue de FINESS",
        "signataire": signatory["name"],
        "fonction": signatory["position"],
        "montant": french.euros(grant.amount),
        "parcours": estimate.track_label,
        "nombre_eg": french.integer(estimate.sites),
        "transmis_le": french.day(grant.transmission.at),
        "accorde_le": french.day(grant.granted_at),
        "date": french.day(on),
    }
