"""Pages of a form left open by somebody who is no longer its référent (D13): nothing they send is written, and nothing
they typed is lost for them. Whoever never had such a page gets the page that does not exist (D16)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from accounts.models import User
from dossiers import access, kinds, queries, workflow
from dossiers.models import DossierStage, ParkedInput
from dossiers.sheet import Entry

GONE = "vous n'êtes plus le référent de ce dossier."
View = Callable[..., HttpResponseBase]


def told(view: View) -> View:
    """Tell the former référent why the page is refused, when it was theirs: a form that carries the token of its page,
    or what had been put aside for them before the dossier left (docs/adr/0018)."""

    @wraps(view)
    def wrapped(request: HttpRequest, reference: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, reference, *args, **kwargs)
        except Http404:
            answer = (refused if request.method == "POST" else found_again)(request, reference)
            if answer is None:
                raise
            return answer

    return wrapped


def refused(request: HttpRequest, reference: str, *, anybody: bool = False) -> HttpResponse | None:
    """The answer to a form sent from a page made for a former référent: 409, with what it holds. None for anything
    else. With `anybody`, the session may be over: the page itself says whose it was."""
    author = workflow.author(request.POST.get("saisie", ""), reference=reference)
    if author is None or not (anybody or request.user == author):
        return None
    dossier_stage = left_by(author, reference)
    if dossier_stage is None:
        return None
    if request.htmx:  # type: ignore[attr-defined]
        refusal = f"{GONE} Rien n'y est plus enregistré."
        return render(request, "dossiers/saving/refused.html", {"refusal": refusal}, status=409)
    match = request.resolver_match
    if match is not None and match.view_name == "dossiers:slot":
        return render(request, "dossiers/saving/not_filed.html", {"refusal": GONE}, status=409)
    return page(request, dossier_stage, typed(dossier_stage, request.POST), files=bool(request.FILES), status=409)


def found_again(request: HttpRequest, reference: str) -> HttpResponse | None:
    """What had been put aside for a référent who has lost the dossier since: 404, with the words."""
    if not isinstance(request.user, User):
        return None
    parked = ParkedInput.objects.filter(user=request.user, dossier_stage__dossier__reference=reference).first()
    dossier_stage = left_by(request.user, reference) if parked else None
    if parked is None or dossier_stage is None:
        return None
    raws = {code: each["raw"] for code, each in parked.answers.items()}
    return page(request, dossier_stage, entries(dossier_stage, raws), files=False, status=404)


def left_by(user: User, reference: str) -> DossierStage | None:
    """The dossier of that reference, if it is not, or no longer, that of `user`."""
    dossier_stage = DossierStage.objects.current().with_context().filter(dossier__reference=reference).first()
    return None if dossier_stage is None or access.is_referent(user, dossier_stage) else dossier_stage


def page(
    request: HttpRequest, dossier_stage: DossierStage, found: list[Entry], *, files: bool, status: int
) -> HttpResponse:
    """Only what the person typed: of the dossier, its reference and its questions."""
    context = {"reference": dossier_stage.dossier.reference, "entries": found, "files": files}
    response = render(request, "dossiers/departed.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


def typed(dossier_stage: DossierStage, post: Any) -> list[Entry]:
    """The answers of a sent form that its author had changed since the page was made."""
    raws = {}
    for question in queries.questions(dossier_stage.revision):
        base = post.get(f"{question.code}-base")
        if base is None or not kinds.of(question).has_fields:
            continue
        raw = kinds.of(question).raw_from(question, post)
        if raw and kinds.digest(raw) != base:
            raws[question.code] = raw
    return entries(dossier_stage, raws)


def entries(dossier_stage: DossierStage, raws: Mapping[str, kinds.Raw]) -> list[Entry]:
    """These answers, to be read in words."""
    context = kinds.Context(dossier_stage.dossier.legal_entity)
    found = []
    for question in queries.questions(dossier_stage.revision):
        if question.code in raws:
            raw = raws[question.code]
            value = kinds.of(question).clean(question, raw, context)
            found.append(Entry(question, raw, value, [], context))
    return found
