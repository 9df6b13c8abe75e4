"""What référents are told by e-mail (N1): one message per change of status, no exception."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from accounts.models import User
from dossiers.models import Event, ModificationRequest, Transmission
from notifications import outbox


def created(event: Event) -> None:
    post(event, "dossier_created", "Votre dossier {reference} est créé", "Compléter le dossier")


def transmitted(event: Event, transmission: Transmission) -> None:
    post(
        event,
        "dossier_transmitted",
        "Votre dossier {reference} est transmis",
        "Voir le dossier",
        transmission=transmission,
        files=list(transmission.files.select_related("attachment")),
    )


def modification_requested(event: Event, request: ModificationRequest) -> None:
    post(
        event,
        "dossier_modification_requested",
        "Modification demandée sur votre dossier {reference}",
        "Modifier le dossier",
        request=request,
        remarks=request.remarks.count(),
    )


def validated(event: Event) -> None:
    post(event, "dossier_validated", "Votre dossier {reference} est validé", "Voir le dossier")


def rejected(event: Event) -> None:
    post(event, "dossier_rejected", "Votre dossier {reference} est rejeté", "Voir le dossier")


def reopened(event: Event) -> None:
    post(event, "dossier_reopened", "Votre dossier {reference} est de nouveau en instruction", "Voir le dossier")


def transferred(event: Event, *, former: User, new: User) -> None:
    """Both are told: the one who receives the dossier, and the one who loses it."""
    post(
        event,
        "dossier_received",
        "Le dossier {reference} vous est transféré",
        "Voir le dossier",
        to=new,
        former=former,
    )
    post(event, "dossier_handed_over", "Vous avez transféré le dossier {reference}", "", to=former, new=new)


def post(event: Event, kind: str, subject: str, button: str, *, to: User | None = None, **context: Any) -> None:
    dossier = event.dossier
    recipient = to or dossier.referent
    path = reverse("dossiers:form", args=[dossier.reference])
    outbox.post(
        kind=kind,
        to=recipient.email,
        subject=subject.format(reference=dossier.reference),
        context={
            "dossier": dossier,
            "guichet": dossier.guichet,
            "legal_entity": dossier.legal_entity,
            "stage": event.dossier_stage.stage if event.dossier_stage else None,
            "dossier_stage": event.dossier_stage,
            "event": event,
            "recipient": recipient,
            **context,
        },
        key=f"event-{event.pk}-{kind}",
        action=(button, outbox.absolute(path)) if button else None,
        about=dossier.reference,
    )
