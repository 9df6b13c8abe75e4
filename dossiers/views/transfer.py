"""Handing dossiers to a colleague (D13)."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts import queries as accounts_queries
from dossiers import queries, workflow
from dossiers.handover_forms import TransferForm
from dossiers.views import scope

#: Colleagues on one page.
PAGE_SIZE = 20


@require_safe
def successors(request: HttpRequest, reference: str) -> HttpResponse:
    """« Transférer ce dossier », from the dossier itself: to which colleague of its EJ, by name only (A9)."""
    dossier = scope.own_stage(request, reference).dossier
    page = Paginator(queries.successors(dossier), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "dossiers/successors.html", {"dossier": dossier, "page": page})


@require_http_methods(["GET", "HEAD", "POST"])
def transfer(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """« Transférer un dossier » to one colleague: a page, or the pop-in of the page one comes from."""
    user = scope.referents_only(request)
    colleague = get_object_or_404(accounts_queries.colleagues(user), public_id=public_id)
    asked = [request.GET["dossier"]] if "dossier" in request.GET else []
    data = request.POST if request.method == "POST" else None
    form = TransferForm(data, user=user, colleague=colleague, initial={"dossiers": asked})
    if request.method == "POST" and form.is_valid():
        chosen = form.chosen
        try:
            workflow.transfer(chosen, by=user, to=colleague)
        except workflow.NotAllowed as refusal:
            raise Http404 from refusal
        except workflow.Refused as refusal:
            form.add_error("dossiers", str(refusal))
        else:
            references = ", ".join(each.dossier.reference for each in chosen)
            messages.success(
                request,
                f"Transfert fait\u00a0: {references}. {colleague.full_name} en est désormais le référent et en est "
                "informé par e-mail. Vous n'y avez plus accès.",
            )
            return redirect("dossiers:dashboard")
    pop_in = request.htmx and request.method != "POST"  # type: ignore[attr-defined]
    template = "dossiers/transfer_dialog.html" if pop_in else "dossiers/transfer.html"
    return render(request, template, {"form": form, "colleague": colleague})
