"""Dossiers that change hands: given to a colleague by their référent (D13), reassigned by a responsable (I8)."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from dossiers import access, handover_emails, search
from dossiers.enums import EventKind, Takeover
from dossiers.models import Dossier, DossierStage, Event, TakeoverRequest
from dossiers.workflow.table import NotAllowed, Refused, locked, record
from ecare import french


@transaction.atomic
def transfer(dossier_stages: Iterable[DossierStage], *, by: User, to: User) -> None:
    """Give dossiers to `to`, all or none; the former référent loses access at once (guide p. 31–34, Q&A 1.9).

    Raises NotAllowed if one is not `by`'s any more, Refused if `to` cannot receive it.
    """
    to = held(to)
    for dossier_stage in sorted(dossier_stages, key=lambda each: each.dossier_id):
        dossier_stage = locked(dossier_stage)
        if not access.is_referent(by, dossier_stage):
            raise NotAllowed("Ce dossier n'est plus le vôtre.")
        if to.pk == by.pk:
            raise Refused("Vous êtes déjà le référent de ce dossier.")
        check_may_receive(to, dossier_stage.dossier)
        event = hand_over(dossier_stage, EventKind.TRANSFERRED, by=by, to=to)
        handover_emails.transferred(event, former=by, new=to)


@transaction.atomic
def reassign(dossier_stage: DossierStage, *, by: User, to: User, reason: str) -> None:
    """Replace the référent of a dossier, with a reason that both read (I8, Q38).

    Raises NotAllowed unless `by` is a responsable d'instruction, Refused without a reason, if `to` cannot receive the
    dossier or holds it already.
    """
    to = held(to)
    dossier_stage = locked(dossier_stage)
    dossier = dossier_stage.dossier
    if not access.may_reassign(by):
        raise NotAllowed
    if not reason.strip():
        raise Refused("Indiquez le motif du remplacement\u00a0: l'ancien et le nouveau référent le lisent.")
    if to.pk == dossier.referent_id:
        raise Refused(f"{to.full_name} est déjà le référent de ce dossier.")
    check_may_receive(to, dossier)
    former = dossier.referent
    event = hand_over(dossier_stage, EventKind.REASSIGNED, by=by, to=to, message=reason.strip())
    handover_emails.reassigned(event, former=former, new=to, reason=reason.strip())


def held(user: User) -> User:
    """The account read again, which nobody closes before the end of the transaction. Taken before any dossier, so that
    two exchanges never wait for each other."""
    found: User = User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    return found


def check_may_receive(user: User, dossier: Dossier) -> None:
    """Raise Refused unless `user` may become the référent of that dossier."""
    if not access.may_receive(user, dossier):
        raise Refused(
            f"Le dossier {dossier.reference} ne peut pas être transféré à {user.full_name}\u00a0: son compte doit être "
            f"activé et rattaché à {dossier.legal_entity.label}."
        )


def hand_over(dossier_stage: DossierStage, kind: EventKind, *, by: User, to: User, message: str = "") -> Event:
    """Make `to` the référent, write it in history, close what others had asked. Under the lock of the dossier."""
    dossier = dossier_stage.dossier
    former = dossier.referent
    dossier.referent, dossier.vacant_since = to, None
    dossier.save(update_fields=["referent", "vacant_since"])
    search.refresh(dossier_stage)
    event = record(dossier_stage, kind, by=by, message=message, former=former, successor=to)
    settle(event, by=by, to=to)
    return event


def settle(event: Event, *, by: User, to: User) -> None:
    """The requests to take over a dossier that changes hands: the new référent has what he asked for; the others are
    told that theirs is closed, and no more (D3)."""
    for request in event.dossier.takeovers.filter(state=Takeover.PENDING).select_related("asker"):
        request.state = Takeover.ACCEPTED if request.asker_id == to.pk else Takeover.SETTLED
        close(request, by=by if request.state == Takeover.ACCEPTED else None)
        if request.state == Takeover.SETTLED:
            handover_emails.takeover_settled(event, request)


def close(request: TakeoverRequest, *, by: User | None, answer: str = "") -> None:
    """Keep that a request is over, its `state` being set."""
    request.closed_at, request.closed_by, request.answer = timezone.now(), by, answer
    request.save(update_fields=["state", "closed_at", "closed_by", "answer"])


def situation(request: TakeoverRequest) -> str:
    """Why nothing more can be done with a request: what became of it, when, and by whom."""
    if request.closed_at is None:
        return f"Cette demande est périmée depuis le {french.moment(request.expires_at)}."
    whom = f", par {request.closed_by.full_name}" if request.closed_by else ""
    return (
        f"Cette demande est au statut {french.quoted(request.state_label)} depuis le "
        f"{french.moment(request.closed_at)}{whom}."
    )
