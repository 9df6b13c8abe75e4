"""Granting the subsidy of a validated dossier (F4). The lock is that of the dossier (docs/adr/0006)."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from dossiers import queries
from dossiers.de_minimis import Position
from dossiers.enums import EventKind, StageEntry, Status
from dossiers.models import DossierStage
from dossiers.workflow.table import NotAllowed, Refused, locked, record, situation
from ecare import french
from funding import access, emails
from funding.models import Grant
from funding.queries import rules
from funding.schedule.estimates import Estimate
from funding.workflow import payable

CENT = Decimal("0.01")


class AlreadyGranted(Refused):
    """The dossier has its subsidy; the message says who granted what, and when."""


@transaction.atomic
def grant(
    dossier_stage: DossierStage, *, by: User, amount: Decimal, reason: str = "", with_agreement: bool = True
) -> Grant:
    """Grant `amount` euros to the dossier of a validated first étape: what was estimated, or another amount and why.

    A convention is to be signed from the amount that the guichet says (23 000 € unless it says otherwise); below,
    `with_agreement` decides. Raises NotAllowed unless `by` instructs the dossier, AlreadyGranted, Refused when the
    étape is not validated, carries no estimate, when amount and reason do not go together, or when the amount leads
    over the ceiling of the aids de minimis on that day (F3).
    """
    dossier_stage = locked(dossier_stage)
    if not access.may_grant(by, dossier_stage):
        raise NotAllowed
    already = Grant.objects.select_related("granted_by").filter(dossier=dossier_stage.dossier_id).first()
    if already is not None:
        raise AlreadyGranted(
            f"{already.granted_by.full_name} a accordé {french.euros(already.amount)} à ce dossier le "
            f"{french.moment(already.granted_at)}."
        )
    if dossier_stage.stage.entry != StageEntry.START or dossier_stage.status != Status.VALIDATED:
        raise Refused(situation(dossier_stage))
    transmission = queries.latest_transmission(dossier_stage)
    if transmission is None or not transmission.estimate:
        raise Refused("Cette étape ne porte pas de subvention\u00a0: aucun barème ne l'a estimée.")
    estimated = Estimate.from_json(transmission.estimate).total
    reason = reason.strip()
    if amount <= 0 or amount != amount.quantize(CENT):
        raise Refused("Le montant accordé est supérieur à zéro, au centime près.")
    if amount != estimated and not reason:
        raise Refused("Ce montant n'est pas l'estimation\u00a0: indiquez le motif, le référent le lira.")
    position = queries.de_minimis(transmission, subsidy=amount, on=timezone.localdate())
    if position is not None and position.excess:
        raise Refused(over_the_ceiling(position))
    granted = Grant.objects.create(
        dossier=dossier_stage.dossier,
        dossier_stage=dossier_stage,
        transmission=transmission,
        estimated=estimated,
        amount=amount,
        reason=reason if amount != estimated else "",
        ceiling=amount,
        payable=Decimal(0),
        needs_agreement=with_agreement or amount >= rules.agreement_from(dossier_stage.dossier.guichet_id),
        granted_by=by,
    )
    granted = payable.recompute(granted)
    event = record(dossier_stage, EventKind.GRANTED, by=by, message=told(granted))
    emails.granted(event, granted)
    return granted


def over_the_ceiling(position: Position) -> str:
    """Why an amount is refused: it would lead over the ceiling of the aids de minimis (F3, Q&A 3.4)."""
    allowed = (
        f"accordez au plus {french.euros(position.most)}, en indiquant le motif"
        if position.most
        else "rien ne peut être accordé"
    )
    return (
        f"Avec {french.euros(position.received)} d'aides de minimis déclarées depuis le {french.day(position.since)}, "
        f"ce montant porterait le total à {french.euros(position.total)}, au-dessus du plafond de "
        f"{french.euros(position.ceiling)} sur trois ans\u00a0: {allowed}."
    )


def told(granted: Grant) -> str:
    """The line that history keeps."""
    if not granted.is_corrected:
        return f"{french.euros(granted.amount)}, montant estimé à la transmission."
    return f"{french.euros(granted.amount)} au lieu de {french.euros(granted.estimated)} estimés.\n\n{granted.reason}"
