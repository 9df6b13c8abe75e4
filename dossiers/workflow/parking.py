"""What a closed session could not save is put aside until its author signs in again (D6, docs/adr/0018)."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import F, Func, Value
from django.http import QueryDict

from accounts.models import User
from dossiers import access, kinds, queries
from dossiers.models import DossierStage, ParkedInput
from dossiers.workflow.table import locked

SALT = "dossiers.parking"
#: More than any form that people type.
MAX_BYTES = 1_000_000


def token(dossier_stage: DossierStage) -> str:
    """What the form of a dossier carries: only a page made for its référent can put words aside for them."""
    dossier = dossier_stage.dossier
    return signing.dumps([str(dossier.referent.public_id), dossier.reference], salt=SALT)


def park(signed: str, post: QueryDict, *, reference: str, at: dt.datetime) -> User | None:
    """Put aside what a form holds that is neither stored nor put aside yet. The person it waits for; None when the
    token is forged, too old or of another dossier, when the dossier is no longer theirs, or when there is too much.

    Nothing is read from the session: it may be anybody's by now.
    """
    user = author(signed, reference=reference)
    if user is None:
        return None
    dossier_stage = access.own_stages(user).with_context().filter(dossier__reference=reference).first()
    if dossier_stage is None or not put_aside(dossier_stage, post, user=user, at=at):
        return None
    return user


def author(signed: str, *, reference: str) -> User | None:
    """The person for whom the page of that dossier's form was made; None when the token is forged, too old or of
    another dossier, or the account closed. The dossier may have another référent by now."""
    try:
        person, dossier = signing.loads(signed, salt=SALT, max_age=settings.PARKED_KEPT)
        public_id = uuid.UUID(person)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    user: User | None = User.objects.filter(public_id=public_id, is_active=True).first()
    return user if dossier == reference else None


@transaction.atomic
def put_aside(dossier_stage: DossierStage, post: QueryDict, *, user: User, at: dt.datetime) -> bool:
    dossier_stage = locked(dossier_stage)
    sheet = queries.standing(dossier_stage)
    parked = ParkedInput.objects.filter(user=user, dossier_stage=dossier_stage).first()
    waiting: dict[str, Any] = dict(parked.answers) if parked else {}
    for entry in sheet.entries:
        base = post.get(f"{entry.code}-base")
        if base is None or not entry.kind.has_fields or not entry.editable:
            continue
        raw = entry.kind.raw_from(entry.question, post)
        if raw != entry.stored and kinds.digest(raw) != base:
            waiting[entry.code] = {"raw": raw, "base": base[:16]}
    if len(json.dumps(waiting).encode()) > MAX_BYTES:
        return False
    if waiting:
        ParkedInput.objects.update_or_create(
            user=user, dossier_stage=dossier_stage, defaults={"answers": waiting, "at": at}
        )
    return True


def forget(dossier_stage: DossierStage, code: str, *, by: User) -> None:
    """One answer that waited is saved, or its author chose the one stored."""
    left = Func(F("answers"), Value(code), template="(%(expressions)s)", arg_joiner=" - ")
    ParkedInput.objects.filter(user=by, dossier_stage=dossier_stage).update(answers=left)


def drop_parked(dossier_stage: DossierStage, *, by: User) -> None:
    """The author wants nothing of what was put aside."""
    ParkedInput.objects.filter(user=by, dossier_stage=dossier_stage).delete()
