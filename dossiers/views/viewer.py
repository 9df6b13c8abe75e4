"""A file read on the screen, page by page, by whoever may download it (I2)."""

from __future__ import annotations

import base64
import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from dossiers import viewer
from dossiers.enums import Scan
from dossiers.models import Attachment
from dossiers.views import files, scope
from ecare import audit
from ecare.models import AuditKind


@require_safe
def own_file(request: HttpRequest, reference: str, public_id: uuid.UUID) -> HttpResponse:
    """A page of a file of the référent's own dossier."""
    attachment = get_object_or_404(scope.own_files(request, reference).with_dossier(), public_id=public_id)
    if attachment.scan == Scan.INFECTED:
        return files.withheld(request, attachment, status=403)
    return shown(request, attachment, instruction=False)


@require_safe
def instructed_file(request: HttpRequest, reference: str, public_id: uuid.UUID) -> HttpResponse:
    """A page of a file that was transmitted."""
    attachment = get_object_or_404(scope.transmitted_files(request, reference).with_dossier(), public_id=public_id)
    if status := files.why_not(attachment):
        return files.withheld(request, attachment, status=status)
    return shown(request, attachment, instruction=True)


def shown(request: HttpRequest, attachment: Attachment, *, instruction: bool) -> HttpResponse:
    """The page asked for, or why it cannot be shown: 503 when it is worth asking again. Who read it is kept (S2)."""
    dossier = attachment.dossier_stage.dossier
    size = request.GET.get("taille", "")
    context: dict[str, Any] = {
        "file": attachment,
        "dossier": dossier,
        "instruction": instruction,
        "size": size if size in viewer.WIDTHS else "",
    }
    try:
        context["drawn"] = drawn = page_of(attachment, number(request), viewer.WIDTHS[context["size"]])
        context["image"] = base64.b64encode(drawn.image).decode()
        audit.record(
            AuditKind.VIEWED,
            by=request.user,
            subject=dossier.reference,
            file=str(attachment.public_id),
            page=drawn.page,
        )
    except viewer.CannotDraw as reason:
        context["reason"] = reason
    response = files.leaving(render(request, "dossiers/viewer.html", context))
    if getattr(context.get("reason"), "why", "") == "busy":
        response.status_code = 503
        response["Retry-After"] = "5"
    return response


def page_of(attachment: Attachment, page: int, width: int) -> viewer.Drawn:
    """Raises CannotDraw."""
    if not viewer.may_be_drawn(attachment.content_type):
        raise viewer.CannotDraw("kind")
    with attachment.file.open("rb") as content:
        return viewer.draw(content, page=page, width=width)


def number(request: HttpRequest) -> int:
    """The page asked for; the first when it is no number. The nearest is drawn."""
    text = request.GET.get("page", "")
    return min(int(text), 1_000_000) if text.isascii() and text.isdigit() and len(text) < 10 else 1
