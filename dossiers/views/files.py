"""Files leave by here only: authorised, as attachments, never cached (Q21)."""

from __future__ import annotations

import uuid
from pathlib import PurePosixPath

from django.http import FileResponse, HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from dossiers.models import Attachment, TemplateFile
from dossiers.views import scope


def download(attachment: Attachment) -> FileResponse:
    """An attachment under the name its owner gave it (RFC 6266), whatever its type."""
    response = FileResponse(
        attachment.file.open("rb"), as_attachment=True, filename=attachment.name, content_type=attachment.content_type
    )
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_safe
def own_file(request: HttpRequest, reference: str, public_id: uuid.UUID) -> FileResponse:
    """A file of the référent's own dossier, archived ones included."""
    dossier_stage = scope.own_stage(request, reference)
    return download(get_object_or_404(scope.attachments(dossier_stage), public_id=public_id))


@require_safe
def instructed_file(request: HttpRequest, reference: str, public_id: uuid.UUID) -> FileResponse:
    """A file that was transmitted: instruction sees nothing of a correction under way."""
    dossier_stage = scope.instructed_stage(request, reference)
    transmitted = scope.attachments(dossier_stage).filter(transmitted_in__isnull=False).distinct()
    return download(get_object_or_404(transmitted, public_id=public_id))


@require_safe
def template_file(request: HttpRequest, reference: str, code: str) -> FileResponse:
    """A blank model named by a question of the dossier's form."""
    dossier_stage = scope.own_stage(request, reference)
    named = dossier_stage.revision.questions.filter(template_file__isnull=False).values("template_file")
    found = get_object_or_404(TemplateFile, code=code, pk__in=named)
    return FileResponse(found.file.open("rb"), as_attachment=True, filename=PurePosixPath(found.file.name or "").name)
