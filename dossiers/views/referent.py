"""The référent's screens: dashboard, creation, form, recap, transmission, receipt."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dossiers import neighbours, pdf, queries, steps, workflow
from dossiers.forms import CreateDossierForm
from dossiers.models import DossierStage
from dossiers.views import departure, scope
from ecare import audit, french
from ecare.models import AuditKind
from funding.schedule.estimates import Estimate


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """« Tableau de bord »: what waits, the guichets, the dossiers (D1)."""
    user = scope.referents_only(request)
    text, sort = request.GET.get("q", ""), request.GET.get("tri", "")
    page = queries.own_page(user, text=text, sort=sort, number=request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    at = scope.received_at(request)
    represented = queries.represented(user, at=at)
    pairs = queries.creatable(user, at=at, represented=represented)
    guichets = queries.available_guichets(represented)
    return render(
        request,
        "dossiers/dashboard.html",
        {
            "page": page,
            "query": query.urlencode(),
            "text": text,
            "sort": sort,
            "waiting": queries.waiting_for_referent(user, now=at, stages=guichets.stages),
            "tasks": neighbours.own_tasks(user),
            "guichets": guichets,
            "create_form": CreateDossierForm(pairs=pairs) if pairs else None,
            "now": timezone.now(),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """« Candidater à un domaine ou à un dispositif » as a page (D2). Asked twice, it leads to the dossier there is."""
    user = scope.referents_only(request)
    at = scope.received_at(request)
    represented = queries.represented(user, at=at)
    if request.method == "POST":
        asked = {name: request.POST.get(name, "") for name in ("stage", "establishment")}
        if own := queries.begun(user, represented=represented, **asked):
            label = own.dossier.legal_entity.label
            messages.info(request, f"Vous avez déjà un dossier pour {label} sur ce guichet\u00a0: le voici.")
            return redirect("dossiers:form", own.dossier.reference)
    pairs = queries.creatable(user, at=at, represented=represented)
    sent = request.POST if request.method == "POST" else request.GET
    suggestion = queries.suggestion(pairs, track=sent.get("parcours", ""), finess=sent.get("finess", ""))
    form = CreateDossierForm(
        request.POST if request.method == "POST" else None, pairs=pairs, initial=suggestion.initial
    )
    claim = ""
    if request.method == "POST" and form.is_valid():
        stage, representation = form.chosen
        try:
            dossier = workflow.create_dossier(
                stage, representation.legal_entity, by=user, at=scope.received_at(request), track=suggestion.track
            )
        except workflow.Refused as refusal:
            form.add_error(None, str(refusal))
            if isinstance(refusal, workflow.AlreadyExists):
                claim = f"{stage.guichet.code}.{representation.legal_entity.finess}"
        else:
            return redirect("dossiers:form", dossier.reference)
    context = {
        "form": form,
        "pairs": pairs,
        "represents": bool(represented),
        "claim": claim,
        "suggestion": suggestion,
        "represents_it": suggestion.legal_entity is not None
        and any(each.legal_entity_id == suggestion.legal_entity.pk for each in represented),
    }
    return render(request, "dossiers/create.html", context)


def detail(request: HttpRequest, dossier_stage: DossierStage, *, refusal: str = "", status: int = 200) -> HttpResponse:
    """An étape that cannot be edited: what was transmitted, its status, the other étapes, the dossier's history."""
    at = scope.received_at(request)
    passages = steps.of(dossier_stage.dossier)
    following = steps.after(dossier_stage, passages=passages)
    transmission = queries.latest_transmission(dossier_stage)
    sheet = None if transmission else queries.sheet(dossier_stage)
    sections = queries.transmitted_sections(transmission) if transmission else []
    files = [file for _, entries in sections for entry in entries for file in entry.files]
    return render(
        request,
        "dossiers/detail.html",
        {
            "dossier_stage": dossier_stage,
            "dossier": dossier_stage.dossier,
            "transmission": transmission,
            "sections": sections,
            "sheet": sheet,
            "estimate": Estimate.from_json(transmission.estimate) if transmission and transmission.estimate else None,
            "eligibility": queries.eligible(transmission) if transmission else None,
            "position": queries.ceiling(transmission) if transmission else None,
            "score": queries.score(transmission) if transmission else sheet and sheet.score,
            "history": queries.told(dossier_stage, scope.user_of(request)),
            "steps": passages,
            "following": following,
            "may_start": following is not None and following.may_start(at),
            "panels": neighbours.own_panels(dossier_stage),
            "parts": neighbours.own_parts(transmission, files) if transmission else [],
            "refusal": refusal,
            "now": at,
        },
        status=status,
    )


