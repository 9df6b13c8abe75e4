"""What our own pages of the admin share: the site's surroundings, who acts, and where refusals are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts.models import User
from dossiers import workflow

View = Callable[..., HttpResponse]


def page(request: HttpRequest, template: str, title: str, *, status: int = 200, **context: Any) -> HttpResponse:
    """A page of ours inside the admin."""
    # Our pages lead where they need to; the list of every table would take a quarter of their width.
    surroundings = {**admin.site.each_context(request), "is_nav_sidebar_enabled": False}
    return TemplateResponse(
        request, f"admin/dossiers/{template}", {**surroundings, "title": title, **context}, status=status
    )


def address(route: str, view: View, name: str) -> URLPattern:
    """An address of the admin, behind its door: administrators only, others find nothing (D16)."""
    return path(route, admin.site.admin_view(view), name=name)


def administrator(request: HttpRequest) -> User:
    """The admin lets nobody else in."""
    assert isinstance(request.user, User)
    return request.user


def attempt(request: HttpRequest, change: Callable[[], object], done: str = "") -> bool:
    """Make a change and say what was done, or why it was refused."""
    try:
        change()
    except workflow.Refused as refusal:
        messages.error(request, str(refusal))
        return False
    if done:
        messages.success(request, done)
    return True


def number(text: str | None) -> int:
    """A key sent by a form; 0, which is none, when it does not look like one."""
    return int(text) if text and text.isdecimal() and len(text) < 19 else 0
