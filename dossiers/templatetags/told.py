"""Who is told of what those who instruct are about to do."""

from __future__ import annotations

from django import template

from dossiers import emails
from dossiers.models import Dossier

register = template.Library()


@register.filter
def told(dossier: Dossier, what: str = "") -> str:
    """`emails.reader`, with the address that is written to: a sentence without its full stop."""
    return emails.reader(dossier, what, with_address=True)
