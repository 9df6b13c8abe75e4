"""Amounts of a subsidy that do not agree, computed again by who pays (docs/adr/0060)."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from dossiers.views.scope import user_of
from funding import access, workflow
from funding.payment_forms import MendForm
from funding.queries import Subsidy, discrepancies
from funding.views import scope


@require_http_methods(["GET", "HEAD", "POST"])
def mend(request: HttpRequest, reference: str) -> HttpResponse:
    """What is written, what its sources give, and the button that writes it."""
    subsidy = scope.readable_subsidy(request, reference)
    user = user_of(request)
    if not access.may_pay(user, subsidy.grant.dossier_stage):
        raise Http404
    found = workflow.mending.proposal(subsidy.grant)
    if request.method != "POST":
        return page(request, subsidy, found, MendForm(seen=found.seen))
    form = MendForm(request.POST, seen=found.seen)
    if not form.is_valid():
        return page(request, subsidy, found, form, status=422)
    try:
        workflow.mending.mend(
            subsidy.grant, by=user, seen=form.cleaned_data["seen"], reason=form.cleaned_data["reason"]
        )
    except workflow.NotAllowed as refusal:
        raise Http404 from refusal
    except workflow.Refused as refusal:
        found = workflow.mending.proposal(subsidy.grant)
        again = MendForm(seen=found.seen)
        again.initial["reason"] = form.cleaned_data["reason"]
        return page(request, subsidy, found, again, refusal=str(refusal), status=409)
    messages.success(request, "Les montants de la subvention sont recalculés.")
    return redirect("funding:schedule", reference)


def page(
    request: HttpRequest,
    subsidy: Subsidy,
    found: workflow.mending.Proposal,
    form: MendForm,
    *,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "subsidy": subsidy,
        "dossier": subsidy.dossier,
        "dossier_stage": subsidy.grant.dossier_stage,
        "discrepancies": discrepancies.of_grant(subsidy.grant),
        "found": found,
        "form": form,
        "refusal": refusal,
    }
    return render(request, "funding/payments/mend.html", context, status=status)
