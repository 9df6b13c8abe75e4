"""The form of an étape: shown, saved, with its files (D5–D8)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST

from dossiers import kinds, neighbours, queries, steps, workflow
from dossiers.models import DossierStage, ModificationRequest
from dossiers.sheet import Entry, Sheet
from dossiers.views import departure, files, scope
from dossiers.views.referent import detail


@require_http_methods(["GET", "HEAD", "POST"])
@departure.told
def form(request: HttpRequest, reference: str) -> HttpResponse:
    """The form while it can be edited (D5–D8); what was transmitted, read-only, otherwise."""
    dossier_stage = scope.own_stage(request, reference)
    if request.method == "POST":
        return save(request, dossier_stage)
    if not dossier_stage.is_editable(scope.received_at(request)):
        return detail(request, dossier_stage)
    pending = queries.pending_request(dossier_stage)
    sheet = queries.sheet(dossier_stage, request=pending)
    find_again(sheet, queries.parked(dossier_stage, scope.user_of(request)))
    return form_page(request, sheet, pending)


def find_again(sheet: Sheet, parked: dict[str, dict[str, Any]]) -> None:
    """Show what had been put aside in place of what is stored, without saving it (D6)."""
    for entry in sheet.entries:
        found = parked.get(entry.code)
        if found is None or found["raw"] == entry.stored or not entry.editable:
            continue
        entry.parked = True
        if found["base"] != entry.base:
            entry.conflict = stored_lines(entry)
    sheet.retype({entry.code: parked[entry.code]["raw"] for entry in sheet.parked})


def stored_lines(entry: Entry) -> list[kinds.Line]:
    """What is stored, in words, before something else is shown in its place."""
    return entry.lines or entry.typed_lines or [kinds.Line("", "Réponse effacée")]


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
            "call": queries.call_message(sheet.dossier_stage),
            "form_change": queries.form_change(sheet.dossier_stage),
            "steps": steps.of(sheet.dossier_stage.dossier),
            "panels": neighbours.own_panels(sheet.dossier_stage),
            "parts": neighbours.form_parts(sheet),
            "refusal": refusal,
            "token": workflow.token(sheet.dossier_stage),
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
    try:
        saved = workflow.save_answers(dossier_stage, raws, bases=bases, by=user, at=scope.received_at(request))
        filed = files.filed(request, dossier_stage)
    except workflow.NotAllowed as refusal:
        raise Http404 from refusal
    except workflow.Closed as refusal:
        sheet = queries.sheet(dossier_stage)
        sheet.retype(raws)
        return form_page(request, sheet, None, refusal=str(refusal), status=409)
    if saved.conflicts or filed.errors:
        pending = queries.pending_request(dossier_stage)
        sheet = queries.sheet(dossier_stage, request=pending)
        for entry in sheet.entries:
            if entry.code in saved.conflicts:
                entry.conflict = stored_lines(entry)
            entry.file_errors = filed.errors.get(entry.code, [])
        sheet.retype({code: raws[code] for code in saved.conflicts})
        return form_page(request, sheet, pending, status=409 if saved.conflicts else 200)
    if filed.code:
        return redirect(reverse("dossiers:form", args=[dossier_stage.dossier.reference]) + f"#question-{filed.code}")
    if "next" in request.POST and not queries.sheet(dossier_stage).wrong:
        came_from = urlencode({"retour": request.POST["from"]}) if request.POST.get("from") else ""
        address = reverse("dossiers:recap", args=[dossier_stage.dossier.reference])
        return redirect(f"{address}?{came_from}" if came_from else address)
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


@require_POST
def drop_parked(request: HttpRequest, reference: str) -> HttpResponse:
    """« Abandonner cette saisie »: what was put aside, and found again, is not wanted."""
    workflow.drop_parked(scope.own_stage(request, reference), by=scope.user_of(request))
    messages.info(request, "Ce que vous aviez saisi est abandonné. Le formulaire montre les réponses enregistrées.")
    return redirect("dossiers:form", reference)
