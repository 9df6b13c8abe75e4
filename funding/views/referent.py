"""The subsidy as its référent follows it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from dossiers.views.scope import pdf, user_of
from ecare import audit
from ecare.models import AuditKind
from funding import agreement_pdf, workflow
from funding.enums import PaymentState
from funding.grant_forms import UNNAMED, SignedCopyForm
from funding.queries import Subsidy, controls, payments, reachable
from funding.views import scope


@require_safe
def subsidy(request: HttpRequest, reference: str) -> HttpResponse:
    """What was granted, what is awaited, what comes next."""
    return page(request, scope.own_subsidy(request, reference))


def page(
    request: HttpRequest, subsidy: Subsidy, *, form: SignedCopyForm | None = None, status: int = 200
) -> HttpResponse:
    rows = list(payments.schedule(subsidy.grant).exclude(state=PaymentState.CANCELLED))
    return render(
        request,
        "funding/subsidy.html",
        {
            "subsidy": subsidy,
            "dossier": subsidy.dossier,
            "form": form or SignedCopyForm(),
            "controls": controls.of(subsidy.grant),
            "sums": reachable.sums(subsidy.grant, rows),
            "payments": rows,
        },
        status=status,
    )


@require_safe
def agreement(request: HttpRequest, reference: str) -> HttpResponse:
    """The convention in force, to be signed."""
    subsidy = scope.own_subsidy(request, reference)
    if subsidy.agreement is None:
        raise Http404
    content = agreement_pdf.of(subsidy.agreement)
    audit.record(
        AuditKind.DOWNLOADED, by=request.user, subject=reference, paper="convention", number=subsidy.agreement.number
    )
    return pdf(content, f"convention-{reference}.pdf")


@require_POST
def sign(request: HttpRequest, reference: str) -> HttpResponse:
    """Deposit the signed copy of the convention that was on the page. Sent twice, it is there once."""
    subsidy = scope.own_subsidy(request, reference)
    if subsidy.agreement is None:
        raise Http404
    form = SignedCopyForm(request.POST, request.FILES)
    if not form.is_valid():
        return page(request, subsidy, form=form, status=422)
    shown = subsidy.grant.agreements.filter(public_id=form.cleaned_data["read"]).first()
    if shown is None:
        form.add_error("read", UNNAMED)
        return page(request, subsidy, form=form, status=422)
    try:
        workflow.agreements.sign(shown, form.cleaned_data["file"], by=user_of(request))
    except workflow.NotAllowed as refusal:
        raise Http404 from refusal
    except workflow.Refused as refusal:
        form.add_error("file", str(refusal))
        return page(request, scope.own_subsidy(request, reference), form=form, status=422)
    messages.success(
        request, "La convention signée est déposée. L'ANS la contrôle\u00a0; vous recevrez un e-mail de sa réponse."
    )
    return redirect("funding:own-subsidy", reference)
