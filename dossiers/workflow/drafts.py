"""Decisions being written (I3): each verifier's own, kept as they type, put aside when their session ends, gone once
sent."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Mapping

from django.conf import settings
from django.core import signing

from accounts.models import User
from dossiers import access
from dossiers.models import DecisionDraft, DossierStage
from dossiers.workflow.table import NotAllowed, Refused, is_actor

#: A decision holds a message and a remark a question: far more than anybody types.
MOST_CHARACTERS = 200_000
SALT = "dossiers.drafts"
#: The fields of decisions that are typed.
TYPED = re.compile("message|reason|due_on|opens_everything|remark_.+")


def keep(dossier_stage: DossierStage, move: str, *, by: User, content: Mapping[str, str], at: dt.datetime) -> None:
    """Keep what `by` has typed so far; emptied, it is forgotten.

    Raises NotAllowed unless `by` may take that decision, Refused when there is too much of it.
    """
    if not is_actor(move, dossier_stage, by):
        raise NotAllowed
    kept = {name: text.replace("\x00", "") for name, text in content.items() if text.strip()}
    if sum(len(text) for text in kept.values()) > MOST_CHARACTERS:
        raise Refused("Ce brouillon est trop long pour être enregistré\u00a0: raccourcissez-le.")
    if not kept:
        forget(dossier_stage, move, by=by)
        return
    DecisionDraft.objects.update_or_create(
        dossier_stage=dossier_stage, user=by, move=move, defaults={"content": kept, "at": at}
    )


def token(dossier_stage: DossierStage, move: str, *, user: User) -> str:
    """What the page of a decision carries: only a page made for `user` can put words aside for them (docs/adr/0018)."""
    return signing.dumps([str(user.public_id), dossier_stage.dossier.reference, move], salt=SALT)


def put_aside(signed: str, post: Mapping[str, str], *, reference: str, move: str, at: dt.datetime) -> User | None:
    """Keep as a draft what a page of that decision holds, sent when its session was over. The person it waits for; None
    when the token is forged, too old or of another page, when they may no longer decide, or when there is too much.

    Nothing is read from the session: it may be anybody's by now.
    """
    try:
        person, *page = signing.loads(signed, salt=SALT, max_age=settings.PARKED_KEPT)
        public_id = uuid.UUID(person)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    user: User | None = User.objects.filter(public_id=public_id, is_active=True).first()
    if user is None or page != [reference, move]:
        return None
    dossier_stage = access.instructed_stages(user).with_context().filter(dossier__reference=reference).first()
    content = {name: text for name, text in post.items() if TYPED.fullmatch(name)}
    if dossier_stage is None or not any(text.strip() for text in content.values()):
        return None
    try:
        keep(dossier_stage, move, by=user, content=content, at=at)
    except (NotAllowed, Refused):
        return None
    return user


def forget(dossier_stage: DossierStage, move: str, *, by: User) -> None:
    """The decision was sent, or emptied."""
    DecisionDraft.objects.filter(dossier_stage=dossier_stage, user=by, move=move).delete()
