"""Several dossiers at once: selection, pre-flight, confirmation, progress and results (I4b)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, IntegerField, Value, When
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import queries as accounts_queries
from accounts.models import User
from dossiers import access, emails, queries, workflow
from dossiers.assignment_forms import RecipientForm
from dossiers.batch_forms import ConfirmationForm, SameTextForm, WordsForm, words_form
from dossiers.batch_words import said_in_email, words
from dossiers.enums import BatchAction, BatchResult
from dossiers.models import Batch, TemplateText
from dossiers.views import scope
from dossiers.views.instruction import instructors_only
from dossiers.workflow.obstacles import obstacles

PAGE_SIZE = 50
HISTORY_SIZE = 20


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """« Vos lots », the last first."""
    user = instructors_only(request)
    page = Paginator(queries.batches_of(user), HISTORY_SIZE).get_page(request.GET.get("page"))
    page.object_list = list(queries.counted(page.object_list))
    return render(request, "dossiers/instruction/batches/index.html", {"page": page})


@require_POST
def prepare(request: HttpRequest) -> HttpResponse:
    """From the list: these dossiers, or all those of its filters, for one action."""
    user = instructors_only(request)
    query = request.POST.get("query", "").replace("\0", "")  # which PostgreSQL refuses
    if request.POST.get("perimetre") == "tous":
        stages = queries.sorted_as_listed(queries.filtered(user, query))
    else:
        references = [each for each in request.POST.getlist("dossiers") if "\0" not in each]
        checked = access.instructed_stages(user).filter(dossier__reference__in=references)
        stages = checked.order_by("-transmitted_at", "-pk")
    try:
        action = BatchAction(request.POST.get("action", ""))
        batch = workflow.batches.prepare(stages, action, by=user, at=scope.received_at(request), query=query)
    except (ValueError, workflow.NotAllowed) as refusal:
        raise Http404 from refusal
    except workflow.Refused as refusal:
        messages.warning(request, str(refusal))
        return redirect(f"{reverse('dossiers:instruction-list')}?{query}")
    return redirect("dossiers:batch", batch.public_id)


def own(request: HttpRequest, public_id: uuid.UUID) -> tuple[User, Batch]:
    user = instructors_only(request)
    return user, get_object_or_404(queries.own_batches(user), public_id=public_id)


@require_http_methods(["GET", "HEAD", "POST"])
def batch(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """A batch: what it asks for, then its pre-flight, then its progress and results. A POST says what is asked for."""
    user, found = own(request, public_id)
    if not found.is_prepared:
        return results(request, found, user)
    changing = "modifier" in request.GET or not found.is_complete
    form = asked_form(request, found) if found.asks_words and (changing or request.method == "POST") else None
    texts = queries.texts_for_batch(found) if form is not None else []
    if "insert" in request.POST and isinstance(form, SameTextForm):
        return preflight(request, found, user, form=inserted(request, form, texts), texts=texts)
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            if isinstance(form, RecipientForm):
                workflow.batches.complete(found, by=user, to=form.chosen)
            else:
                workflow.batches.complete(found, by=user, parameters=form.parameters)
        except workflow.Refused as refusal:
            messages.warning(request, str(refusal))
        return redirect("dossiers:batch", public_id)
    return preflight(request, found, user, form=form, texts=texts)


def inserted(request: HttpRequest, form: SameTextForm, texts: list[TemplateText]) -> SameTextForm:
    """« Insérer », without JavaScript: as on the page of a decision."""
    chosen = request.POST.get(f"text_{form.text_name}", "")
    for text in texts:
        if str(text.public_id) == chosen:
            return form.with_text(text)
    messages.warning(request, "Choisissez dans la liste le texte à insérer.")
    return form


def asked_form(request: HttpRequest, found: Batch) -> WordsForm | None:
    people: list[User] = []
    to = None
    if found.action == BatchAction.ASSIGN:
        people = list(accounts_queries.instructors())
        first = found.items.select_related("to").order_by("position").first()
        to = first.to if first else None
    return words_form(found, request.POST if request.method == "POST" else None, people, to)


def preflight(
    request: HttpRequest,
    found: Batch,
    user: User,
    *,
    form: WordsForm | None = None,
    texts: Sequence[TemplateText] = (),
    confirming: QueryDict | None = None,
    status: int = 200,
) -> HttpResponse:
    """« 8 sur 10 ; 2 bloqués : motif », the blocked ones first. `confirming` is a confirmation that was not right."""
    blocked = obstacles(found, by=user)
    total = found.items.count()
    possible = total - len(blocked)
    first = Case(When(pk__in=list(blocked), then=Value(0)), default=Value(1), output_field=IntegerField())
    items = queries.batch_items(found, user).order_by(first, "position")
    page = Paginator(items, PAGE_SIZE).get_page(request.GET.get("page"))
    said = words(found.action)
    context = {
        "batch": found,
        "words": said,
        "form": form,
        "texts": [(text, text.body) for text in texts],
        "text_field": form[form.text_name] if isinstance(form, SameTextForm) else None,
        "may_edit_texts": access.may_edit_texts(user),
        "confirmation": ConfirmationForm(confirming, batch=found, possible=possible),
        "possible": possible,
        "blocked": len(blocked),
        "total": total,
        "summary": said.possible(possible, total),
        "button": said.confirm(possible),
        "page": page,
        "lines": [(item, blocked.get(item.pk, "")) for item in page],
        "recipients": queries.recipients(found),
        "told": told(found, possible, blocked) if found.is_decision else "",
    }
    return render(request, "dossiers/instruction/batches/preflight.html", context, status=status)


def told(found: Batch, possible: int, blocked: Collection[int]) -> str:
    """Who is told of a decision, in French sentences."""
    return emails.readers(possible, queries.vacant_in_batch(found, leaving_out=blocked), said_in_email(found))


@require_POST
def confirm(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """« Valider 8 dossiers »: the number is said again, and checked again."""
    user, found = own(request, public_id)
    if not found.is_prepared:
        return redirect("dossiers:batch", public_id)
    shown = request.POST.get("count", "")
    form = ConfirmationForm(
        request.POST, batch=found, possible=int(shown) if shown.isdecimal() and len(shown) < 7 else 0
    )
    if not form.is_valid():
        return preflight(request, found, user, confirming=request.POST)
    try:
        workflow.batches.confirm(found, by=user, count=form.cleaned_data["count"], at=scope.received_at(request))
    except workflow.Refused as refusal:
        messages.warning(request, str(refusal))
    return redirect("dossiers:batch", public_id)


@require_POST
def stop(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """« Arrêter » a batch under way."""
    user, found = own(request, public_id)
    try:
        workflow.batches.stop(found, by=user, at=scope.received_at(request))
    except workflow.Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, "Le lot est arrêté\u00a0: ce qui était fait le reste.")
    return redirect("dossiers:batch", public_id)


def results(request: HttpRequest, found: Batch, user: User) -> HttpResponse:
    """How far it is, and what became of each dossier: asked for again while it is under way."""
    (counted,) = queries.counted([found])
    items = queries.batch_items(found, user)
    shown = request.GET.get("resultat", "")
    if shown in BatchResult.values:
        items = items.filter(result=shown)
    rest = request.GET.copy()
    rest.pop("page", None)
    context = {
        "batch": counted,
        "query": rest.urlencode(),
        "words": words(counted.action),
        "made": words(counted.action).made(counted.done),  # type: ignore[attr-defined]  # see `counted`
        "page": Paginator(items, PAGE_SIZE).get_page(request.GET.get("page")),
        "shown": shown,
        "recipients": queries.recipients(found),
    }
    is_part = "HX-Request" in request.headers
    part = "progress" if is_part else "results"
    return render(request, f"dossiers/instruction/batches/{part}.html", {**context, "is_part": is_part})
