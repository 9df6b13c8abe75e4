"""Subsidies as those who instruct grant them and follow them (F4)."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from dossiers import emails
from dossiers.queries import de_minimis, latest_transmission
from dossiers.views import files
from dossiers.views.instruction import instructors_only
from dossiers.views.scope import pdf, read_of, user_of
from ecare import audit, french
from ecare.models import AuditKind
from funding import access, agreement_pdf, beside, queries, workflow
from funding.enums import GrantStep
from funding.grant_forms import CheckForm, GrantForm
from funding.models import Agreement
from funding.queries import Subsidy, agreements, controls, reachable, rules
from funding.schedule.estimates import Estimate
from funding.views import scope


@dataclass(frozen=True)
class Tab:
    """A counter of the list, which chooses its step."""

    step: GrantStep
    count: int
    is_current: bool


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The subsidies, by what they wait for: those to grant first."""
    user = instructors_only(request)
    asked = request.GET.get("etape", "")
    step = GrantStep(asked) if asked in GrantStep.values else GrantStep.TO_GRANT
    counts = queries.counters(user)
    pages = queries.listed(user, step, total=counts[step])
    return render(
        request,
        "funding/instruction/list.html",
        {
            "tabs": [Tab(each, count, each == step) for each, count in counts.items()],
            "step": step,
            "page": pages.get_page(request.GET.get("page")),
            "panels": beside.notices(user),
            "follows_budgets": access.follows_budgets(user),
            "exports_expenses": access.exports_expenses(user),
        },
    )


@require_safe
def subsidy(request: HttpRequest, reference: str) -> HttpResponse:
    """Everything about the subsidy of a dossier, and what may be done with it."""
    return page(request, scope.readable_subsidy(request, reference))


