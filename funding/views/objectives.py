"""The objectives of an étape, accepted or refused one by one (F5)."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from dossiers.views import scope
from dossiers.views.instruction import dossier_page, dossier_url, instructors_only
from dossiers.workflow import Changed, WrongStatus
from funding import access, objective_forms, workflow
from funding.enums import ObjectiveState
from funding.objective_forms import ObjectiveForm
from funding.queries import objectives


@require_POST
def decide(request: HttpRequest, reference: str, code: str) -> HttpResponse:
    """« Accepter » or « Refuser », which the button says. What cannot be kept is shown again, with why."""
    user = instructors_only(request)
    dossier_stage = scope.desk_stage(request, reference)
    if not access.may_decide_objectives(user, dossier_stage):
        raise Http404
    found = objectives.of_stage(dossier_stage)
    row = found.row(code) if found else None
    if found is None or row is None:
        raise Http404
    form = ObjectiveForm(request.POST, row=row, number=found.number)
    refusal, status = "", 422
    if form.is_valid():
        state = ObjectiveState.REFUSED if "refuse" in request.POST else ObjectiveState.ACCEPTED
        try:
            workflow.objectives.decide(dossier_stage, code, state, by=user, **form.cleaned_data)
        except workflow.NotAllowed as error:
            raise Http404 from error
        except (WrongStatus, Changed, workflow.objectives.Late) as error:
            refusal, status = str(error), 409
        except workflow.Refused as error:
            form.add_error("reason", str(error))
        else:
            return redirect(f"{dossier_url(request, reference)}#objectif-{code}")
    dossier_stage = scope.desk_stage(request, reference)
    found = objectives.of_stage(dossier_stage) or found
    part = objective_forms.part(dossier_stage, found, user, sent=form, code=code, refusal=refusal)
    return dossier_page(request, dossier_stage, user, parts=[part], status=status)
