"""The link by which a signatory, who has no account, reads the convention sent to them: signed, dated, void once the
convention is checked or replaced."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.core import signing
from django.urls import reverse

from funding.enums import AgreementState
from funding.models import Agreement
from notifications import outbox

VALIDITY = timedelta(days=60)
SALT = "funding.agreement"
READABLE = (AgreementState.SENT, AgreementState.SIGNED, AgreementState.REFUSED)


def agreement(sent: Agreement) -> str:
    """The absolute address of a convention, for 60 days."""
    token = signing.dumps(sent.public_id.hex, salt=SALT)
    return outbox.absolute(reverse("funding:agreement-to-sign", args=[token]))


def read_agreement(token: str) -> Agreement | None:
    """The convention that `token` lets read; None when it is forged, too old, or about one that is settled."""
    try:
        public_id = uuid.UUID(signing.loads(token, salt=SALT, max_age=VALIDITY))
    except (signing.BadSignature, ValueError):
        return None
    found = Agreement.objects.select_related("template", "grant__dossier").filter(public_id=public_id)
    return found.filter(state__in=READABLE).first()
