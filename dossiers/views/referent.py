"""The référent's screens: dashboard, creation, form, recap, transmission, receipt."""

from __future__ import annotations

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import queries as accounts_queries
from dossiers import kinds, pdf, queries, workflow
from dossiers.forms import CreateDossierForm
from dossiers.models import DossierStage, ModificationRequest
from dossiers.sheet import Sheet
from dossiers.views import scope
from funding.schedule.calculation import Estimate


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """« Tableau de bord »: what waits, the guichets, the dossiers (D1)."""
    user = scope.referents_only(request)
    text, sort = request.GET.get("q", ""), request.GET.get("tri", "")
    page = Paginator(queries.referent_dossiers(user, text=text, sort=sort), 10).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    pairs = queries.creatable(user, at=scope.received_at(request))
    return render(
        request,
        "dossiers/dashboard.html",
        {
            "page": page,
            "query": query.urlencode(),
            "text": text,
            "sort": sort,
            "waiting": queries.waiting_for_referent(user, now=scope.received_at(request)),
            "guichets": queries.available_guichets(user),
            "create_form": CreateDossierForm(pairs=pairs) if pairs else None,
            "now": timezone.now(),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """« Candidater à un domaine ou à un dispositif » as a page (D2)."""
    user = scope.referents_only(request)
    at = scope.received_at(request)
    pairs = queries.creatable(user, at=at)
    form = CreateDossierForm(request.POST if request.method == "POST" else None, pairs=pairs)
    if request.method == "POST" and form.is_valid():
        stage, representation = form.chosen
        try:
            dossier = workflow.create_dossier(
                stage, representation.legal_entity, by=user, at=scope.received_at(request)
            )
        except workflow.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("dossiers:form", dossier.reference)
    represents = accounts_queries.establishments_of(user).exists() if not pairs else True
    return render(request, "dossiers/create.html", {"form": form, "pairs": pairs, "represents": represents})


@require_http_methods(["GET", "HEAD", "POST"])
def form(request: HttpRequest, reference: str) -> HttpResponse:
    """The form while it can be edited (D5–D8); what was transmitted, read-only, otherwise."""
    dossier_stage = scope.own_stage(request, reference)
    if request.method == "POST":
        return save(request, dossier_stage)
    if not dossier_stage.is_editable(scope.received_at(request)):
        return detail(request, dossier_stage)
    pending = queries.pending_request(dossier_stage)
    return form_page(request, queries.sheet(dossier_stage, request=pending), pending)


def form_page(
    request: HttpRequest,
    sheet: Sheet,
    pending: ModificationRequest | None,
    *,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    return render(
        request,
        "dossiers/form.html",
        {
            "sheet": sheet,
            "dossier_stage": sheet.dossier_stage,
            "dossier": sheet.dossier_stage.dossier,
            "pending": pending,
            "steps": queries.steps(sheet.dossier_stage),
            "refusal": refusal,
            "has_errors": bool(sheet.to_correct or refusal),
            "now": scope.received_at(request),
        },
        status=status,
    )


def typed_in(request: HttpRequest, dossier_stage: DossierStage) -> tuple[dict[str, kinds.Raw], dict[str, str]]:
    """What a submitted form holds: what was typed, and the fingerprint of each answer when the page was made.

    Only the questions that were in the page count: each sends its fingerprint.
    """
    raws: dict[str, kinds.Raw] = {}
    bases: dict[str, str] = {}
    for question in queries.questions(dossier_stage.revision):
        base = request.POST.get(f"{question.code}-base")
        if base is not None:
            raws[question.code] = kinds.of(question).raw_from(question, request.POST)
            bases[question.code] = base
    return raws, bases


def save(request: HttpRequest, dossier_stage: DossierStage) -> HttpResponse:
    """Keep everything typed and every file chosen, then go where the button says. Nothing typed is ever lost: what
    cannot be saved is shown again, as typed, with the reason."""
    user = scope.user_of(request)
    raws, bases = typed_in(request, dossier_stage)
    file_errors: dict[str, list[str]] = {}
    try:
        saved = workflow.save_answers(dossier_stage, raws, bases=bases, by=user, at=scope.received_at(request))
        for code, upload in chosen_files(request, dossier_stage):
            try:
                workflow.add_file(dossier_stage, code, upload, by=user, at=scope.received_at(request))
            except workflow.FileRefused as refusal:
                file_errors.setdefault(code, []).append(str(refusal))
        try:
            archived = archive_asked(request, dossier_stage)
        except workflow.FileRefused as refusal:
            archived = ""
            messages.warning(request, str(refusal))
    except workflow.NotAllowed as refusal:
        raise Http404 from refusal
    except (workflow.Closed, workflow.FileRefused) as refusal:
        sheet = queries.sheet(dossier_stage)
        sheet.retype(raws)
        return form_page(request, sheet, None, refusal=str(refusal), status=409)
    if saved.conflicts or file_errors:
        pending = queries.pending_request(dossier_stage)
        sheet = queries.sheet(dossier_stage, request=pending)
        for entry in sheet.entries:
            if entry.code in saved.conflicts:
                entry.conflict = entry.lines or entry.typed_lines or [kinds.Line("", "Réponse effacée")]
            entry.file_errors = file_errors.get(entry.code, [])
        sheet.retype({code: raws[code] for code in saved.conflicts})
        return form_page(request, sheet, pending, status=409 if saved.conflicts else 200)
    if archived:
        return redirect(reverse("dossiers:form", args=[dossier_stage.dossier.reference]) + f"#question-{archived}")
    if "next" in request.POST and not queries.sheet(dossier_stage).invalid:
        return redirect("dossiers:recap", dossier_stage.dossier.reference)
    if "upload" in request.POST:
        anchor = f"#question-{request.POST['upload']}"
        return redirect(reverse("dossiers:form", args=[dossier_stage.dossier.reference]) + anchor)
    if "next" in request.POST:
        messages.warning(
            request, "Votre saisie est enregistrée. Corrigez les réponses signalées pour passer au récapitulatif."
        )
        return redirect("dossiers:form", dossier_stage.dossier.reference)
    messages.info(
        request,
        "Votre brouillon est enregistré. Il n'est pas transmis : vous pourrez le compléter et le transmettre plus tard."
        if not dossier_stage.first_transmitted_at
        else "Vos corrections sont enregistrées. Elles ne sont pas transmises : transmettez le dossier à nouveau.",
    )
    return redirect("dossiers:form", dossier_stage.dossier.reference)


def chosen_files(request: HttpRequest, dossier_stage: DossierStage) -> list[tuple[str, UploadedFile]]:
    """The files of a submitted form with the question of their slot; whatever else was sent is left aside (Q20)."""
    if not request.FILES:
        return []
    slots = [each.code for each in queries.questions(dossier_stage.revision) if kinds.of(each).has_files]
    return [(code, upload) for code in slots for upload in request.FILES.getlist(f"{code}-files")]


def archive_asked(request: HttpRequest, dossier_stage: DossierStage) -> str:
    """Archive the file whose ✕ was pressed; the code of its question, or nothing."""
    public_id = request.POST.get("archive")
    if not public_id:
        return ""
    attachment = get_object_or_404(scope.attachments(dossier_stage), public_id=scope.identifier(public_id))
    workflow.archive_file(attachment, by=scope.user_of(request), at=scope.received_at(request))
    return attachment.code


@require_POST
def estimate(request: HttpRequest, reference: str) -> HttpResponse:
    """The subsidy that what is typed now leads to, without saving: a fragment of the form page (F2)."""
    dossier_stage = scope.own_stage(request, reference)
    sheet = queries.sheet(dossier_stage)
    raws, _ = typed_in(request, dossier_stage)
    sheet.retype(raws)
    return render(request, "dossiers/estimate.html", {"sheet": sheet})


def detail(request: HttpRequest, dossier_stage: DossierStage, *, refusal: str = "", status: int = 200) -> HttpResponse:
    """A dossier that cannot be edited: what was transmitted, its status, its history."""
    transmission = queries.latest_transmission(dossier_stage)
    sheet = None if transmission else queries.sheet(dossier_stage)
    return render(
        request,
        "dossiers/detail.html",
        {
            "dossier_stage": dossier_stage,
            "dossier": dossier_stage.dossier,
            "transmission": transmission,
            "sections": queries.transmitted_sections(transmission) if transmission else [],
            "sheet": sheet,
            "estimate": Estimate.from_json(transmission.estimate) if transmission and transmission.estimate else None,
            "history": queries.history(dossier_stage),
            "refusal": refusal,
            "now": scope.received_at(request),
        },
        status=status,
    )


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
    return render(
        request,
        "dossiers/recap.html",
        {
            "dossier_stage": dossier_stage,
            "dossier": dossier_stage.dossier,
            "sheet": queries.sheet(dossier_stage, request=pending),
            "pending": pending,
            "refusal": refusal,
            "now": scope.received_at(request),
        },
        status=status,
    )


@require_POST
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
    """The PDF receipt of a transmission (D9)."""
    dossier_stage = scope.own_stage(request, reference)
    transmission = get_object_or_404(dossier_stage.transmissions.select_related("by"), number=number)
    transmission.dossier_stage = dossier_stage
    response = HttpResponse(pdf.receipt(transmission), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="recepisse-{reference}-{number}.pdf"'
    response["Cache-Control"] = "no-store"
    return response
