"""« Vues »: lists kept under a name, one's own and the team's (I1)."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from dossiers import queries, workflow
from dossiers.saved_view_forms import NewViewForm, SavedViewForm
from dossiers.views.instruction import instructors_only
from ecare import french


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """One's views and those of the team. A POST, or `query` in the address, keeps the list that it writes."""
    user = instructors_only(request)
    form = NewViewForm(request.POST) if request.method == "POST" else None
    if form is not None and form.is_valid():
        content = {name: form.cleaned_data[name] for name in ("name", "query", "is_shared")}
        try:
            view = workflow.saved_views.keep(by=user, **content)
        except workflow.Refused as refusal:
            form.add_error("name", str(refusal))
        else:
            if form.cleaned_data["is_default"]:
                workflow.saved_views.open_on(view, by=user)
            messages.success(request, f"La vue {french.quoted(view.name)} est enregistrée.")
            return redirect(f"{reverse('dossiers:instruction-list')}?{view.parameters}")
    if form is None and "query" in request.GET:
        form = NewViewForm(initial={"query": request.GET["query"]})
    views = list(queries.saved_views(user))
    context = {
        "form": form,
        "own": [each for each in views if each.owner_id == user.pk],
        "shared": [each for each in views if each.owner_id != user.pk],
    }
    return render(request, "dossiers/instruction/views/index.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Rename a view of one's own, share it or no longer, or remove it."""
    user = instructors_only(request)
    view = get_object_or_404(queries.saved_views(user), public_id=public_id, owner=user)
    if "remove" in request.POST:
        workflow.saved_views.remove(view, by=user)
        messages.success(request, f"La vue {french.quoted(view.name)} est supprimée.")
        return redirect("dossiers:saved-views")
    initial = {"name": view.name, "is_shared": view.is_shared}
    form = SavedViewForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            workflow.saved_views.change(view, by=user, **form.cleaned_data)
        except workflow.Refused as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, f"La vue {french.quoted(view.name)} est enregistrée.")
            return redirect("dossiers:saved-views")
    context = {"form": form, "view": view, "name": initial["name"]}
    return render(request, "dossiers/instruction/views/edit.html", context)


@require_POST
def open_on(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """« Ouvrir la liste sur cette vue », or no longer."""
    user = instructors_only(request)
    view = get_object_or_404(queries.saved_views(user), public_id=public_id)
    on = "off" not in request.POST
    try:
        workflow.saved_views.open_on(view if on else None, by=user)
    except workflow.NotAllowed as refusal:
        raise Http404 from refusal
    said = (
        f"La liste s'ouvre désormais sur {french.quoted(view.name)}."
        if on
        else "La liste s'ouvre sur tous les dossiers."
    )
    messages.success(request, said)
    return redirect("dossiers:saved-views")
