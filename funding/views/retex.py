"""« Dépenses pour le RETEX »: what the laureates of a guichet spent, as a file, for those who lead (F6)."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from dossiers.views.instruction import instructors_only
from ecare import audit
from ecare.models import AuditKind
from funding import access
from funding.queries import payment_list, retex
from funding.retex_form import NOMINATIVE, RetexForm
from funding.views import spreadsheets


@require_http_methods(["GET", "HEAD", "POST"])
def export(request: HttpRequest) -> HttpResponseBase:
    """The choices, then the file, made at once (docs/adr/0059)."""
    user = instructors_only(request)
    if not access.exports_expenses(user):
        raise Http404
    guichets = payment_list.guichets()
    form = RetexForm(request.POST if request.method == "POST" else None, guichets=guichets)
    if form.is_valid():
        guichet, format = form.cleaned_data["guichet"], form.cleaned_data["format"]
        nominative = form.cleaned_data["content"] == NOMINATIVE
        if refusal := retex.refusal(guichet, format):
            form.add_error("guichet", refusal)
        else:
            audit.record(
                AuditKind.EXPORTED,
                by=user,
                subject="depenses-retex",
                format=format,
                guichet=guichet,
                nominative=nominative,
            )
            return spreadsheets.leaving(
                f"depenses-{guichet}-{'nominatif' if nominative else 'anonymise'}",
                format,
                sheet="Dépenses",
                headings=retex.NOMINATIVE if nominative else retex.ANONYMISED,
                rows=retex.rows(guichet, nominative=nominative),
            )
    context = {"form": form, "guichets": guichets}
    return render(request, "funding/instruction/retex.html", context, status=422 if form.is_bound else 200)
