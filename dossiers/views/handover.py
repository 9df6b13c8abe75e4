"""What responsables d'instruction decide about référents: takeovers, dossiers left to nobody (D13, I8, Q38)."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from dossiers import queries, workflow
from dossiers.enums import Takeover
from dossiers.handover_forms import ReassignmentForm, TakeoverRefusalForm
from dossiers.models import DossierStage, TakeoverRequest
from dossiers.views import scope
from dossiers.workflow.transfer import situation

PAGE_SIZE = 20


@require_safe
def takeovers(request: HttpRequest) -> HttpResponse:
    """« Demandes de reprise », the oldest first."""
    scope.leads_only(request)
    page = Paginator(queries.to_decide(), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "counts": queries.HandoverCounts(takeovers=page.paginator.count)}
    return render(request, "dossiers/instruction/takeovers.html", context)


@require_safe
def ownerless(request: HttpRequest) -> HttpResponse:
    """« Dossiers à réattribuer »: their référent can no longer sign in."""
    scope.leads_only(request)
    page = Paginator(queries.to_reassign(), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "counts": queries.HandoverCounts(vacant=page.paginator.count)}
    return render(request, "dossiers/instruction/ownerless.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """A request to take a dossier over: « Accepter », or « Refuser » with a reason. Too late, who did what."""
    user = scope.leads_only(request)
    asked = get_object_or_404(queries.takeovers(), public_id=public_id)
    at = scope.received_at(request)
    refusing = request.method == "POST" and "accept" not in request.POST
    form = TakeoverRefusalForm(request.POST if refusing else None)
    refusal, status = "", 200
    if request.method == "POST" and (not refusing or form.is_valid()):
        try:
            if refusing:
                workflow.takeovers.refuse(asked, by=user, reason=form.cleaned_data["reason"], at=at)
            else:
                workflow.takeovers.accept(asked, by=user, at=at)
        except workflow.NotAllowed as error:
            raise Http404 from error
        except workflow.Refused as error:
            asked = get_object_or_404(queries.takeovers(), public_id=public_id)
            if is_done(asked, user, refusing=refusing):
                return redirect("dossiers:takeovers-to-decide")
            refusal, status = str(error), 409
        else:
            messages.success(request, decided(asked, refusing=refusing))
            return redirect("dossiers:takeovers-to-decide")
    over = "" if asked.state == Takeover.PENDING and at < asked.expires_at else situation(asked)
    context = {"asked": asked, "dossier": asked.dossier, "form": form, "refusal": refusal, "over": over}
    return render(request, "dossiers/instruction/takeover.html", context, status=status)


def is_done(asked: TakeoverRequest, user: User, *, refusing: bool) -> bool:
    """Whether what is asked is what this user has just done: a form sent twice has one effect and one page (Q32)."""
    wanted = Takeover.REFUSED if refusing else Takeover.ACCEPTED
    return asked.state == wanted and asked.closed_by_id == user.pk


def decided(asked: TakeoverRequest, *, refusing: bool) -> str:
    reference, name = asked.dossier.reference, asked.asker.full_name
    if refusing:
        told = "en est informé" if asked.former.deleted_at else "et le référent en sont informés"
        return f"La reprise du dossier {reference} est refusée. {name} {told} par e-mail."
    told = "Les autres" if asked.former.deleted_at else "L'ancien référent et les autres"
    return f"{name} est désormais le référent du dossier {reference}. {told} demandeurs en sont informés par e-mail."


@require_http_methods(["GET", "HEAD", "POST"])
def reassign(request: HttpRequest, reference: str) -> HttpResponse:
    """« Remplacer le référent » of any dossier, a draft included, of which nothing else is shown (I8). With `retour` in
    the address, one comes from the dossier and goes back to it."""
    user = scope.leads_only(request)
    stages = DossierStage.objects.current().with_context()
    dossier_stage = get_object_or_404(stages, dossier__reference=reference)
    dossier = dossier_stage.dossier
    is_readable = DossierStage.objects.filter(dossier=dossier, is_instructed=True).exists()
    back, query = reverse("dossiers:ownerless"), request.GET.copy()
    if query.pop("retour", None) and is_readable:
        back = reverse("dossiers:instruction-dossier", args=[reference], query=query or None)
    form = ReassignmentForm(
        request.POST if request.method == "POST" else None, successors=list(queries.successors(dossier))
    )
    if request.method == "POST" and form.is_valid():
        try:
            workflow.reassign(dossier_stage, by=user, to=form.chosen, reason=form.cleaned_data["reason"])
        except workflow.NotAllowed as refusal:
            raise Http404 from refusal
        except workflow.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            told = "L'ancien référent et le nouveau en sont informés par e-mail."
            if dossier.referent.deleted_at:
                told = "Un e-mail l'en informe."
            messages.success(
                request, f"{form.chosen.full_name} est désormais le référent du dossier {reference}. {told}"
            )
            return redirect(back)
    context = {
        "dossier": dossier,
        "dossier_stage": dossier_stage,
        "form": form,
        "is_readable": is_readable,
        "back": back,
        "query": query,
    }
    return render(request, "dossiers/instruction/reassign.html", context)
