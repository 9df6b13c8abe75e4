"""What people are told when a dossier changes hands, is asked for, or is left without anybody (D13, I8, Q38).

Who asks for a dossier learns nothing of it before it is his: neither its reference nor its référent (D3).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import reverse

from accounts import queries as accounts_queries
from accounts.models import User
from dossiers import emails
from dossiers.models import DossierStage, Event, TakeoverRequest
from dossiers.models.dossiers import DossierStageQuerySet
from ecare import french
from notifications import outbox
from notifications.outbox import Group

#: An e-mail names that many dossiers; the list has them all.
MOST_NAMED = 20


def transferred(event: Event, *, former: User, new: User) -> None:
    """Both are told: the one who receives the dossier, and the one who loses it."""
    subject = "Le dossier {reference} vous est transféré"
    emails.post(event, "dossier_received", subject, emails.VIEW, to=new, former=former)
    emails.post(event, "dossier_handed_over", "Vous avez transféré le dossier {reference}", "", to=former, new=new)


def reassigned(event: Event, *, former: User, new: User, reason: str) -> None:
    subject = "Le dossier {reference} vous est confié"
    emails.post(event, "dossier_entrusted", subject, emails.VIEW, to=new, former=former, reason=reason)
    lost(event, former=former, new=new, reason=reason)


def lost(event: Event, *, former: User, new: User, reason: str) -> None:
    subject = "Vous n'êtes plus le référent du dossier {reference}"
    emails.post(event, "dossier_lost", subject, "", to=former, new=new, reason=reason)


def takeover_asked(event: Event, request: TakeoverRequest) -> None:
    """The asker, the référent in place, whose address is written to even when he left, and the responsables."""
    to_asker(event, request, "takeover_received", "Votre demande de reprise est enregistrée", follow=True)
    former = request.former
    may_answer = event.dossier.has_referent
    address = outbox.absolute(reverse("dossiers:takeovers", args=[event.dossier.reference]))
    outbox.post(
        kind="takeover_asked",
        to=former.email,
        subject=f"Reprise demandée pour votre dossier {event.dossier.reference}",
        context={**context(event, request, former), "may_answer": may_answer},
        key=key(event, "takeover_asked", former),
        action=("Répondre à la demande", address) if may_answer else None,
        about=event.dossier.reference,
    )
    to_leads(event, request, "takeover_to_decide", "Reprise du dossier {reference} à décider")


def takeover_objected(event: Event, request: TakeoverRequest) -> None:
    to_leads(event, request, "takeover_objected", "Le référent du dossier {reference} s'oppose à sa reprise")


def takeover_accepted(event: Event, request: TakeoverRequest, *, former: User) -> None:
    subject = "Le dossier {reference} vous est confié"
    emails.post(event, "dossier_entrusted", subject, emails.VIEW, to=request.asker, former=former, request=request)
    lost(event, former=former, new=request.asker, reason=request.reason)


def takeover_refused(event: Event, request: TakeoverRequest) -> None:
    to_asker(event, request, "takeover_refused", "Votre demande de reprise est refusée")


def takeover_expired(event: Event, request: TakeoverRequest) -> None:
    to_asker(event, request, "takeover_expired", "Votre demande de reprise est périmée", follow=True)


def takeover_settled(event: Event, request: TakeoverRequest) -> None:
    to_asker(event, request, "takeover_settled", "Votre demande de reprise est close", follow=True)


def takeover_over(event: Event, request: TakeoverRequest) -> None:
    """The référent keeps the dossier that somebody had asked for."""
    emails.write(
        event.dossier,
        "takeover_over",
        "Vous restez le référent du dossier {reference}",
        "",
        key=f"{key(event, 'takeover_over', request.former)}-{request.pk}",
        to=request.former,
        request=request,
    )


def referent_gone(events: list[Event]) -> None:
    """One e-mail a responsable, whatever the number of dossiers that one référent leaves."""
    first, count = events[0], french.count(len(events), "dossier", "dossiers")
    for lead in accounts_queries.leads():
        outbox.post(
            kind="referent_gone",
            to=lead.email,
            subject=f"{count} à réattribuer",
            context={
                "recipient": lead,
                "former": first.dossier.referent,
                "events": events[:MOST_NAMED],
                "others": len(events) - MOST_NAMED,
            },
            key=key(first, "referent_gone", lead),
            action=("Réattribuer", outbox.absolute(reverse("dossiers:ownerless"))),
        )


def unread(lead: User, stages: DossierStageQuerySet, morning: dt.datetime) -> None:
    """What was kept for référents to come until `morning`, in one e-mail. `stages` are those of `queries.unread.news`.
    No colleague is told: anybody may be attached to an EJ, and learns nothing of its dossiers by it (D3)."""
    count = stages.count()
    address = outbox.absolute(reverse("dossiers:ownerless"))
    outbox.post(
        kind="referent_unreachable",
        to=lead.email,
        subject=french.count(count, "dossier a un message", "dossiers ont des messages") + " que personne n'a lu",
        context={"recipient": lead, "count": count},
        key=f"{unread_key(lead)}{morning:%Y-%m-%d}",
        groups=[
            Group(
                title=french.count(count, "dossier à réattribuer", "dossiers à réattribuer"),
                links=[unread_line(each) for each in stages[:MOST_NAMED]],
                more=("Voir les dossiers à réattribuer", address),
            )
        ],
    )


def unread_key(lead: User) -> str:
    """Followed by a day: one e-mail a responsable and a day, of what was kept until its morning."""
    return f"unread-{lead.pk}-"


def unread_line(dossier_stage: DossierStage) -> tuple[str, str]:
    dossier = dossier_stage.dossier
    label = f"{dossier.reference}, {dossier.legal_entity.label}, guichet {french.quoted(dossier.guichet.short_title)}"
    return label, outbox.absolute(reverse("dossiers:reassign", args=[dossier.reference]))


def to_asker(event: Event, request: TakeoverRequest, kind: str, subject: str, *, follow: bool = False) -> None:
    outbox.post(
        kind=kind,
        to=request.asker.email,
        subject=subject,
        context={
            "recipient": request.asker,
            "request": request,
            "guichet": event.dossier.guichet,
            "legal_entity": event.dossier.legal_entity,
        },
        key=f"{key(event, kind, request.asker)}-{request.pk}",
        action=("Voir vos demandes", outbox.absolute(reverse("dossiers:claims"))) if follow else None,
    )


def to_leads(event: Event, request: TakeoverRequest, kind: str, subject: str) -> None:
    for lead in accounts_queries.leads():
        outbox.post(
            kind=kind,
            to=lead.email,
            subject=subject.format(reference=event.dossier.reference),
            context=context(event, request, lead),
            key=key(event, kind, lead),
            action=("Décider", outbox.absolute(reverse("dossiers:decide-takeover", args=[request.public_id]))),
            about=event.dossier.reference,
        )


def context(event: Event, request: TakeoverRequest, recipient: User) -> dict[str, Any]:
    dossier = event.dossier
    return {
        "recipient": recipient,
        "request": request,
        "dossier": dossier,
        "guichet": dossier.guichet,
        "legal_entity": dossier.legal_entity,
    }


def key(event: Event, kind: str, recipient: User) -> str:
    return f"event-{event.pk}-{kind}-{recipient.pk}"
