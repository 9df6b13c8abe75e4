from __future__ import annotations

from typing import Any

from django import template

from dossiers import kinds
from dossiers.kinds import AnswerTable

register = template.Library()


@register.filter
def as_table(entry: Any) -> AnswerTable | None:
    """The answer of an entry (being filled, transmitted or printed) when it reads as a table."""
    return kinds.of(entry.question).table(entry.question, entry.value) if entry.value is not None else None
