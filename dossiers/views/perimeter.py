"""Other EJ in a perimeter: found here, added and taken out by the buttons of the form (guichets.md, question 5)."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from dossiers import kinds, queries
from dossiers.models import DossierStage, Question
from dossiers.views import departure, filling, scope
from establishments import queries as establishments

#: Beyond that many, words do not say enough.
MOST_FOUND = 10


@require_http_methods(["GET", "HEAD", "POST"])
@departure.told
def perimeter(request: HttpRequest, reference: str, code: str) -> HttpResponse:
    """GET: what a search of EJ finds, as a fragment for htmx, else as a page. POST: the form is saved as its button
    says (`<code>-add`, `<code>-remove`), then shown again; `search` leads to the page of the search."""
    dossier_stage = scope.own_stage(request, reference)
    question = queries.question(dossier_stage.revision, code)
    if question is None or not kinds.takes_others(question):
        raise Http404
    if request.method == "POST":
        return save(request, dossier_stage, code)
    return found(request, dossier_stage, question)


def save(request: HttpRequest, dossier_stage: DossierStage, code: str) -> HttpResponse:
    response = filling.save(request, dossier_stage)
    if response.status_code != 302:
        return response
    reference = dossier_stage.dossier.reference
    if "search" in request.POST:
        words = urlencode({"words": request.POST.get("words", "")})
        return redirect(f"{reverse('dossiers:perimeter', args=[reference, code])}?{words}")
    return redirect(f"{reverse('dossiers:form', args=[reference])}#question-{code}")


def found(request: HttpRequest, dossier_stage: DossierStage, question: Question) -> HttpResponse:
    words = request.GET.get("words", "").strip()[:200]
    answer = dossier_stage.answers.filter(code=question.code).first()
    raw: kinds.Raw = answer.raw if answer else {}
    result = establishments.anywhere(words)
    reference = dossier_stage.dossier.reference
    context = {
        "found": result[:MOST_FOUND] if words else [],
        "total": result.count() if words else 0,
        "approximate": result.approximate,
        "words": words,
        "added": [dossier_stage.dossier.legal_entity.finess, *raw.get("entities", [])],
        "url": reverse("dossiers:perimeter", args=[reference, question.code]),
        "code": question.code,
    }
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "dossiers/kinds/perimeter_found.html", context)
    kept = [(f"{question.code}-{name}", value) for name, values in raw.items() for value in values]
    page = {"dossier": dossier_stage.dossier, "question": question, "base": kinds.digest(raw), "kept": kept}
    return render(request, "dossiers/perimeter.html", context | page)
