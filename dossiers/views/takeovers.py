"""Asking for the dossier of a référent who left, and what the référent in place says of it (D13)."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dossiers import queries, workflow
from dossiers.handover_forms import ClaimForm, ObjectionForm
from dossiers.views import scope

PAGE_SIZE = 10


@require_http_methods(["GET", "HEAD", "POST"])
def claims(request: HttpRequest) -> HttpResponse:
    """« Reprendre un dossier »: what one asked for, and asking for another."""
    user = scope.referents_only(request)
    stages = list(queries.claimable(user))
    data = request.POST if request.method == "POST" else None
    form = ClaimForm(data, stages=stages, initial={"dossier": request.GET.get("dossier", "")})
    if request.method == "POST" and form.is_valid():
        try:
            workflow.takeovers.ask(
                form.chosen, by=user, reason=form.cleaned_data["reason"], at=scope.received_at(request)
            )
        except workflow.NotAllowed as refusal:
            raise Http404 from refusal
        except workflow.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request,
                "Votre demande est enregistrée. Un responsable d'instruction décide\u00a0; vous recevrez sa réponse "
                "par e-mail.",
            )
            return redirect("dossiers:claims")
    page = Paginator(queries.claims(user), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"form": form, "stages": stages, "page": page, "now": scope.received_at(request)}
    return render(request, "dossiers/claims.html", context)


@require_POST
def withdraw(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """« Retirer la demande »."""
    user = scope.referents_only(request)
    claim = get_object_or_404(queries.claims(user), public_id=public_id)
    try:
        workflow.takeovers.withdraw(claim, by=user, at=scope.received_at(request))
    except workflow.NotAllowed as refusal:
        raise Http404 from refusal
    except workflow.WrongStatus:
        messages.warning(request, "Cette demande est déjà close\u00a0: il n'y a plus rien à retirer.")
    else:
        messages.info(request, "Votre demande est retirée. Le référent du dossier en est informé.")
    return redirect("dossiers:claims")


@require_safe
def takeovers(request: HttpRequest, reference: str) -> HttpResponse:
    """Who asks to take the référent's dossier over, and what may be answered."""
    dossier = scope.own_stage(request, reference).dossier
    page = Paginator(queries.takeovers_of(dossier), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "dossiers/takeovers.html", {"dossier": dossier, "page": page})


@require_http_methods(["GET", "HEAD", "POST"])
def object_to(request: HttpRequest, reference: str, public_id: uuid.UUID) -> HttpResponse:
    """« S'opposer à la reprise », with a text that the responsable reads before deciding."""
    dossier = scope.own_stage(request, reference).dossier
    asked = get_object_or_404(dossier.takeovers.select_related("asker"), public_id=public_id)
    form = ObjectionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            workflow.takeovers.object_to(
                asked, by=scope.user_of(request), text=form.cleaned_data["reason"], at=scope.received_at(request)
            )
        except workflow.NotAllowed as refusal:
            raise Http404 from refusal
        except workflow.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request, "Votre opposition est enregistrée. Un responsable d'instruction la lira avant de décider."
            )
            return redirect("dossiers:takeovers", reference)
    return render(request, "dossiers/object.html", {"dossier": dossier, "asked": asked, "form": form})
