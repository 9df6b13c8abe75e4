"""How every view finds its dossier: through what the user may see, or a page that does not exist (D16)."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from accounts.models import User
from dossiers import access
from dossiers.models import DossierStage
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


def own_stage(request: HttpRequest, reference: str) -> DossierStage:
    """The référent's dossier of that reference. Raises Http404 for anything else."""
    return get_object_or_404(access.own_stages(user_of(request)).with_context(), dossier__reference=reference)


def instructed_stage(request: HttpRequest, reference: str) -> DossierStage:
    """The dossier of that reference if the instructor may read it. Raises Http404 for anything else."""
    return get_object_or_404(access.instructed_stages(user_of(request)).with_context(), dossier__reference=reference)


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


def attachments(dossier_stage: DossierStage) -> AttachmentQuerySet:
    """The files of a dossier found through its scope, archived ones included."""
    return dossier_stage.attachments.all()
