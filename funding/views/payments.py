"""Payments as responsables prepare them and follow them (F7)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from dossiers import emails
from dossiers.enums import ExportFormat
from dossiers.views.instruction import instructors_only
from dossiers.views.scope import user_of
from ecare import audit
from ecare.models import AuditKind
from funding import access, workflow
from funding.enums import PaymentKind
from funding.models import Payment
from funding.payment_forms import CancelForm, FilterForm, PayForm, PlanForm, TransferForm, state_of
from funding.queries import Subsidy, discrepancies, payment_list, payments, reachable
from funding.views import scope, spreadsheets

#: How many subsidies whose sums do not agree are named above the list.
DIFFERING = 10


def leads_only(request: HttpRequest) -> User:
    """The user, if one who pays. Raises Http404 for others."""
    user = instructors_only(request)
    if not access.pays(user):
        raise Http404
    return user


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The payments of every dossier, by state."""
    leads_only(request)
    form = FilterForm(request.GET, guichets=payment_list.guichets())
    found = payment_list.filtered(form.asked)
    state = state_of(request.GET.get("etat", ""))
    tabs = payment_list.tabs(found)
    current = next(tab for tab in tabs if tab.state == state)
    pages = payment_list.pages(found, current)
    query = request.GET.copy()
    query.pop("page", None)
    return render(
        request,
        "funding/payments/list.html",
        {
            "form": form,
            "tabs": tabs,
            "current": current,
            "page": pages.get_page(request.GET.get("page")),
            "query": query,
            "formats": ExportFormat.choices,
            "discrepancies": list(discrepancies.of_grants()[:DIFFERING]),
        },
    )


@require_safe
def export(request: HttpRequest, format: str) -> HttpResponseBase:
    """The list as it is filtered, as a file."""
    user = leads_only(request)
    if format not in ExportFormat.values:
        raise Http404
    form = FilterForm(request.GET, guichets=payment_list.guichets())
    listed = payment_list.listed(payment_list.filtered(form.asked), state_of(request.GET.get("etat", "")))
    audit.record(AuditKind.EXPORTED, by=user, subject="paiements", format=format, filters=request.GET.urlencode())
    return spreadsheets.leaving(
        "paiements", format, sheet="Paiements", headings=payment_list.HEADINGS, rows=payment_list.rows(listed)
    )


@require_http_methods(["GET", "HEAD", "POST"])
def schedule(request: HttpRequest, reference: str) -> HttpResponse:
    """The payments of a dossier; a responsable adds to them."""
    subsidy = scope.readable_subsidy(request, reference)
    may_pay = access.may_pay(user_of(request), subsidy.grant.dossier_stage)
    if request.method != "POST":
        rows = list(payments.schedule(subsidy.grant))
        last = max((each.number for each in rows), default=0)
        return schedule_page(request, subsidy, PlanForm(read=last) if may_pay else None, rows)
    if not may_pay:
        raise Http404
    form = PlanForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            payment = workflow.payments.plan(
                subsidy.grant,
                by=user_of(request),
                kind=PaymentKind(said["kind"]),
                amount=said["amount"],
                due_on=said["due_on"],
                read=said["read"] or 0,
            )
        except workflow.NotAllowed as refusal:
            raise Http404 from refusal
        except workflow.Refused as refusal:
            form.add_error("amount", str(refusal))
        else:
            messages.success(request, f"Le {payment.kind_label.lower()} {payment.reference} est prévu.")
            return redirect("funding:schedule", reference)
    return schedule_page(request, subsidy, form, list(payments.schedule(subsidy.grant)), status=422)


def schedule_page(
    request: HttpRequest, subsidy: Subsidy, form: PlanForm | None, rows: list[Payment], *, status: int = 200
) -> HttpResponse:
    sums = reachable.sums(subsidy.grant, rows)
    context = {
        "subsidy": subsidy,
        "dossier": subsidy.dossier,
        "dossier_stage": subsidy.grant.dossier_stage,
        "sums": sums,
        "payments": rows,
        "ways": payments.ways_down(sums, rows),
        "to_cancel": payments.to_cancel(sums, rows),
        "discrepancies": list(discrepancies.of_grant(subsidy.grant)),
        "form": form,
    }
    return render(request, "funding/payments/schedule.html", context, status=status)


