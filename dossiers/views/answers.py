"""One answer at a time: saved as it is typed, or taken again from what is stored (D6). Fragments of the form."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods
from django_htmx.http import trigger_client_event

from dossiers import kinds, neighbours, queries, workflow
from dossiers.models import Question
from dossiers.sheet import Entry
from dossiers.views import departure, scope
from dossiers.views.filling import stored_lines


@require_http_methods(["GET", "HEAD", "POST"])
@departure.told
def answer(request: HttpRequest, reference: str, code: str) -> HttpResponse:
    """One answer: sent, it is saved; asked for, it is as stored."""
    return save(request, reference, code) if request.method == "POST" else stored(request, reference, code)


def save(request: HttpRequest, reference: str, code: str) -> HttpResponse:
    """Save one answer. The fragment says what became of it, and updates what depends on it."""

    def read(question: Question) -> kinds.Raw:
        return kinds.of(question).raw_from(question, request.POST)

    was_parked = f"{code}-parked" in request.POST
    try:
        kept = workflow.save_answer(
            reference,
            code,
            read,
            base=request.POST.get(f"{code}-base", ""),
            by=scope.user_of(request),
            at=scope.received_at(request),
            was_parked=was_parked,
        )
    except workflow.NotAllowed as refusal:
        raise Http404 from refusal
    except workflow.Refused as refusal:
        return render(request, "dossiers/saving/refused.html", {"refusal": str(refusal)}, status=409)
    sheet, entry = kept.sheet, kept.entry
    context: dict[str, Any] = {"sheet": sheet, "entry": entry, "at": scope.received_at(request)}
    if kept.is_conflict:
        context |= {"lines": stored_lines(entry), "typed": typed_lines(entry, read(entry.question)), "code": code}
        context |= {"reference": reference}
        return render(request, "dossiers/saving/conflict.html", context, status=409)
    context |= {"moved": [entry, *kept.toggled], "estimated": sheet.terms is not None, "was_parked": was_parked}
    context |= {"parts": neighbours.form_parts(sheet)}
    response = render(request, "dossiers/saving/saved.html", context)
    asked = {"asked": [each.code for each in sheet.shown if each.question.shown_when]}
    return trigger_client_event(response, "care:asked", asked, after="swap")


def typed_lines(entry: Entry, raw: kinds.Raw) -> list[kinds.Line]:
    """What was just typed, in words."""
    value = entry.kind.clean(entry.question, raw, entry.context)
    entry.retype(raw, value)
    return entry.lines or entry.typed_lines or [kinds.Line("", "Réponse effacée")]


def stored(request: HttpRequest, reference: str, code: str) -> HttpResponse:
    """« Reprendre la réponse enregistrée »: the question as it is stored."""
    dossier_stage = scope.own_stage(request, reference)
    sheet = queries.sheet(dossier_stage, request=queries.pending_request(dossier_stage))
    entry = sheet.entry(code)
    if entry is None or not dossier_stage.is_editable(scope.received_at(request)):
        raise Http404
    return render(request, "dossiers/question.html", {"entry": entry, "dossier": dossier_stage.dossier})
