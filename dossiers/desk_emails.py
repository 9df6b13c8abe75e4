"""What those who instruct are told of a dossier by e-mail."""

from __future__ import annotations

from django.urls import reverse

from accounts.enums import Digest
from accounts.models import User
from dossiers.enums import BatchResult
from dossiers.models import Batch, Dossier, Event
from ecare import french
from notifications import outbox
from notifications.outbox import Group

#: An e-mail names that many dossiers; the list has them all.
MOST_NAMED = 10


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


def given_in_batch(batch: Batch, recipient: User) -> None:
    """What a batch gave to `recipient`: one e-mail, whatever the number of dossiers (I5)."""
    items = batch.items.filter(to=recipient, result=BatchResult.DONE)
    named = items.select_related("dossier_stage__dossier__guichet", "dossier_stage__dossier__legal_entity")
    dossiers = [item.dossier_stage.dossier for item in named.order_by("position")[:MOST_NAMED]]
    given(dossiers, items.count(), by=batch.author, recipient=recipient, key=f"batch-{batch.pk}-{recipient.pk}")


def given(dossiers: list[Dossier], count: int, *, by: User, recipient: User, key: str) -> None:
    """Somebody gives `count` dossiers to `recipient`, of which `dossiers` are named. Nothing to whom gives to
    themselves, nor to whom wants no e-mail (N1)."""
    if recipient.pk == by.pk or recipient.digest == Digest.NONE or not recipient.is_active:
        return
    one = dossiers[0] if count == 1 else None
    address = reverse("dossiers:instruction-list", query={"verificateur": "moi"})
    outbox.post(
        kind="assigned",
        to=recipient.email,
        subject=f"Le dossier {one.reference} vous est attribué"
        if one
        else f"{french.count(count, 'dossier', 'dossiers')} vous sont attribués",
        context={"recipient": recipient, "author": by, "count": count},
        key=key,
        groups=[
            Group(
                title="À instruire",
                links=[line(each) for each in dossiers],
                more=("Voir vos dossiers dans la liste", outbox.absolute(address)),
            )
        ],
        about=one.reference if one else "",
    )


def line(dossier: Dossier) -> tuple[str, str]:
    """A dossier named in an e-mail, and where it is read."""
    label = f"{dossier.reference}, {dossier.legal_entity.label}, guichet {french.quoted(dossier.guichet.short_title)}"
    return label, outbox.absolute(reverse("dossiers:instruction-dossier", args=[dossier.reference]))
