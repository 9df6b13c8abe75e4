"""The other étapes of a dossier in the back-office: those behind, those to open on request (G1)."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from dossiers import access, emails, steps, workflow
from dossiers.enums import EventKind
from dossiers.forms import CallForm
from dossiers.models import Dossier, Event, Stage
from dossiers.views import scope
from dossiers.views.instruction import Late, dossier_page, dossier_url, instructors_only
from ecare import french

NOT_OPENED = "Aucune étape n'a été ouverte"


@require_safe
def stage(request: HttpRequest, reference: str, stage: str) -> HttpResponse:
    """An étape that was transmitted, to be read; the one under instruction has its page."""
    user = instructors_only(request)
    dossier_stage = scope.transmitted_stage(request, reference, stage)
    if dossier_stage.is_instructed:
        return redirect(dossier_url(request, reference))
    return dossier_page(request, dossier_stage, user)


@require_http_methods(["GET", "HEAD", "POST"])
def call(request: HttpRequest, reference: str, stage: str) -> HttpResponse:
    """« Ouvrir l'étape »: what happens, who is told, a message, then a button."""
    user = instructors_only(request)
    dossier_stage = scope.instructed_stage(request, reference)
    dossier = dossier_stage.dossier
    asked = get_object_or_404(dossier.guichet.stages, code=stage)
    if not access.instructs(user, dossier, asked):
        raise Http404
    form = CallForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            workflow.call_stage(dossier_stage, asked, by=user, message=form.cleaned_data["message"])
        except workflow.NotAllowed as refusal:
            raise Http404 from refusal
        except workflow.Refused as refusal:
            if was_called_by(user, dossier, asked):
                return redirect(dossier_url(request, reference))
            typed = [("Message au référent", form.cleaned_data["message"])] if form.cleaned_data["message"] else []
            now = scope.instructed_stage(request, reference)
            return dossier_page(request, now, user, late=Late(str(refusal), typed, NOT_OPENED))
        messages.success(request, f"L'étape {french.quoted(asked.title)} est ouverte. {emails.reader(dossier)}.")
        return redirect(dossier_url(request, reference))
    if asked not in workflow.callable_stages(dossier_stage, steps.of(dossier), user):
        late = Late(
            f"L'étape {french.quoted(asked.title)} ne peut pas être ouverte à ce stade du dossier.", title=NOT_OPENED
        )
        return dossier_page(request, dossier_stage, user, late=late)
    return render(
        request,
        "dossiers/instruction/call.html",
        {
            "dossier_stage": dossier_stage,
            "dossier": dossier,
            "stage": asked,
            "form": form,
            "subject": f"Ouvrir l'étape {french.quoted(asked.title)}",
        },
    )


def was_called_by(user: User, dossier: Dossier, stage: Stage) -> bool:
    """Whether this user has just opened that étape: a form sent twice has one effect and one page (Q32)."""
    started = Event.objects.filter(dossier=dossier, dossier_stage__stage=stage, kind=EventKind.STAGE_STARTED)
    return started.filter(actor=user).exists()