#: What the buttons of a payment do: the form they need, and what is said once it is done.
ACTS: dict[str, tuple[type[forms.Form] | None, str]] = {
    "change": (PlanForm, "est modifié"),
    "order": (None, "est ordonnancé"),
    "pay": (PayForm, "est fait"),
    "cancel": (CancelForm, "est annulé"),
    "name_transfer": (TransferForm, "a sa référence de virement"),
}


@require_http_methods(["GET", "HEAD", "POST"])
def payment(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """One payment, and what may be done with it: the button pressed says what."""
    leads_only(request)
    subsidy = scope.readable_subsidy(request, reference)
    found = get_object_or_404(payments.schedule(subsidy.grant), number=number)
    found.grant = subsidy.grant
    if request.method != "POST":
        return payment_page(request, subsidy, found, {})
    name = next((name for name in ACTS if name in request.POST), "")
    if not name:
        raise Http404
    form_class, said = ACTS[name]
    form: Any = None
    if form_class is not None:
        about: dict[str, Any] = {"payment": found} if form_class in (PlanForm, TransferForm) else {}
        form = form_class(request.POST, **about)
        if not form.is_valid():
            return payment_page(request, subsidy, found, {name: form}, status=422)
    try:
        # Nothing is ordered from a page that does not say what it showed.
        seen = request.POST.get("seen", "" if name == "order" else None)
        act(name, found, by=user_of(request), said=form.cleaned_data if form else {}, seen=seen)
    except workflow.NotAllowed as refusal:
        raise Http404 from refusal
    except workflow.Refused as refusal:
        found.refresh_from_db(fields=["state", "paid_on", "amount", "due_on", "transfer"])
        if form is None or isinstance(refusal, workflow.payments.Late):
            return payment_page(request, subsidy, found, {}, refusal=str(refusal), status=409)
        form.add_error("reason" if "reason" in form.fields else next(iter(form.fields)), str(refusal))
        return payment_page(request, subsidy, found, {name: form}, status=422)
    told = f" {emails.reader(subsidy.dossier)}." if name == "pay" else ""
    messages.success(request, f"Le {found.kind_label.lower()} {found.reference} {said}.{told}")
    return redirect("funding:schedule", reference)


def act(name: str, payment: Payment, *, by: User, said: dict[str, Any], seen: str | None) -> None:
    """`seen` is what the page showed of the payment. Raises what the functions of `workflow.payments` raise."""
    match name:
        case "change":
            workflow.payments.change(payment, by=by, amount=said["amount"], due_on=said["due_on"], seen=seen)
        case "order":
            workflow.payments.order(payment, by=by, seen=seen)
        case "pay":
            workflow.payments.pay(payment, by=by, on=said["paid_on"], transfer=said["transfer"])
        case "cancel":
            workflow.payments.cancel(payment, by=by, reason=said["reason"])
        case "name_transfer":
            reason = said.get("reason", "")
            workflow.payments.name_transfer(payment, by=by, transfer=said["transfer"], reason=reason)


def payment_page(
    request: HttpRequest,
    subsidy: Subsidy,
    found: Payment,
    sent: dict[str, Any],
    *,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    sums = reachable.sums(subsidy.grant)
    context = {
        "payment": found,
        "subsidy": subsidy,
        "dossier": subsidy.dossier,
        "dossier_stage": subsidy.grant.dossier_stage,
        "sums": sums,
        "change_form": sent.get("change") or PlanForm(payment=found),
        "pay_form": sent.get("pay") or PayForm(),
        "transfer_form": sent.get("name_transfer") or TransferForm(payment=found),
        "cancel_form": sent.get("cancel") or CancelForm(),
        "sent": next(iter(sent.values()), None),
        "refusal": refusal,
    }
    return render(request, "funding/payments/payment.html", context, status=status)
