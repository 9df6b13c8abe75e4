"""A control, as those who instruct carry it out and as the référent answers it (Q&A 4.2)."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from dossiers import emails
from dossiers.views import files
from dossiers.views.scope import user_of
from funding import access, workflow
from funding.control_forms import CloseForm, InterviewForm, OpenForm, PiecesForm
from funding.queries import Subsidy, controls
from funding.queries.controls import Controlled
from funding.views import scope


@require_http_methods(["GET", "HEAD", "POST"])
def control(request: HttpRequest, reference: str) -> HttpResponse:
    """The controls of a subsidy; the button pressed opens one, notes an interview, or concludes."""
    subsidy = scope.readable_subsidy(request, reference)
    if request.method != "POST":
        return page(request, subsidy, {})
    user = user_of(request)
    if not access.may_grant(user, subsidy.grant.dossier_stage):
        raise Http404
    name = next((each for each in ("open", "note", "close") if each in request.POST), "")
    current = under_way(subsidy)
    if not name or (name != "open" and current is None):
        return page(request, subsidy, {}, refusal="Aucun contrôle n'est en cours sur ce dossier.", status=409)
    form = form_of(name, request, subsidy, current)
    if name != "open" and current and request.POST.get("control") not in (None, str(current.control.number)):
        refusal = f"{current.control} est maintenant en cours\u00a0: relisez-le avant de continuer."
        return page(request, subsidy, {name: form}, refusal=refusal, status=409)
    if not form.is_valid():
        return page(request, subsidy, {name: form}, status=422)
    try:
        said = act(name, subsidy, current, by=user, data=form.cleaned_data)
    except workflow.NotAllowed as refusal:
        raise Http404 from refusal
    except workflow.controls.Late as refusal:
        return page(request, scope.readable_subsidy(request, reference), {}, refusal=str(refusal), status=409)
    except workflow.Refused as refusal:
        form.add_error({"open": "due_on", "note": "text", "close": "ceiling"}[name], str(refusal))
        return page(request, subsidy, {name: form}, status=422)
    messages.success(request, said)
    return redirect("funding:control", reference)


def form_of(name: str, request: HttpRequest, subsidy: Subsidy, current: Controlled | None) -> Any:
    match name:
        case "open":
            return OpenForm(request.POST)
        case "note":
            return InterviewForm(request.POST)
        case _:
            assert current is not None
            return CloseForm(request.POST, read=len(current.files), ceiling=subsidy.grant.ceiling)


def act(name: str, subsidy: Subsidy, current: Controlled | None, *, by: User, data: dict[str, Any]) -> str:
    """Do what the button says; what is told then. Raises what `workflow.controls` raises."""
    if name == "open":
        workflow.controls.open(subsidy.grant, by=by, documents=data["documents"], due_on=data["due_on"])
        return f"Le contrôle est ouvert. {emails.reader(subsidy.dossier, ' avec les pièces à déposer')}."
    assert current is not None
    if name == "note":
        workflow.controls.note(current.control, by=by, text=data["text"])
        return "L'entretien est noté. Le référent ne le voit pas."
    ceiling = data["ceiling"] if data["outcome"] == "lower" else None
    workflow.controls.close(current.control, by=by, read=data["read"], ceiling=ceiling, reason=data["reason"])
    return f"Le contrôle est terminé. {emails.reader(subsidy.dossier, ' avec la conclusion')}."


def page(
    request: HttpRequest, subsidy: Subsidy, sent: dict[str, Any], *, refusal: str = "", status: int = 200
) -> HttpResponse:
    found = controls.of(subsidy.grant, interviews=True)
    current = found[0] if found and found[0].control.is_under_way else None
    context = {
        "subsidy": subsidy,
        "dossier": subsidy.dossier,
        "dossier_stage": subsidy.grant.dossier_stage,
        "may_grant": access.may_grant(user_of(request), subsidy.grant.dossier_stage),
        "current": current,
        "closed": found[1:] if current else found,
        "open_form": sent.get("open") or OpenForm(),
        "note_form": sent.get("note") or InterviewForm(),
        "close_form": sent.get("close")
        or CloseForm(read=len(current.files) if current else 0, ceiling=subsidy.grant.ceiling),
        "sent": next(iter(sent.values()), None),
        "refusal": refusal,
    }
    return render(request, "funding/controls/desk.html", context, status=status)


def under_way(subsidy: Subsidy) -> Controlled | None:
    return next((each for each in controls.of(subsidy.grant) if each.control.is_under_way), None)


@require_safe
def piece(request: HttpRequest, reference: str, public_id: uuid.UUID) -> HttpResponseBase:
    """A piece of a control, once the antivirus lets it leave."""
    subsidy = scope.readable_subsidy(request, reference)
    slots = [each.control.slot for each in controls.of(subsidy.grant)]
    found = get_object_or_404(controls.files(subsidy.grant, *slots), public_id=public_id)
    if status := files.why_not(found):
        return files.withheld(request, found, status=status)
    return files.download(request, found, reference=reference)


@require_http_methods(["GET", "HEAD", "POST"])
def own_control(request: HttpRequest, reference: str) -> HttpResponse:
    """What the control asks of the référent, and what he answers: each file by itself, a refusal stops no other."""
    subsidy = scope.own_subsidy(request, reference)
    found = controls.of(subsidy.grant)
    if not found:
        raise Http404
    if request.method != "POST":
        return own_page(request, subsidy, found, PiecesForm())
    form = PiecesForm(request.POST, request.FILES)
    if not form.is_valid():
        return own_page(request, subsidy, found, form, status=422)
    deposited = 0
    for upload in request.FILES.getlist("pieces"):
        try:
            workflow.controls.deposit(found[0].control, upload, by=user_of(request))
        except workflow.NotAllowed as refusal:
            raise Http404 from refusal
        except workflow.Refused as refusal:
            form.add_error("pieces", str(refusal))
        else:
            deposited += 1
    if form.errors:
        return own_page(request, subsidy, controls.of(subsidy.grant), form, status=422)
    said = "La pièce est déposée." if deposited == 1 else f"{deposited} pièces sont déposées."
    messages.success(request, f"{said} L'ANS l{'a' if deposited == 1 else 'es'} lira.")
    return redirect("funding:own-control", reference)


def own_page(
    request: HttpRequest, subsidy: Subsidy, found: list[Controlled], form: PiecesForm, *, status: int = 200
) -> HttpResponse:
    context = {"subsidy": subsidy, "dossier": subsidy.dossier, "controls": found, "form": form}
    return render(request, "funding/controls/own.html", context, status=status)
