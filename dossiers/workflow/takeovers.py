"""Taking over the dossier of a référent who left: asked by a colleague, decided by a responsable (D13, I8).

Registration is open to anybody who names an establishment (guide p. 32): a request gives nothing by itself, says
nothing of the dossier to its author, and the référent in place is told of it and may object.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.db import transaction

from accounts.models import User
from dossiers import access, handover_emails
from dossiers.enums import EventKind, Takeover
from dossiers.models import DossierStage, TakeoverRequest
from dossiers.workflow.table import NotAllowed, Refused, WrongStatus, locked, record
from dossiers.workflow.transfer import check_may_receive, close, hand_over, held, situation
from ecare import french

Actor = Callable[[TakeoverRequest, DossierStage], bool]
#: How long a request waits for its decision.
LASTS = dt.timedelta(days=30)
#: How many times one person may ask for the same dossier within `LASTS`: each time writes to several people.
MOST = 3
#: How many requests one pass of `expire` closes.
BATCH = 200


@transaction.atomic
def ask(dossier_stage: DossierStage, *, by: User, reason: str, at: dt.datetime) -> TakeoverRequest:
    """Ask to become the référent of a dossier of one's own EJ. The référent and the responsables are told.

    Asking twice for the same reason asks once. Raises NotAllowed unless `by` represents the EJ, Refused without a
    reason, for one's own dossier, or while another request of `by` waits.
    """
    by = held(by)
    dossier_stage = locked(dossier_stage)
    dossier = dossier_stage.dossier
    if not access.may_receive(by, dossier):
        raise NotAllowed("Vous ne représentez pas cet établissement.")
    if dossier.referent_id == by.pk:
        raise Refused("Vous êtes déjà le référent de ce dossier.")
    reason = reason.strip()
    if not reason:
        raise Refused("Indiquez pourquoi vous demandez à reprendre ce dossier.")
    asked = TakeoverRequest.objects.filter(dossier=dossier, asker=by)
    for lapsed in asked.lapsed(at):
        lapse(lapsed, dossier_stage)
    waiting = asked.pending(at).first()
    if waiting is not None:
        if waiting.reason == reason:
            return waiting
        raise Refused(
            f"Votre demande du {french.moment(waiting.at)} est en cours\u00a0: attendez la décision, ou retirez-la "
            "pour en faire une autre."
        )
    if asked.filter(at__gt=at - LASTS).count() >= MOST:
        raise Refused(
            f"Vous avez déjà demandé {MOST} fois ce dossier en {LASTS.days} jours\u00a0: écrivez au support pour aller "
            "plus loin."
        )
    request = TakeoverRequest.objects.create(
        dossier=dossier, asker=by, former=dossier.referent, reason=reason, at=at, expires_at=at + LASTS
    )
    event = record(dossier_stage, EventKind.TAKEOVER_ASKED, by=by, message=reason)
    handover_emails.takeover_asked(event, request)
    return request


@transaction.atomic
def object_to(request: TakeoverRequest, *, by: User, text: str, at: dt.datetime) -> None:
    """The référent in place says why the request is not to be granted. Saying it twice says it once; a responsable
    still decides. Raises NotAllowed, WrongStatus, Refused without a text or when something else was said already."""
    request, dossier_stage = opened(request, at=at, actor=lambda found, stage: access.is_referent(by, stage))
    text = text.strip()
    if not text:
        raise Refused("Expliquez pourquoi vous vous opposez à cette demande.")
    if request.objection:
        if request.objection == text:
            return
        raise Refused("Votre opposition est déjà enregistrée\u00a0: pour la compléter, écrivez au support.")
    request.objection, request.objected_at = text, at
    request.save(update_fields=["objection", "objected_at"])
    event = record(dossier_stage, EventKind.TAKEOVER_OBJECTED, by=by, message=text)
    handover_emails.takeover_objected(event, request)


@transaction.atomic
def withdraw(request: TakeoverRequest, *, by: User, at: dt.datetime) -> None:
    """The asker gives up. Doing it twice does it once. Raises NotAllowed, WrongStatus once it is decided."""
    if request.asker_id == by.pk and current(request).state == Takeover.WITHDRAWN:
        return
    request, dossier_stage = opened(request, at=at, actor=lambda found, stage: found.asker_id == by.pk)
    request.state = Takeover.WITHDRAWN
    close(request, by=by)
    handover_emails.takeover_over(record(dossier_stage, EventKind.TAKEOVER_WITHDRAWN, by=by), request)


@transaction.atomic
def accept(request: TakeoverRequest, *, by: User, at: dt.datetime) -> None:
    """Give the dossier to who asked for it; its référent loses it at once.

    Raises NotAllowed unless `by` is a responsable d'instruction, WrongStatus (which says who did what) when the request
    is no longer waiting, Refused if the asker can no longer receive the dossier.
    """
    held(request.asker)
    request, dossier_stage = opened(request, at=at, actor=lambda found, stage: access.may_reassign(by))
    check_may_receive(request.asker, dossier_stage.dossier)
    former, new = dossier_stage.dossier.referent, request.asker
    event = hand_over(
        dossier_stage,
        EventKind.REASSIGNED,
        by=by,
        to=new,
        message=f"À sa demande\u00a0: {request.reason}",
    )
    handover_emails.takeover_accepted(event, request, former=former)


@transaction.atomic
def refuse(request: TakeoverRequest, *, by: User, reason: str, at: dt.datetime) -> None:
    """Leave the dossier where it is, with a reason that the asker reads. Raises NotAllowed, WrongStatus, Refused."""
    request, dossier_stage = opened(request, at=at, actor=lambda found, stage: access.may_reassign(by))
    reason = reason.strip()
    if not reason:
        raise Refused("Indiquez le motif du refus\u00a0: le demandeur le lira.")
    request.state = Takeover.REFUSED
    close(request, by=by, answer=reason)
    event = record(dossier_stage, EventKind.TAKEOVER_REFUSED, by=by, message=reason)
    handover_emails.takeover_refused(event, request)
    handover_emails.takeover_over(event, request)


def expire(at: dt.datetime) -> int:
    """Close the requests that nobody decided in time, and tell their authors; how many were."""
    keys = TakeoverRequest.objects.lapsed(at).order_by("expires_at", "pk").values_list("pk", flat=True)[:BATCH]
    done = 0
    for pk in list(keys):
        with transaction.atomic():
            request = TakeoverRequest.objects.select_related("dossier").get(pk=pk)
            dossier_stage = locked(stage_of(request))
            still = TakeoverRequest.objects.lapsed(at).select_related("asker", "former").filter(pk=pk).first()
            if still is not None:
                lapse(still, dossier_stage)
                done += 1
    return done


def lapse(request: TakeoverRequest, dossier_stage: DossierStage) -> None:
    request.state = Takeover.EXPIRED
    close(request, by=None)
    event = record(dossier_stage, EventKind.TAKEOVER_EXPIRED, by=None)
    handover_emails.takeover_expired(event, request)
    handover_emails.takeover_over(event, request)


def opened(request: TakeoverRequest, *, at: dt.datetime, actor: Actor) -> tuple[TakeoverRequest, DossierStage]:
    """The request and the étape under the lock of the dossier, `actor(request, étape)` holding.

    Raises NotAllowed, WrongStatus once the request is closed or out of time."""
    dossier_stage = locked(stage_of(request))
    found = current(request)
    if not actor(found, dossier_stage):
        raise NotAllowed("Vous ne pouvez pas faire cette action sur cette demande.")
    if found.state != Takeover.PENDING or at >= found.expires_at:
        raise WrongStatus(situation(found))
    return found, dossier_stage


def current(request: TakeoverRequest) -> TakeoverRequest:
    return TakeoverRequest.objects.select_related("dossier", "asker", "former", "closed_by").get(pk=request.pk)


def stage_of(request: TakeoverRequest) -> DossierStage:
    return DossierStage.objects.get(dossier=request.dossier_id, is_current=True)
