"""« Exporter la liste » and « Vos exports » (I7)."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.storage import default_storage
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from dossiers import queries
from dossiers.enums import ExportFormat
from dossiers.export_forms import ExportForm
from dossiers.exports import columns, writers
from dossiers.views import files, scope
from dossiers.views.instruction import instructors_only
from dossiers.workflow import Refused
from dossiers.workflow import exports as workflow
from ecare import audit
from ecare.models import AuditKind

PAGE_SIZE = 20


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """« Vos exports », the last first. The part that moves is asked for again while something is under way."""
    user = instructors_only(request)
    page = Paginator(queries.exports_of(user), PAGE_SIZE).get_page(request.GET.get("page"))
    is_part = "HX-Request" in request.headers
    context = {
        "page": page,
        "under_way": any(export.is_under_way for export in page),
        "downloadable": workflow.downloadable(page, user, timezone.now()),
    }
    return render(request, f"dossiers/instruction/exports/{'list' if is_part else 'index'}.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """« Exporter la liste »: the filters come by the address, as those of the list; format and columns are chosen."""
    user = instructors_only(request)
    query = request.GET.copy()
    query.pop("page", None)
    filters = queries.filtered(user, query.urlencode())
    stages = filters.qs
    offered = columns.groups(stages)
    form = ExportForm(
        request.POST if request.method == "POST" else None,
        groups=offered,
        last_chosen=queries.columns_last_chosen(user),
    )
    if request.method == "POST" and form.is_valid():
        answer = asked(request, user, form, query=query.urlencode(), columns=form.cleaned_data["columns"])
        if answer is not None:
            return answer
    context = {"form": form, "filters": filters, "count": filters.counts[filters.status], "query": query}
    return render(request, "dossiers/instruction/exports/create.html", context)


def asked(request: HttpRequest, user: User, form: forms.Form, **choices: Any) -> HttpResponse | None:
    """Have a table made behind in the format chosen, and go where it will wait; None when that is refused, which the
    form then says. `choices` are those of `workflow.ask`."""
    try:
        workflow.ask(user, format=ExportFormat(form.cleaned_data["format"]), at=scope.received_at(request), **choices)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return None
    messages.success(request, "Votre export est demandé\u00a0: un e-mail vous dira qu'il est prêt.")
    return redirect("dossiers:exports")


@require_POST
def cancel(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """« Annuler » an export under way."""
    user = instructors_only(request)
    export = get_object_or_404(queries.exports_of(user), public_id=public_id)
    try:
        workflow.cancel(export, by=user, at=scope.received_at(request))
    except Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, "L'export est annulé.")
    return redirect("dossiers:exports")


@require_safe
def download(request: HttpRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """The file, to whom asked for it, while it is kept and while he reads what he then read."""
    user = instructors_only(request)
    export = get_object_or_404(queries.exports_of(user), public_id=public_id)
    if not workflow.may_download(export, user, scope.received_at(request)):
        raise Http404
    response = FileResponse(
        default_storage.open(export.file),
        as_attachment=True,
        filename=export.name,
        content_type=writers.MEDIA_TYPES[export.format],
    )
    audit.record(AuditKind.DOWNLOADED, by=user, subject=str(export.public_id), export=export.format)
    return files.leaving(response)
