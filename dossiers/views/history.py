"""« Historique et e-mails » of a dossier, for its référent, whatever its status (D14, N4)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dossiers import queries
from dossiers.views import scope


@require_safe
def history(request: HttpRequest, reference: str) -> HttpResponse:
    dossier_stage = scope.own_stage(request, reference)
    context = {"dossier": dossier_stage.dossier, "history": queries.told(dossier_stage, scope.user_of(request))}
    return render(request, "dossiers/history_page.html", context)
