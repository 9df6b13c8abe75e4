"""The home of the back-office: what waits for one, and the news."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dossiers import access, neighbours, queries
from dossiers.queries import morning
from dossiers.views import scope
from dossiers.views.instruction import instructors_only


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """« Accueil » of whoever instructs."""
    user = instructors_only(request)
    now = scope.received_at(request)
    return render(
        request,
        "dossiers/instruction/home.html",
        {
            "waiting": morning.waiting(user, now),
            "news": morning.news(user, now),
            "mine": morning.longest_waiting(user),
            "panels": neighbours.notices(user),
            "left_behind": queries.left_behind() if access.may_assign(user) else [],
            "handover": queries.HandoverCounts() if access.may_reassign(user) else None,
        },
    )
