"""Files enter and leave by here only: authorised, as attachments, never cached (D7, Q21)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, TypeVar

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST, require_safe

from dossiers import kinds, queries, workflow
from dossiers.enums import Scan
from dossiers.models import Attachment, DossierStage, TemplateFile
from dossiers.views import departure, scope
from ecare import audit
from ecare.models import AuditKind

#: The buttons beside a file: their names in a submitted form, whose value is the file.
BUTTONS = ("archive", "replace", "up", "down")

Response = TypeVar("Response", bound=HttpResponseBase)


@dataclass
class Filed:
    """What a submitted form did to the slots."""

    #: The question whose button was pressed.
    code: str = ""
    #: Why files were refused, by question.
    errors: dict[str, list[str]] = field(default_factory=dict)

    def refuse(self, code: str, reason: object) -> None:
        self.errors.setdefault(code, []).append(str(reason))


def filed(request: HttpRequest, dossier_stage: DossierStage, *, code: str = "") -> Filed:
    """Do to the slots, or to that one, what a submitted form asks: take each file chosen, then what a button beside a
    file says. One refusal stops no other file. Raises NotAllowed, Closed."""
    user, at = scope.user_of(request), scope.received_at(request)
    done = Filed()
    button, target = pressed(request, dossier_stage, code)
    if target is not None:
        done.code = target.code
    codes = [code] if code else slots_of(dossier_stage) if request.FILES else []
    replaced = False
    for code, upload in chosen(request, codes):
        try:
            if button == "replace" and target is not None and code == target.code and not replaced:
                replaced = True
                workflow.replace_file(target, upload, by=user, at=at)
            else:
                workflow.add_file(dossier_stage, code, upload, by=user, at=at)
        except workflow.FileRefused as refusal:
            done.refuse(code, refusal)
    if target is None:
        return done
    try:
        if button == "archive":
            workflow.archive_file(target, by=user, at=at)
        elif button in {"up", "down"}:
            workflow.move_file(target, up=button == "up", by=user, at=at)
        elif not replaced:
            done.refuse(
                target.code, f"Choisissez d'abord le fichier qui remplace « {target.name} », puis « Remplacer »."
            )
    except workflow.FileRefused as refusal:
        done.refuse(target.code, refusal)
    return done


def pressed(request: HttpRequest, dossier_stage: DossierStage, code: str) -> tuple[str, Attachment | None]:
    """The button pressed beside a file, and this file; nothing when it was another button."""
    for button in BUTTONS:
        public_id = request.POST.get(button)
        if public_id:
            files = scope.attachments(dossier_stage).filter(**({"code": code} if code else {}))
            return button, get_object_or_404(files, public_id=scope.identifier(public_id))
    return "", None


def chosen(request: HttpRequest, codes: list[str]) -> list[tuple[str, UploadedFile[Any]]]:
    """The files of a submitted form with the question of their slot; whatever else was sent is left aside (Q20)."""
    return [(code, upload) for code in codes for upload in request.FILES.getlist(f"{code}-files")]


@require_POST
@departure.told
def slot(request: HttpRequest, reference: str, code: str) -> HttpResponse:
    """One slot by itself, without the form around it: files are sent to it one by one, and it is shown again.

    422 when a file was refused, with the reason in the slot; 409 when nothing can change any more.
    """
    dossier_stage = scope.own_stage(request, reference)
    question = queries.question(dossier_stage.revision, code)
    if question is None or not kinds.of(question).has_files:
        raise Http404
    try:
        done = filed(request, dossier_stage, code=code)
        status = 422 if done.errors else 200
    except workflow.NotAllowed as refusal:
        raise Http404 from refusal
    except workflow.Closed as refusal:
        done, status = Filed(errors={code: [str(refusal)]}), 409
    sheet = queries.sheet(dossier_stage, request=queries.pending_request(dossier_stage))
    entry = sheet.entry(code)
    if entry is None:  # the form changed meanwhile
        raise Http404
    entry.file_errors = done.errors.get(code, [])
    context = {"sheet": sheet, "entry": entry, "dossier": dossier_stage.dossier}
    return render(request, "dossiers/saving/filed.html", context, status=status)


def download(request: HttpRequest, attachment: Attachment, *, reference: str) -> FileResponse:
    """An attachment under the name its owner gave it (RFC 6266), whatever its type. Who took it is kept (S2), once it
    is there to be taken."""
    response = FileResponse(
        attachment.file.open("rb"),
        as_attachment=True,
        filename=attachment.name,
        content_type=attachment.content_type,
    )
    audit.record(AuditKind.DOWNLOADED, by=request.user, subject=reference, file=str(attachment.public_id))
    return leaving(response)


def leaving(response: Response) -> Response:
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def why_not(attachment: Attachment) -> int:
    """The status under which instruction is refused a file (see `withheld`); 0 when it may leave (Q28)."""
    if attachment.scan == Scan.INFECTED:
        return 403
    if attachment.scan == Scan.PENDING and not settings.DOWNLOAD_UNSCANNED:
        return 409
    return 0


def withheld(request: HttpRequest, attachment: Attachment, *, status: int) -> HttpResponse:
    """Why a file does not leave: 409 while the antivirus has not read it, 403 when it found something (Q28)."""
    return render(request, "dossiers/withheld.html", {"file": attachment}, status=status)


@require_safe
def own_file(request: HttpRequest, reference: str, public_id: uuid.UUID) -> HttpResponseBase:
    """A file of the référent's own dossier, archived ones included: theirs, even before it is scanned."""
    attachment = get_object_or_404(scope.own_files(request, reference), public_id=public_id)
    if attachment.scan == Scan.INFECTED:
        return withheld(request, attachment, status=403)
    return download(request, attachment, reference=reference)


@require_safe
def instructed_file(request: HttpRequest, reference: str, public_id: uuid.UUID) -> HttpResponseBase:
    """A file that was transmitted: instruction sees nothing of a correction under way."""
    attachment = get_object_or_404(scope.transmitted_files(request, reference), public_id=public_id)
    if status := why_not(attachment):
        return withheld(request, attachment, status=status)
    return download(request, attachment, reference=reference)


@require_safe
def template_file(request: HttpRequest, reference: str, code: str) -> FileResponse:
    """A blank model named by a question of the dossier's form."""
    dossier_stage = scope.own_stage(request, reference)
    named = dossier_stage.revision.questions.filter(template_file__isnull=False).values("template_file")
    found = get_object_or_404(TemplateFile, code=code, pk__in=named)
    name = PurePosixPath(found.file.name or "").name
    return leaving(FileResponse(found.file.open("rb"), as_attachment=True, filename=name))


def slots_of(dossier_stage: DossierStage) -> list[str]:
    """The questions of a form that take files."""
    return [each.code for each in queries.questions(dossier_stage.revision) if kinds.of(each).has_files]
