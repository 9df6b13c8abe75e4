"""« Dépenses pour le RETEX »: what the laureates of a guichet spent, as a file, for those who lead (F6)."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from dossiers.enums import ExportFormat
from dossiers.views import scope
from dossiers.views.instruction import instructors_only
from dossiers.workflow import Refused, exports
from funding import access, retex_table
from funding.queries import payment_list, retex
from funding.retex_form import NOMINATIVE, RetexForm


@require_http_methods(["GET", "HEAD", "POST"])
def export(request: HttpRequest) -> HttpResponse:
    """The choices; the file is made behind, and waits in « Vos exports » (docs/adr/0059)."""
    user = instructors_only(request)
    if not access.exports_expenses(user):
        raise Http404
    guichets = payment_list.guichets()
    form = RetexForm(request.POST if request.method == "POST" else None, guichets=guichets)
    if form.is_valid():
        guichet, format = form.cleaned_data["guichet"], ExportFormat(form.cleaned_data["format"])
        choices = retex_table.Choices(guichet, nominative=form.cleaned_data["content"] == NOMINATIVE)
        if refusal := retex.refusal(guichet, format):
            form.add_error("guichet", refusal)
        else:
            try:
                exports.ask(
                    user,
                    table=retex_table.CODE,
                    query=choices.query,
                    columns=choices.columns,
                    format=format,
                    at=scope.received_at(request),
                )
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, "Votre export est demandé\u00a0: un e-mail vous dira qu'il est prêt.")
                return redirect("dossiers:exports")
    context = {"form": form, "guichets": guichets}
    return render(request, "funding/instruction/retex.html", context, status=422 if form.is_bound else 200)
