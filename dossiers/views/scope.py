"""How every view finds its dossier: through what the user may see, or a page that does not exist (D16)."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from accounts.models import User
from dossiers import access, queries
from dossiers.models import Attachment, DossierStage
from dossiers.models.dossiers import AttachmentQuerySet


def user_of(request: HttpRequest) -> User:
    """The signed-in user: the middleware lets nobody else reach a view of this room."""
    user: Any = request.user
    assert isinstance(user, User)
    return user


def received_at(request: HttpRequest) -> dt.datetime:
    """The instant the server received the request: what deadlines are compared with (Q39, Q41)."""
    instant: dt.datetime = request.received_at  # type: ignore[attr-defined]
    return instant


def read_of(request: HttpRequest) -> int:
    """What the page that was sent knew, which its hidden field `read` says; 0 when that is not a number."""
    said = request.POST.get("read", "")
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 19 else 0


def own_stage(request: HttpRequest, reference: str) -> DossierStage:
    """The référent's dossier of that reference. Raises Http404 for anything else."""
    dossier_stage = access.own_stage(user_of(request), reference)
    if dossier_stage is None:
        raise Http404
    return dossier_stage


def own_passage(request: HttpRequest, reference: str, stage: str) -> DossierStage:
    """An étape begun of the référent's dossier, by its code. Raises Http404 for anything else."""
    passages = access.own_passages(user_of(request)).with_context()
    return get_object_or_404(passages, dossier__reference=reference, stage__code=stage)


def own_files(request: HttpRequest, reference: str) -> AttachmentQuerySet:
    """The files of every étape of the référent's dossier, archived ones included."""
    return Attachment.objects.filter(
        dossier_stage__in=access.own_passages(user_of(request)), dossier_stage__dossier__reference=reference
    )


def instructed_stage(request: HttpRequest, reference: str) -> DossierStage:
    """The dossier of that reference if the instructor may read it. Raises Http404 for anything else."""
    return get_object_or_404(access.instructed_stages(user_of(request)).with_context(), dossier__reference=reference)


def desk_stage(request: HttpRequest, reference: str) -> DossierStage:
    """The same, with who instructs it, who else has it open, and its points of vigilance; and from the list, which says
    its sort, the dossiers beside it."""
    user = user_of(request)
    query = request.GET if "tri" in request.GET else None
    found = queries.desk_stage(user, reference, at=received_at(request), query=query)
    if found is None:
        raise Http404
    return found


def transmitted_stage(request: HttpRequest, reference: str, stage: str) -> DossierStage:
    """An étape transmitted of the dossier, by its code, if the instructor may read it. Raises Http404 otherwise."""
    stages = access.transmitted_stages(user_of(request)).with_context()
    return get_object_or_404(stages, dossier__reference=reference, stage__code=stage)


def transmitted_files(request: HttpRequest, reference: str) -> AttachmentQuerySet:
    """The files transmitted of the étapes that the instructor may read: nothing of what is being corrected."""
    stages = access.transmitted_stages(user_of(request))
    files = Attachment.objects.filter(dossier_stage__in=stages, dossier_stage__dossier__reference=reference)
    return files.filter(transmitted_in__isnull=False).distinct()


def identifier(text: str) -> uuid.UUID:
    """A public identifier sent by a form. Raises Http404 when it is not one."""
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise Http404 from error


def referents_only(request: HttpRequest) -> User:
    """The user, if a référent. Raises Http404 for staff."""
    user = user_of(request)
    if not user.is_referent:
        raise Http404
    return user


def leads_only(request: HttpRequest) -> User:
    """The user, if a responsable d'instruction. Raises Http404 for others."""
    user = user_of(request)
    if not access.may_reassign(user):
        raise Http404
    return user


def attachments(dossier_stage: DossierStage) -> AttachmentQuerySet:
    """The files of a dossier found through its scope, archived ones included."""
    return dossier_stage.attachments.all()


def pdf(content: bytes, name: str) -> HttpResponse:
    """A document that leaves: an attachment, never cached."""
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response
