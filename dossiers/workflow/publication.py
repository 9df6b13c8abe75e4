"""Guichets, étapes, and the life of a form: draft, published (then immutable), copied (G2, G4)."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import User
from dossiers import access, descriptions, flaws, queries
from dossiers.models import FormRevision, Guichet, Question, Section, Stage, TemplateFile
from dossiers.workflow import revisions
from dossiers.workflow.table import NotAllowed, Refused


class Flawed(Refused):
    """A form that cannot be published; `flaws` says why, one sentence each."""

    def __init__(self, found: list[str]) -> None:
        super().__init__("Ce formulaire ne peut pas encore être publié\u00a0: " + "\u00a0; ".join(found))
        self.flaws = found


def check_editor(by: User | None) -> None:
    """Raise NotAllowed unless `by` is an administrator, or nobody: the portal loading its own files."""
    if by is not None and not access.may_edit_guichets(by):
        raise NotAllowed("Seul un administrateur modifie les guichets.")


def save_guichet(guichet: Guichet, *, by: User | None) -> Guichet:
    """Create a guichet, or keep its new settings. Its fields were checked. Raises NotAllowed."""
    check_editor(by)
    guichet.save()
    return guichet


def last_position() -> int:
    """The rank of the last guichet of the home page."""
    last: int | None = Guichet.objects.aggregate(last=Max("position"))["last"]
    return last or 0


@transaction.atomic
def save_stage(stage: Stage, *, by: User | None) -> Stage:
    """Create an étape, or keep its new settings. Its fields were checked. Once it has dossiers, its closing moves by
    `move_closing` alone, with a reason (Q42), and its nature stays: what is paid follows from it (F5). Raises
    NotAllowed."""
    check_editor(by)
    if stage.pk and stage.dossier_stages.exists():
        before = locked_stage(stage)
        stage.closes_at, stage.kind = before.closes_at, before.kind
    stage.save()
    return stage


def locked_stage(stage: Stage) -> Stage:
    """The étape read again, so that its revisions change one at a time. Must be called in a transaction."""
    return Stage.objects.select_for_update(of=("self",)).select_related("guichet").get(pk=stage.pk)


@transaction.atomic
def start_draft(stage: Stage, *, by: User | None) -> FormRevision:
    """The draft of an étape's form: the one there is, else a copy of the newest published one, else a blank one.

    Raises NotAllowed.
    """
    check_editor(by)
    stage = locked_stage(stage)
    draft = stage.revisions.filter(published_at__isnull=True).first()
    if draft is not None:
        return draft
    newest = queries.newest_revision(stage)
    return write_draft(stage, descriptions.describe(newest) if newest else {"sections": []})


def write_draft(stage: Stage, form: dict[str, Any]) -> FormRevision:
    """A new draft that says what a normal description says. The étape is locked and has no draft."""
    last = stage.revisions.aggregate(last=Max("number"))["last"] or 0
    fields = {name: form.get(name, default) for name, default in descriptions.FORM_DEFAULTS.items()}
    revision = FormRevision.objects.create(stage=stage, number=last + 1, **fields)
    files = dict(TemplateFile.objects.values_list("code", "pk"))
    asked: list[Question] = []
    for place, section_data in enumerate(form["sections"], start=1):
        section = Section.objects.create(
            revision=revision, position=place, title=section_data["title"], help=section_data["help"]
        )
        for position, data in enumerate(section_data["questions"], start=1):
            known = {name: value for name, value in data.items() if name != "template_file"}
            asked.append(
                Question(
                    revision=revision,
                    section=section,
                    position=position,
                    template_file_id=files.get(data["template_file"]),
                    **known,
                )
            )
    Question.objects.bulk_create(asked)
    return revision


@transaction.atomic
def publish(revision: FormRevision, *, by: User | None) -> FormRevision:
    """Make a draft the form of its étape, for ever: the one door, for the admin as for files (G4).

    Drafts of dossiers follow it. Raises NotAllowed, Flawed, Refused if it is no longer a draft.
    """
    check_editor(by)
    locked_stage(revision.stage)
    revision = FormRevision.objects.select_for_update(of=("self",)).select_related("stage").get(pk=revision.pk)
    if revision.published_at is not None:
        raise Refused("Cette révision est déjà publiée.")
    if found := flaws.of_form(descriptions.describe(revision)):
        raise Flawed(found)
    revision.published_at = timezone.now()
    revision.published_by = by
    revision.save(update_fields=["published_at", "published_by"])
    revisions.announce(revision)
    return revision


@transaction.atomic
def publish_description(stage: Stage, form: dict[str, Any], *, by: User | None) -> FormRevision:
    """Publish a normal description. A draft being written meanwhile is kept, after it. Raises NotAllowed, Flawed."""
    check_editor(by)
    stage = locked_stage(stage)
    draft = stage.revisions.filter(published_at__isnull=True).first()
    kept = descriptions.describe(draft) if draft else None
    if draft:
        draft.delete()
    revision = publish(write_draft(stage, form), by=by)
    if kept:
        write_draft(stage, kept)
    return revision


@transaction.atomic
def discard_draft(revision: FormRevision, *, by: User) -> None:
    """Delete a draft. Raises NotAllowed, Refused if it is published."""
    check_editor(by)
    locked_stage(revision.stage)
    current = FormRevision.objects.select_for_update(of=("self",)).filter(pk=revision.pk).first()
    if current is not None and current.published_at is not None:
        raise Refused("Une révision publiée ne se supprime pas.")
    if current is not None:
        current.delete()


@transaction.atomic
def duplicate_guichet(guichet: Guichet, code: str, title: str, *, by: User) -> Guichet:
    """A new guichet with the same settings and étapes, each form as a draft; without dates, so that nothing opens.

    Raises NotAllowed, Refused if the code is taken.
    """
    check_editor(by)
    if Guichet.objects.filter(code=code).exists():
        raise Refused("Ce code est déjà celui d'un guichet\u00a0: choisissez-en un autre.")
    stages = list(guichet.stages.order_by("position"))
    copy = Guichet.objects.get(pk=guichet.pk)
    copy.pk, copy.code, copy.title, copy.short_title = None, code, title, title[:80]
    copy.position = last_position() + 1
    copy._state.adding = True
    copy.save()
    for stage in stages:
        form = queries.newest_revision(stage) or stage.revisions.first()
        stage.pk, stage.guichet, stage.opens_at, stage.closes_at = None, copy, None, None
        stage._state.adding = True
        stage.save()
        if form is not None:
            write_draft(stage, descriptions.describe(form))
    return copy
