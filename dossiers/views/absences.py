"""« Absences »: who is away, and their dossiers spread among colleagues (I5)."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts import queries as accounts_queries
from dossiers import access, queries, workflow
from dossiers.assignment_forms import AbsenceForm, SpreadForm
from dossiers.views import scope
from dossiers.views.assignment_rules import givers_only
from dossiers.views.instruction import instructors_only
from ecare import french


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """One's own absences, for a responsable everybody's. A POST declares one."""
    user = instructors_only(request)
    at = scope.received_at(request)
    for_others = access.may_assign(user)
    people = list(accounts_queries.instructors()) if for_others else []
    form = AbsenceForm(request.POST if request.method == "POST" else None, by=user, people=people)
    if request.method == "POST" and form.is_valid():
        first, last = form.cleaned_data["first_day"], form.cleaned_data["last_day"]
        try:
            workflow.absences.declare(form.absent, by=user, first_day=first, last_day=last, at=at)
        except workflow.Refused as refusal:
            form.add_error("last_day", str(refusal))
        else:
            messages.success(request, f"L'absence est notée, du {french.day(first)} au {french.day(last)} compris.")
            return redirect("dossiers:absences")
    found = list(queries.absences(user, timezone.localdate(at)))
    held = queries.held_counts([each.user for each in found])
    context = {
        "form": form,
        "lines": [(each, held.get(each.user_id, 0)) for each in found],
        "for_others": for_others,
        "left_behind": queries.left_behind() if for_others else [],
        "today": timezone.localdate(at),
    }
    return render(request, "dossiers/instruction/assignment/absences.html", context)


@require_POST
def withdraw(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """« Retirer » an absence: back before time."""
    user = instructors_only(request)
    absence = get_object_or_404(queries.absences(user, timezone.localdate()), public_id=public_id)
    workflow.absences.withdraw(absence, by=user)
    messages.success(request, "L'absence est retirée.")
    return redirect("dossiers:absences")


@require_http_methods(["GET", "HEAD", "POST"])
def spread(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """« Répartir ses dossiers »: a batch among chosen colleagues, to be confirmed."""
    user = givers_only(request)
    at = scope.received_at(request)
    absent = accounts_queries.staff(public_id)
    if absent is None:
        raise Http404
    people = queries.colleagues(absent, timezone.localdate(at))
    form = SpreadForm(request.POST if request.method == "POST" else None, people=people)
    if request.method == "POST" and form.is_valid():
        try:
            batch = workflow.absences.spread(absent, by=user, among=form.chosen, at=at)
        except workflow.Refused as refusal:
            messages.warning(request, str(refusal))
            return redirect("dossiers:absences")
        if left := workflow.absences.left(queries.held_by(absent).count()):
            others = french.count(left, "autre dossier", "autres dossiers")
            messages.info(
                request,
                f"{absent.full_name} instruit {others}, que ce lot ne compte pas\u00a0: une fois ce lot terminé, "
                "répartissez de nouveau ses dossiers.",
            )
        return redirect("dossiers:batch", batch.public_id)
    count = queries.held_by(absent).count()
    left = workflow.absences.left(count)
    context = {"form": form, "absent": absent, "count": count, "left": left, "first": count - left, "people": people}
    return render(request, "dossiers/instruction/assignment/spread.html", context)
