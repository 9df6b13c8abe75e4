"""What a guichet says of its money, defaults included."""

from __future__ import annotations

from decimal import Decimal

from funding.models import DEFAULT_AGREEMENT_FROM, Envelope


def agreement_from(guichet: int) -> Decimal:
    """From how many euros a convention is signed on the guichet of that key: 1 query."""
    said = Envelope.objects.filter(guichet=guichet).values_list("agreement_from", flat=True).first()
    return DEFAULT_AGREEMENT_FROM if said is None else said
