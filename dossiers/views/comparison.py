"""« Comparer »: what changed between two transmissions, for the verifier and for the référent (I4)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dossiers import queries
from dossiers.models import DossierStage
from dossiers.views import scope
from dossiers.views.instruction import instructors_only

#: Of the address: the numbers of the two transmissions.
CHOSEN = ("de", "a")


@require_safe
def instructed(request: HttpRequest, reference: str) -> HttpResponse:
    """As a verifier reads it; `lue` names another étape than the one under instruction (`etape` is a filter of the list
    one comes from)."""
    instructors_only(request)
    stage = request.GET.get("lue", "").replace("\0", "")  # which PostgreSQL refuses
    found = scope.transmitted_stage(request, reference, stage) if stage else scope.instructed_stage(request, reference)
    return page(request, found, "dossiers/instruction/comparison.html")


@require_safe
def own(request: HttpRequest, reference: str) -> HttpResponse:
    """As its référent reads it."""
    return page(request, scope.own_stage(request, reference), "dossiers/comparison.html")


def page(request: HttpRequest, dossier_stage: DossierStage, template: str) -> HttpResponse:
    compared = queries.compared(dossier_stage, request.GET.get("de", ""), request.GET.get("a", ""))
    context = {
        "dossier_stage": dossier_stage,
        "dossier": dossier_stage.dossier,
        "compared": compared,
        "kept": [(name, each) for name, values in request.GET.lists() if name not in CHOSEN for each in values],
    }
    return render(request, template, context)
