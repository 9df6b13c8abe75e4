"""The instruction back-office: the list, a dossier, the decisions (I1–I3)."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from dossiers import queries, workflow
from dossiers.filters import InstructionFilter
from dossiers.forms import ModificationForm, ReasonForm
from dossiers.models import DossierStage
from dossiers.views import scope
from funding.schedule.calculation import Estimate

PAGE_SIZE = 50
SORTS = {
    "reference": "dossier__reference",
    "etablissement": "dossier__legal_entity__name",
    "statut": "status",
    "transmission": "transmitted_at",
}


def instructors_only(request: HttpRequest) -> User:
    """The user, if an instructor. Raises Http404 for others."""
    user = scope.user_of(request)
    if not user.is_instructor:
        raise Http404
    return user


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The list of dossiers, with its filters, counters and sort (I1)."""
    user = instructors_only(request)
    filters = InstructionFilter(request.GET, queryset=queries.instruction_list(user))
    stages = filters.qs
    sort = request.GET.get("tri", "")
    field = SORTS.get(sort.removeprefix("-"))
    if field:
        stages = stages.order_by(f"-{field}" if sort.startswith("-") else field, "-pk")
    page = Paginator(stages, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "dossiers/instruction/list.html",
        {
            "filters": filters,
            "page": page,
            "sort": sort,
            "counters": queries.counters(filters),
            "query": without(request, "page"),
        },
    )


def without(request: HttpRequest, *names: str) -> str:
    """The query string less some parameters, to build links that keep the filters."""
    query = request.GET.copy()
    for name in names:
        query.pop(name, None)
    return query.urlencode()


@require_safe
def detail(request: HttpRequest, reference: str) -> HttpResponse:
    """What was last transmitted, and what may be done with it (I2)."""
    return dossier_page(request, scope.instructed_stage(request, reference))


def dossier_page(
    request: HttpRequest,
    dossier_stage: DossierStage,
    *,
    action: str = "",
    form: Form | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    user = instructors_only(request)
    transmission = queries.latest_transmission(dossier_stage)
    assert transmission is not None, "an étape in instruction was transmitted"
    transmission.dossier_stage = dossier_stage
    return render(
        request,
        "dossiers/instruction/dossier.html",
        {
            "dossier_stage": dossier_stage,
            "dossier": dossier_stage.dossier,
            "transmission": transmission,
            "sections": queries.transmitted_sections(transmission),
            "estimate": Estimate.from_json(transmission.estimate) if transmission.estimate else None,
            "moves": workflow.allowed_moves(dossier_stage, user),
            "pending": queries.pending_request(dossier_stage),
            "history": queries.history(dossier_stage),
            "action": action,
            "form": form,
            "refusal": refusal,
        },
        status=status,
    )


def decide(
    request: HttpRequest, reference: str, move: str, form: Form | None, act: Callable[[DossierStage, User], object]
) -> HttpResponse:
    """Show a decision's form, or carry it out. Too late, the page says who did what."""
    user = instructors_only(request)
    dossier_stage = scope.instructed_stage(request, reference)
    if request.method != "POST" or (form is not None and not form.is_valid()):
        if move not in workflow.allowed_moves(dossier_stage, user):
            return redirect("dossiers:instruction-dossier", reference)
        return dossier_page(request, dossier_stage, action=move, form=form)
    try:
        act(dossier_stage, user)
    except workflow.NotAllowed as refusal:
        raise Http404 from refusal
    except workflow.Refused as refusal:
        fresh = scope.instructed_stage(request, reference)
        return dossier_page(request, fresh, refusal=str(refusal), status=409)
    messages.success(request, f"{DECIDED[move]} Le référent en est informé par e-mail.")
    return redirect("dossiers:instruction-dossier", reference)


DECIDED = {
    "request_modification": "La demande de modification est envoyée.",
    "validate": "L'étape est validée.",
    "reject": "L'étape est rejetée.",
    "reopen": "L'étape est de nouveau en instruction.",
}


@require_http_methods(["GET", "HEAD", "POST"])
def request_modification(request: HttpRequest, reference: str) -> HttpResponse:
    """« Demander une modification »: message, remarks beside the answers, due date."""
    dossier_stage = scope.instructed_stage(request, reference)
    transmission = queries.latest_transmission(dossier_stage)
    assert transmission is not None
    transmission.dossier_stage = dossier_stage
    entries = [entry for _, entries in queries.transmitted_sections(transmission) for entry in entries]
    form = ModificationForm(request.POST or None, entries=entries)
    return decide(
        request,
        reference,
        "request_modification",
        form,
        lambda stage, user: workflow.request_modification(
            stage, by=user, message=form.cleaned_data["message"], remarks=form.remarks, due_at=form.due_at
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def validate(request: HttpRequest, reference: str) -> HttpResponse:
    return decide(request, reference, "validate", None, lambda stage, user: workflow.validate(stage, by=user))


@require_http_methods(["GET", "HEAD", "POST"])
def reject(request: HttpRequest, reference: str) -> HttpResponse:
    form = ReasonForm(request.POST or None)
    return decide(
        request,
        reference,
        "reject",
        form,
        lambda stage, user: workflow.reject(stage, by=user, reason=form.cleaned_data["reason"]),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def reopen(request: HttpRequest, reference: str) -> HttpResponse:
    form = ReasonForm(request.POST or None)
    return decide(
        request,
        reference,
        "reopen",
        form,
        lambda stage, user: workflow.reopen(stage, by=user, reason=form.cleaned_data["reason"]),
    )
