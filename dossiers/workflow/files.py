"""Files put in the slots of a form, put in order, and taken out of them (D7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now

from accounts.models import User
from dossiers import antivirus, kinds, queries, storage, uploads
from dossiers.enums import EventKind
from dossiers.models import Attachment, DossierStage, Question
from dossiers.models.dossiers import AttachmentQuerySet
from dossiers.workflow import revisions
from dossiers.workflow.filling import check_editable, closed_questions, touch
from dossiers.workflow.table import NotAllowed, Refused, locked, record
from ecare import audit
from ecare.models import AuditKind


class FileRefused(Refused):
    """A file that its slot does not accept."""


@revisions.followed
def add_file(
    dossier_stage: DossierStage, code: str, upload: UploadedFile[Any], *, by: User, at: dt.datetime
) -> Attachment:
    """Put a file in the slot of a question (D7). The same file sent twice is there once (Q32).

    Raises NotAllowed, Closed, FileRefused with the reason and the way out.
    """
    question = queries.question(dossier_stage.revision, code)
    if question is None or not kinds.of(question).has_files:
        raise NotAllowed("Cette question n'attend pas de pièce jointe.")
    rules = uploads.rules(question)
    check_editable(dossier_stage, by=by, at=at)
    with stored(upload, rules, dossier_stage, code, by=by) as draft:
        dossier_stage = changeable(dossier_stage, question, by=by, at=at)
        slot = dossier_stage.attachments.active().filter(code=code)
        already = same(slot, draft)
        if already is not None:
            return already
        if slot.count() >= rules.max_files:
            raise FileRefused(
                f"« {draft.name} » n'a pas été déposé : cet espace contient déjà {rules.max_files_text}. "
                "Archivez un fichier, ou déposez une archive zip."
            )
        draft.position = (slot.aggregate(Max("position"))["position__max"] or 0) + 1
        return put(draft, dossier_stage, question, by=by)


def replace_file(attachment: Attachment, upload: UploadedFile[Any], *, by: User, at: dt.datetime) -> Attachment:
    """Put a file in the place of another, which is archived, or do neither. Doing it twice does it once.

    Raises NotAllowed, Closed, FileRefused with the reason and the way out.
    """
    dossier_stage = revisions.follow(attachment.dossier_stage)
    question = queries.question(dossier_stage.revision, attachment.code)
    if question is None:
        raise NotAllowed("Cette question n'attend pas de pièce jointe.")
    check_editable(dossier_stage, by=by, at=at)
    with stored(upload, uploads.rules(question), dossier_stage, question.code, by=by) as draft:
        dossier_stage = changeable(dossier_stage, question, by=by, at=at)
        slot = dossier_stage.attachments.active().filter(code=attachment.code)
        already = same(slot, draft)
        old = slot.filter(pk=attachment.pk).first()
        if already is not None and (old is None or already == old):
            return already
        if old is None:
            raise FileRefused(
                f"« {attachment.name} » a déjà été archivé ou remplacé : déposez « {draft.name} » dans cet espace."
            )
        take_out(old, dossier_stage, by=by)
        if already is not None:
            return already
        draft.position = old.position
        return put(draft, dossier_stage, question, by=by)


@transaction.atomic
def archive_file(attachment: Attachment, *, by: User, at: dt.datetime) -> None:
    """Take a file out of its slot; it stays in what was transmitted (D7). Doing it twice does it once.

    Raises NotAllowed, Closed, FileRefused if the slot no longer changes.
    """
    question = queries.question(attachment.dossier_stage.revision, attachment.code)
    dossier_stage = changeable(attachment.dossier_stage, question, by=by, at=at)
    take_out(attachment, dossier_stage, by=by)


@transaction.atomic
def move_file(attachment: Attachment, *, up: bool, by: User, at: dt.datetime) -> None:
    """Move a file one place up or down in its slot; at the end of it, nothing moves.

    Raises NotAllowed, Closed, FileRefused if the slot no longer changes.
    """
    question = queries.question(attachment.dossier_stage.revision, attachment.code)
    dossier_stage = changeable(attachment.dossier_stage, question, by=by, at=at)
    slot = list(dossier_stage.attachments.active().filter(code=attachment.code))
    if attachment not in slot:
        return
    place = slot.index(attachment)
    other = place + (-1 if up else 1)
    if not 0 <= other < len(slot):
        return
    slot[place], slot[other] = slot[other], slot[place]
    for position, each in enumerate(slot, start=1):
        each.position = position
    Attachment.objects.bulk_update(slot, ["position"])
    touch(dossier_stage)


@contextmanager
def stored(
    upload: UploadedFile[Any], rules: uploads.Rules, dossier_stage: DossierStage, code: str, *, by: User
) -> Iterator[Attachment]:
    """A checked file, written in the storage, as a row to complete and save in the transaction that this opens.

    Both take time that nobody has to wait for: the lock of the dossier is taken after. A refusal, or a row that was
    not needed, deletes the file; whatever else happens leaves it to the sweep, since the row may have been committed.
    """
    try:
        checked = uploads.check(upload, rules)
        path = storage.store(upload)
    except uploads.Invalid as error:
        audit.record(
            AuditKind.FILE_REFUSED, by=by, subject=dossier_stage.dossier.reference, question=code, why=error.why
        )
        raise FileRefused(str(error)) from error
    except storage.NotStored as error:
        raise FileRefused(
            f"« {uploads.display_name(upload.name)} » n'a pas pu être enregistré : l'espace de stockage du portail "
            "est plein ou ne répond pas. Réessayez dans quelques minutes ; si cela dure, écrivez au support."
        ) from error
    draft = Attachment(
        file=path, name=checked.name, size=checked.size, sha256=checked.sha256, content_type=checked.content_type
    )
    try:
        with transaction.atomic():
            yield draft
    except Refused:
        storage.discard(path)
        raise
    if draft.pk is None:
        storage.discard(path)


def changeable(dossier_stage: DossierStage, question: Question | None, *, by: User, at: dt.datetime) -> DossierStage:
    """The étape under its lock, once it is known that this slot may change."""
    dossier_stage = locked(dossier_stage)
    check_editable(dossier_stage, by=by, at=at)
    if question is not None and (reason := closed_questions(dossier_stage).get(question.code)):
        raise FileRefused(reason)
    return dossier_stage


def same(slot: AttachmentQuerySet, draft: Attachment) -> Attachment | None:
    """The file of the slot that is this one already."""
    return slot.filter(name=draft.name, sha256=draft.sha256).first()


def put(draft: Attachment, dossier_stage: DossierStage, question: Question, *, by: User) -> Attachment:
    draft.dossier_stage, draft.code, draft.uploaded_by = dossier_stage, question.code, by
    draft.save()
    record(dossier_stage, EventKind.FILE_ADDED, by=by, message=f"{question.short_label} : {draft.name}")
    touch(dossier_stage)
    pk = draft.pk
    transaction.on_commit(lambda: antivirus.ask(pk), robust=True)
    return draft


def take_out(attachment: Attachment, dossier_stage: DossierStage, *, by: User) -> None:
    if Attachment.objects.active().filter(pk=attachment.pk).update(archived_at=Now()):
        record(dossier_stage, EventKind.FILE_ARCHIVED, by=by, message=attachment.name)
        touch(dossier_stage)
