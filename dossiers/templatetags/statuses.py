"""Badges of status, many on one page."""

from __future__ import annotations

from functools import cache

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from dossiers.enums import Status

register = template.Library()


@register.filter
@cache
def badge(status: str) -> SafeString:
    """The small badge of a status, drawn once a process: a list shows fifty."""
    context = {"status": status, "label": Status(status).label, "small": True}
    return render_to_string("components/status_badge.html", context)
