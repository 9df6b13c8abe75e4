"""Texts compared word by word."""

from django import template

from dossiers import comparison
from dossiers.kinds import Change

register = template.Library()


@register.filter
def pieces(change: Change) -> list[comparison.Piece]:
    """The words of a change: those that stay, that went, that came."""
    return comparison.words(change.before, change.after)