@require_safe
def stage(request: HttpRequest, reference: str, stage: str) -> HttpResponse:
    """An étape behind the current one, as it was transmitted."""
    dossier_stage = scope.own_passage(request, reference, stage)
    if dossier_stage.is_current:
        return redirect("dossiers:form", reference)
    return detail(request, dossier_stage)


@require_POST
def start_stage(request: HttpRequest, reference: str, stage: str) -> HttpResponse:
    """« Commencer l'étape ». Pressing twice begins it once and shows the same page."""
    dossier_stage = scope.own_stage(request, reference)
    asked = get_object_or_404(dossier_stage.dossier.guichet.stages, code=stage)
    try:
        workflow.start_stage(dossier_stage, asked, by=scope.user_of(request), at=scope.received_at(request))
    except workflow.NotAllowed as refusal:
        raise Http404 from refusal
    except workflow.WrongStatus:
        return redirect("dossiers:form", reference)
    except workflow.Closed as refusal:
        return detail(request, dossier_stage, refusal=str(refusal), status=409)
    messages.success(
        request,
        f"L'étape {french.quoted(asked.title)} est commencée. Complétez-la, puis transmettez-la\u00a0: "
        "rien n'est envoyé d'ici là.",
    )
    return redirect("dossiers:form", reference)


@require_safe
def recap(request: HttpRequest, reference: str) -> HttpResponse:
    """« Vérifier votre saisie » (D8)."""
    dossier_stage = scope.own_stage(request, reference)
    if not dossier_stage.is_editable(scope.received_at(request)):
        return redirect("dossiers:form", reference)
    return recap_page(request, dossier_stage)


def recap_page(
    request: HttpRequest, dossier_stage: DossierStage, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    pending = queries.pending_request(dossier_stage)
    sheet = queries.sheet(dossier_stage, request=pending)
    return render(
        request,
        "dossiers/recap.html",
        {
            "dossier_stage": dossier_stage,
            "dossier": dossier_stage.dossier,
            "sheet": sheet,
            "parts": neighbours.form_parts(sheet),
            "pending": pending,
            "token": workflow.token(dossier_stage),
            "refusal": refusal,
            "now": scope.received_at(request),
        },
        status=status,
    )


@require_POST
@departure.told
def transmit(request: HttpRequest, reference: str) -> HttpResponse:
    """« Transmettre votre dossier » (D9). Pressing twice transmits once and shows the same page."""
    dossier_stage = scope.own_stage(request, reference)
    try:
        workflow.transmit(
            dossier_stage,
            by=scope.user_of(request),
            at=scope.received_at(request),
            seen=request.POST.get("seen", ""),
        )
    except workflow.NotAllowed as refusal:
        raise Http404 from refusal
    except workflow.WrongStatus:
        return redirect("dossiers:form", reference)
    except workflow.Closed as refusal:
        dossier_stage.refresh_from_db()
        return detail(request, dossier_stage, refusal=str(refusal), status=409)
    except workflow.Refused as refusal:
        return recap_page(request, dossier_stage, refusal=str(refusal), status=409)
    messages.success(
        request,
        "Votre dossier est transmis. L'ANS l'instruit ; vous recevrez un e-mail à chaque changement de statut.",
    )
    return redirect("dossiers:form", reference)


@require_safe
def receipt(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """The PDF receipt of a transmission of the current étape (D9)."""
    return receipt_of(request, scope.own_stage(request, reference), number)


@require_safe
def stage_receipt(request: HttpRequest, reference: str, stage: str, number: int) -> HttpResponse:
    """The PDF receipt of a transmission of any étape."""
    return receipt_of(request, scope.own_passage(request, reference, stage), number)


def receipt_of(request: HttpRequest, dossier_stage: DossierStage, number: int) -> HttpResponse:
    transmission = get_object_or_404(dossier_stage.transmissions.select_related("by"), number=number)
    transmission.dossier_stage = dossier_stage
    reference = dossier_stage.dossier.reference
    name = f"recepisse-{reference}-{number}.pdf"
    response = HttpResponse(pdf.receipt(transmission), content_type="application/pdf")
    audit.record(
        AuditKind.DOWNLOADED, by=request.user, subject=reference, stage=dossier_stage.stage.code, receipt=number
    )
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response
