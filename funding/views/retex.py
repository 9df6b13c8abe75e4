"""« Dépenses pour le RETEX »: what the laureates of a guichet spent, as a file, for those who lead (F6)."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from dossiers.views import exports
from dossiers.views.instruction import instructors_only
from funding import access, retex_table
from funding.enums import RetexContent
from funding.queries import payment_list, retex
from funding.retex_form import RetexForm


@require_http_methods(["GET", "HEAD", "POST"])
def export(request: HttpRequest) -> HttpResponse:
    """The choices; the file is made behind, and waits in « Vos exports » (docs/adr/0059)."""
    user = instructors_only(request)
    if not access.exports_expenses(user):
        raise Http404
    guichets = payment_list.guichets()
    form = RetexForm(request.POST if request.method == "POST" else None, guichets=guichets)
    if form.is_valid():
        guichet = form.cleaned_data["guichet"]
        content = RetexContent(form.cleaned_data["content"])
        choices = retex_table.Choices(guichet, dict(guichets)[guichet], content)
        if refusal := retex.refusal(guichet, form.cleaned_data["format"]):
            form.add_error("guichet", refusal)
        else:
            answer = exports.asked(
                request, user, form, table=retex_table.CODE, query=choices.query, columns=choices.columns
            )
            if answer is not None:
                return answer
    context = {"form": form, "guichets": guichets}
    return render(request, "funding/instruction/retex.html", context, status=422 if form.is_bound else 200)
