"""The texts that decisions start from, as the team keeps them (I3)."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from dossiers import access, queries, template_texts, workflow
from dossiers.models import TemplateText
from dossiers.text_forms import TemplateTextForm
from dossiers.views import scope
from ecare import french


def leads_only(request: HttpRequest) -> User:
    """The user, if he may write texts in the back-office. Raises Http404 for others: administrators have their own."""
    user = scope.user_of(request)
    if not (user.is_instructor and access.may_edit_texts(user)):
        raise Http404
    return user


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """« Textes types »."""
    leads_only(request)
    return render(request, "dossiers/instruction/texts/index.html", {"texts": queries.team_texts()})


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """« Ajouter un texte type »."""
    user = leads_only(request)
    form = TemplateTextForm(request.POST if request.method == "POST" else None)
    return edited(request, user, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """« Modifier un texte type », or remove it. Changed meanwhile, both are shown."""
    user = leads_only(request)
    text = TemplateText.objects.select_related("changed_by").filter(public_id=public_id).first()
    if text is None and request.method != "POST":
        raise Http404
    if text is None:  # removed meanwhile: what was typed is shown, and can be added again
        form = TemplateTextForm(request.POST)
        form.add_error(None, str(workflow.texts.ChangedMeanwhile(None)))
        return page(request, form, None, status=409)
    if "remove" in request.POST:
        return removed(request, user, text)
    form = TemplateTextForm(request.POST if request.method == "POST" else None, instance=text)
    return edited(request, user, form, text)


def edited(request: HttpRequest, user: User, form: TemplateTextForm, text: TemplateText | None) -> HttpResponse:
    if request.method != "POST" or not form.is_valid():
        return page(request, form, text)
    try:
        kept = workflow.texts.save(text, by=user, **form.content)
    except workflow.NotAllowed as refusal:
        raise Http404 from refusal
    except workflow.texts.ChangedMeanwhile as refusal:
        return changed(request, form, refusal)
    except workflow.Refused as refusal:
        form.add_error(None, str(refusal))
        return page(request, form, text)
    messages.success(request, f"Le texte {french.quoted(kept.name)} est enregistré.")
    return redirect("dossiers:texts")


def changed(request: HttpRequest, form: TemplateTextForm, refusal: workflow.texts.ChangedMeanwhile) -> HttpResponse:
    """What was typed, beside what the text has become: sent again, it replaces the latter, which was now read."""
    form.add_error(None, str(refusal))
    if refusal.now is not None:
        form.data = {**form.data.dict(), "read": str(refusal.now.version)}  # type: ignore[attr-defined]
    return page(request, form, refusal.now, status=409, conflict=refusal.now)


def removed(request: HttpRequest, user: User, text: TemplateText) -> HttpResponse:
    try:
        workflow.texts.remove(text, by=user, read=scope.read_of(request))
    except workflow.NotAllowed as refusal:
        raise Http404 from refusal
    except workflow.texts.ChangedMeanwhile as refusal:
        messages.warning(request, str(refusal))
        return redirect("dossiers:edit-text", text.public_id) if refusal.now else redirect("dossiers:texts")
    messages.success(request, f"Le texte {french.quoted(text.name)} est supprimé.")
    return redirect("dossiers:texts")


def page(
    request: HttpRequest,
    form: TemplateTextForm,
    text: TemplateText | None,
    *,
    status: int = 200,
    conflict: TemplateText | None = None,
) -> HttpResponse:
    context = {"form": form, "text": text, "fields": template_texts.FIELDS, "conflict": conflict}
    return render(request, "dossiers/instruction/texts/edit.html", context, status=status)
