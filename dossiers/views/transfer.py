"""Handing dossiers to a colleague (D13)."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts import queries as accounts_queries
from dossiers import workflow
from dossiers.forms import TransferForm
from dossiers.views import scope


@require_http_methods(["GET", "HEAD", "POST"])
def transfer(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """« Transférer un dossier » to one colleague, chosen in « Vos collaborateurs »."""
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
                f"Transfert fait : {references}. {colleague.full_name} en est désormais le référent et en est "
                "informé par e-mail. Vous n'y avez plus accès.",
            )
            return redirect("dossiers:dashboard")
    return render(request, "dossiers/transfer.html", {"form": form, "colleague": colleague})
