"""Handing dossiers to a colleague (D13)."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from accounts.models import User
from dossiers import access, emails, search
from dossiers.enums import EventKind
from dossiers.models import DossierStage
from dossiers.workflow.table import NotAllowed, Refused, locked, record


@transaction.atomic
def transfer(dossier_stages: Iterable[DossierStage], *, by: User, to: User) -> None:
    """Give dossiers to `to`, all or none; the former référent loses access at once (guide p. 31–34, Q&A 1.9).

    Raises NotAllowed if one is not `by`'s any more, Refused if `to` cannot receive it.
    """
    to.refresh_from_db(fields=["is_active", "activated_at", "role"])
    for dossier_stage in sorted(dossier_stages, key=lambda each: each.dossier_id):
        dossier_stage = locked(dossier_stage)
        dossier = dossier_stage.dossier
        if not access.is_referent(by, dossier_stage):
            raise NotAllowed("Ce dossier n'est plus le vôtre.")
        if to.pk == by.pk or not access.may_receive(to, dossier):
            raise Refused(
                f"Le dossier {dossier.reference} ne peut pas être transféré à {to.full_name} : son compte doit être "
                f"activé et rattaché à {dossier.legal_entity.label}."
            )
        dossier.referent = to
        dossier.save(update_fields=["referent"])
        search.refresh(dossier_stage)
        event = record(dossier_stage, EventKind.TRANSFERRED, by=by, message=f"De {by.full_name} à {to.full_name}")
        emails.transferred(event, former=by, new=to)
