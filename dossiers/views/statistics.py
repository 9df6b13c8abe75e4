"""« Statistiques » of a guichet, and its figures as a file (I9)."""

from __future__ import annotations

import csv
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import User
from dossiers import charts, queries
from dossiers.exports.writers import CSV
from dossiers.queries.statistics import Statistics
from dossiers.views.instruction import instructors_only
from ecare import audit
from ecare.models import AuditKind


def asked_for(request: HttpRequest, user: User) -> tuple[Statistics | None, list[Any]]:
    """The figures of the guichet and the étape of the address, the first ones when it names none; and the guichets that
    may be chosen. Raises Http404 for a guichet or an étape that is not one of them."""
    guichets = queries.counted_guichets(user)
    code = request.GET.get("guichet", "")
    guichet = next((each for each in guichets if each.code == code or not code), None)
    if guichet is None:
        if code:
            raise Http404
        return None, guichets
    stages = queries.counted_stages(guichet, user)
    wanted = request.GET.get("etape", "")
    stage = next((each for each in stages if each.code == wanted or not wanted), None)
    if stage is None:
        raise Http404
    return Statistics(user, stages, stage), guichets


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """« Statistiques »: figures, charts, and each chart's data as a table beside."""
    user = instructors_only(request)
    statistics, guichets = asked_for(request, user)
    context: dict[str, Any] = {"statistics": statistics, "guichets": guichets, "at": queries.tallied_at()}
    if statistics:
        context |= {
            "funnel": charts.bars(statistics.step.funnel),
            "regions": charts.regions(statistics.regions, queries.region_names()),
            "columns": charts.columns(statistics.periods),
        }
    return render(request, "dossiers/instruction/statistics/index.html", context)


@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """Every figure of the page on a line of its own, as CSV."""
    user = instructors_only(request)
    statistics, _ = asked_for(request, user)
    if statistics is None:
        raise Http404
    audit.record(AuditKind.EXPORTED, by=user, subject=f"statistiques {statistics.guichet.code}", format="csv")
    name = f"statistiques-{statistics.guichet.code}-{statistics.stage.code}.csv"
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    writer = csv.writer(response, delimiter=";", lineterminator="\r\n")
    writer.writerow(["Tableau", "Ligne", "Mesure", "Valeur"])
    writer.writerows([CSV.said(cell) for cell in row] for row in statistics.lines())
    return response
