"""Creating a dossier and filling it: everything a référent writes before transmitting."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from accounts import queries as accounts_queries
from accounts.models import User
from dossiers import access, emails, kinds, queries, search, uploads
from dossiers.enums import EventKind
from dossiers.models import Answer, Attachment, Dossier, DossierStage, Question, Stage
from dossiers.workflow.table import NotAllowed, Refused, locked, record
from ecare import french
from establishments.models import LegalEntity

FROZEN = "Ces pièces ne peuvent plus être modifiées depuis la transmission : écrivez au support pour les changer."
REFERENCE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # no I, O, 0, 1: read aloud without doubt (D4)


class Closed(Refused):
    """The deadline has passed, or has not come."""


class AlreadyExists(Refused):
    """There is a dossier for this EJ and this guichet; its référent is not named (D3)."""


class FileRefused(Refused):
    """A file that its slot does not accept."""


@dataclass
class Saved:
    """What a save did: the answers written, and those that someone else had changed meanwhile."""

    written: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)


def create_dossier(stage: Stage, legal_entity: LegalEntity, *, by: User, at: dt.datetime) -> Dossier:
    """Open a dossier on the first étape of a guichet for an EJ that `by` represents (D2–D4).

    `at` is the instant the request was received. Raises NotAllowed if `by` does not represent the EJ, Closed outside
    the window, Refused if the guichet is not for this type of establishment, AlreadyExists if there is one (D3).
    """
    representation = accounts_queries.establishments_of(by).filter(legal_entity=legal_entity).first()
    if not by.is_active or not by.is_referent or representation is None:
        raise NotAllowed("Vous ne représentez pas cet établissement.")
    if Stage.objects.filter(guichet=stage.guichet_id, position__lt=stage.position).exists():
        raise Refused("Un dossier commence par la première étape de son guichet.")
    if not stage.is_open(at):
        raise Closed("Ce guichet n'est pas ouvert : aucun dossier ne peut y être créé.")
    if representation.establishment_type not in stage.guichet.audience:
        raise Refused("Ce guichet ne s'adresse pas à ce type d'établissement.")
    revision = queries.newest_revision(stage)
    if revision is None:
        raise Closed("Le formulaire de ce guichet n'est pas encore publié.")
    try:
        with transaction.atomic():
            dossier = Dossier.objects.create(
                reference=new_reference(),
                guichet=stage.guichet,
                legal_entity=legal_entity,
                establishment_type=representation.establishment_type,
                referent=by,
            )
            dossier_stage = DossierStage.objects.create(dossier=dossier, stage=stage, revision=revision)
            search.refresh(dossier_stage)
            event = record(dossier_stage, EventKind.CREATED, by=by)
            emails.created(event)
    except IntegrityError as error:
        if Dossier.objects.filter(guichet=stage.guichet, legal_entity=legal_entity).exists():
            raise AlreadyExists(
                f"Un dossier existe déjà pour {legal_entity.label} sur ce guichet. Rapprochez-vous de vos collègues : "
                "le référent du dossier peut vous le transférer."
            ) from error
        raise
    return dossier


def new_reference() -> str:
    """A random reference of 10 characters (D4): 32^10 of them, so that the unique constraint hardly ever speaks."""
    return "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(10))


@transaction.atomic
def save_answers(
    dossier_stage: DossierStage,
    raws: dict[str, kinds.Raw],
    *,
    bases: dict[str, str],
    by: User,
    at: dt.datetime,
) -> Saved:
    """Keep what was typed, valid or not (D6).

    `raws` holds what each question's fields contained; `bases` the fingerprint of each answer when the page was made.
    An answer that someone else changed meanwhile is not overwritten: its code comes back in `conflicts`. Questions
    frozen after the first transmission are left as they are (D12). Raises NotAllowed, Closed.
    """
    dossier_stage = locked(dossier_stage)
    check_editable(dossier_stage, by=by, at=at)
    questions = {question.code: question for question in queries.questions(dossier_stage.revision)}
    stored = {answer.code: answer for answer in dossier_stage.answers.all()}
    context = kinds.Context(dossier_stage.dossier.legal_entity)
    saved = Saved()
    changed: list[Answer] = []
    for code, raw in raws.items():
        question = questions.get(code)
        if question is None or not kinds.of(question).has_fields or is_frozen(question, dossier_stage):
            continue
        answer = stored.get(code)
        current: kinds.Raw = answer.raw if answer else {}
        base = bases.get(code, kinds.digest(current))
        if raw == current or kinds.digest(raw) == base:
            continue
        if kinds.digest(current) != base:
            saved.conflicts.append(code)
            continue
        changed.append(
            Answer(
                dossier_stage=dossier_stage,
                code=code,
                raw=raw,
                value=kinds.of(question).clean(question, raw, context),
                updated_at=at,
            )
        )
        saved.written.append(code)
    if changed:
        Answer.objects.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=["dossier_stage", "code"],
            update_fields=["raw", "value", "updated_at"],
        )
        touch(dossier_stage)
        if dossier_stage.revision.perimeter_question in saved.written:
            search.refresh(dossier_stage)
    return saved


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
    # Read before the lock: fifty megabytes take time, and others wait for it.
    try:
        checked = uploads.check(upload, rules)
    except uploads.Invalid as error:
        raise FileRefused(str(error)) from error
    with transaction.atomic():
        dossier_stage = locked(dossier_stage)
        check_editable(dossier_stage, by=by, at=at)
        if is_frozen(question, dossier_stage):
            raise FileRefused(FROZEN)
        slot = dossier_stage.attachments.active().filter(code=code)
        already = slot.filter(name=checked.name, sha256=checked.sha256).first()
        if already is not None:
            return already
        if slot.count() >= rules.max_files:
            raise FileRefused(
                f"« {checked.name} » n'a pas été déposé : cet espace contient déjà {rules.max_files_text}. "
                "Archivez un fichier, ou déposez une archive zip."
            )
        attachment = Attachment.objects.create(
            dossier_stage=dossier_stage,
            code=code,
            file=upload,
            name=checked.name,
            size=checked.size,
            sha256=checked.sha256,
            content_type=checked.content_type,
            uploaded_by=by,
        )
        record(dossier_stage, EventKind.FILE_ADDED, by=by, message=f"{question.short_label} : {attachment.name}")
        touch(dossier_stage)
    return attachment


@transaction.atomic
def archive_file(attachment: Attachment, *, by: User, at: dt.datetime) -> None:
    """Take a file out of its slot; it stays in what was transmitted (D7). Doing it twice does it once.

    Raises NotAllowed, Closed, FileRefused if the slot no longer changes.
    """
    dossier_stage = locked(attachment.dossier_stage)
    check_editable(dossier_stage, by=by, at=at)
    question = queries.question(dossier_stage.revision, attachment.code)
    if question is not None and is_frozen(question, dossier_stage):
        raise FileRefused(FROZEN)
    if Attachment.objects.active().filter(pk=attachment.pk).update(archived_at=Now()):
        record(dossier_stage, EventKind.FILE_ARCHIVED, by=by, message=attachment.name)
        touch(dossier_stage)


def check_editable(dossier_stage: DossierStage, *, by: User, at: dt.datetime) -> None:
    """Raise NotAllowed unless `by` is the référent, Closed unless the étape may be edited at `at` (D10)."""
    if not access.is_referent(by, dossier_stage):
        raise NotAllowed("Vous n'êtes pas le référent de ce dossier.")
    if dossier_stage.is_editable(at):
        return
    deadline = dossier_stage.deadline
    if deadline is not None and at >= deadline:
        raise Closed(
            f"Le délai est dépassé depuis le {french.moment(deadline)} : "
            "le dossier ne peut plus être modifié ni transmis. Ce que vous aviez enregistré est conservé."
        )
    raise Closed(
        f"Ce dossier est au statut « {dossier_stage.status_label} » : il ne peut pas être modifié pour le moment."
    )


def is_frozen(question: Question, dossier_stage: DossierStage) -> bool:
    """Whether the référent may no longer change this answer: contacts, once transmitted (D12, Q&A 1.10)."""
    return question.frozen_after_transmission and dossier_stage.first_transmitted_at is not None


def touch(dossier_stage: DossierStage) -> None:
    DossierStage.objects.filter(pk=dossier_stage.pk).update(saved_at=Now())
