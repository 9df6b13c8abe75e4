"""What those who instruct are told of a dossier by e-mail."""

from __future__ import annotations

from django.urls import reverse

from accounts.models import User
from dossiers.models import Event
from notifications import outbox


def mentioned(event: Event, recipient: User) -> None:
    """A colleague's note calls `recipient`. The note stays on the portal: it may name people."""
    dossier = event.dossier
    outbox.post(
        kind="mentioned",
        to=recipient.email,
        subject=f"Une note vous mentionne sur le dossier {dossier.reference}",
        context={
            "recipient": recipient,
            "author": event.actor,
            "dossier": dossier,
            "legal_entity": dossier.legal_entity,
        },
        key=f"event-{event.pk}-mentioned-{recipient.pk}",
        action=("Lire la note", outbox.absolute(reverse("dossiers:instruction-dossier", args=[dossier.reference]))),
        about=dossier.reference,
    )