def page(
    request: HttpRequest, subsidy: Subsidy, *, check_form: CheckForm | None = None, refusal: str = "", status: int = 200
) -> HttpResponse:
    read = subsidy.agreement.signed_copy_id if subsidy.agreement else None
    return render(
        request,
        "funding/instruction/subsidy.html",
        {
            "subsidy": subsidy,
            "dossier": subsidy.dossier,
            "dossier_stage": subsidy.grant.dossier_stage,
            "may_grant": access.may_grant(user_of(request), subsidy.grant.dossier_stage),
            "check_form": check_form or CheckForm(initial={"read": read}),
            "refusal": refusal,
            "control": controls.under_way(subsidy.grant),
            "sums": reachable.sums(subsidy.grant),
        },
        status=status,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def grant(request: HttpRequest, reference: str) -> HttpResponse:
    """« Accorder la subvention »: the estimate confirmed, or another amount and why."""
    user = instructors_only(request)
    dossier_stage = get_object_or_404(access.funded_stages(user).with_context(), dossier__reference=reference)
    if not access.may_grant(user, dossier_stage):
        raise Http404
    already = queries.subsidy(dossier_stage.dossier)
    if already is not None and request.method != "POST":
        return redirect("funding:subsidy", reference)
    transmission = latest_transmission(dossier_stage)
    assert transmission is not None
    assert transmission.estimate is not None
    estimate = Estimate.from_json(transmission.estimate)
    form = GrantForm(
        request.POST if request.method == "POST" else None,
        estimated=estimate.total,
        agreement_from=rules.agreement_from(dossier_stage.dossier.guichet_id),
    )
    if request.method == "POST" and form.is_valid():
        try:
            granted = workflow.grants.grant(dossier_stage, by=user, **form.cleaned_data)
        except workflow.NotAllowed as refusal:
            raise Http404 from refusal
        except workflow.grants.AlreadyGranted as refusal:
            messages.info(request, str(refusal))
            return redirect("funding:subsidy", reference)
        except workflow.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            told = f"{emails.reader(dossier_stage.dossier)}."
            messages.success(request, f"{french.euros(granted.amount)} sont accordés. {told}")
            return redirect("funding:subsidy", reference)
    return render(
        request,
        "funding/instruction/grant.html",
        {
            "dossier_stage": dossier_stage,
            "dossier": dossier_stage.dossier,
            "estimate": estimate,
            "position": de_minimis(transmission, subsidy=form.asked or estimate.total, on=timezone.localdate()),
            "form": form,
        },
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def send_agreement(request: HttpRequest, reference: str) -> HttpResponse:
    """« Envoyer la convention »: to whom, with which text, then a button."""
    subsidy = scope.readable_subsidy(request, reference)
    user = user_of(request)
    if not access.may_grant(user, subsidy.grant.dossier_stage):
        raise Http404
    if request.method == "POST":
        try:
            workflow.agreements.send(subsidy.grant, by=user, read=read_of(request))
        except workflow.NotAllowed as refusal:
            raise Http404 from refusal
        except workflow.Refused as refusal:
            return page(request, scope.readable_subsidy(request, reference), refusal=str(refusal), status=409)
        messages.success(request, f"La convention est envoyée au signataire. {emails.reader(subsidy.dossier)}.")
        return redirect("funding:subsidy", reference)
    return render(
        request,
        "funding/instruction/send_agreement.html",
        {
            "subsidy": subsidy,
            "dossier": subsidy.dossier,
            "dossier_stage": subsidy.grant.dossier_stage,
            "draft": agreements.draft(subsidy.grant, on=timezone.now()),
        },
    )


@require_safe
def agreement(request: HttpRequest, reference: str) -> HttpResponse:
    """The convention in force; before it is sent, what it would be, marked as a preview."""
    subsidy = scope.readable_subsidy(request, reference)
    if subsidy.agreement is not None:
        content, number = agreement_pdf.of(subsidy.agreement), subsidy.agreement.number
    else:
        draft = agreements.draft(subsidy.grant, on=timezone.now())
        if draft.flaw or draft.template is None:
            raise Http404
        content, number = agreement_pdf.preview(draft.template, draft.values), 0
    audit.record(AuditKind.DOWNLOADED, by=request.user, subject=reference, paper="convention", number=number)
    return pdf(content, f"convention-{reference}.pdf")


@require_safe
def signed_copy(request: HttpRequest, reference: str) -> HttpResponseBase:
    """The copy that the référent deposited, once the antivirus lets it leave."""
    current = in_force(scope.readable_subsidy(request, reference))
    if current.signed_copy is None:
        raise Http404
    if status := files.why_not(current.signed_copy):
        return files.withheld(request, current.signed_copy, status=status)
    return files.download(request, current.signed_copy, reference=reference)


@require_http_methods(["POST"])
def check_agreement(request: HttpRequest, reference: str) -> HttpResponse:
    """« Accepter l'exemplaire » or « Refuser l'exemplaire », which the button says."""
    subsidy = scope.readable_subsidy(request, reference)
    user, current = user_of(request), in_force(subsidy)
    form = CheckForm(request.POST)
    if not form.is_valid():
        return page(request, subsidy, check_form=form, status=422)
    read, reason = form.cleaned_data["read"], form.cleaned_data["reason"]
    try:
        if "refuse" in request.POST:
            workflow.agreements.refuse(current, by=user, read=read, reason=reason)
            told = emails.reader(subsidy.dossier, " avec le motif, et peut en déposer un autre")
            said = f"L'exemplaire est refusé. {told}."
        else:
            workflow.agreements.accept(current, by=user, read=read)
            said = f"La convention est contrôlée. {emails.reader(subsidy.dossier)}."
    except workflow.NotAllowed as refusal:
        raise Http404 from refusal
    except workflow.agreements.Late as refusal:
        return page(request, scope.readable_subsidy(request, reference), refusal=str(refusal), status=409)
    except workflow.Refused as refusal:
        form.add_error("reason", str(refusal))
        return page(request, subsidy, check_form=form, status=422)
    messages.success(request, said)
    return redirect("funding:subsidy", reference)


def in_force(subsidy: Subsidy) -> Agreement:
    if subsidy.agreement is None:
        raise Http404
    return subsidy.agreement
