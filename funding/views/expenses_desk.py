"""The trame financière as those who instruct read it, and close it (F6)."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from dossiers.views import files
from dossiers.views.scope import user_of
from funding import access, workflow
from funding.queries import expenses as queries
from funding.views import scope

#: The files of a line, by the end of their address.
PIECES = {"justificatif": "proof_file", "lettre": "letter_file"}


@require_safe
def index(request: HttpRequest, reference: str) -> HttpResponse:
    """What the laureate spent, beside what was granted."""
    trame = queries.trame(scope.readable_grant(request, reference))
    return render(
        request,
        "funding/instruction/expenses.html",
        {
            "trame": trame,
            "dossier": trame.grant.dossier,
            "dossier_stage": trame.grant.dossier_stage,
            "page": queries.lines(trame, request.GET.get("page")),
            "may_close": access.may_grant(user_of(request), trame.grant.dossier_stage),
        },
    )


@require_POST
def close(request: HttpRequest, reference: str) -> HttpResponse:
    """« Clore la trame » or « Rouvrir la trame », which the button says."""
    grant = scope.readable_grant(request, reference)
    reopens = "reopen" in request.POST
    act = workflow.expenses.reopen if reopens else workflow.expenses.close
    try:
        act(grant, by=user_of(request))
    except workflow.NotAllowed as refusal:
        raise Http404 from refusal
    said = "rouverte\u00a0: le référent peut la modifier" if reopens else "close\u00a0: le référent ne la modifie plus"
    messages.success(request, f"La trame est {said}.")
    return redirect("funding:expenses", reference)


@require_safe
def piece(request: HttpRequest, reference: str, line: uuid.UUID, piece: str) -> HttpResponseBase:
    """A file of a line in force, once the antivirus lets it leave."""
    grant = scope.readable_grant(request, reference)
    if piece not in PIECES:
        raise Http404
    expense = get_object_or_404(grant.expenses.in_force().select_related(PIECES[piece]), line=line)
    attachment = getattr(expense, PIECES[piece])
    if attachment is None:
        raise Http404
    if status := files.why_not(attachment):
        return files.withheld(request, attachment, status=status)
    return files.download(request, attachment, reference=reference)
