"""A draft form, part by part: what it says, its sections, its questions (G4). Administrators only.

A published form does not change: each function refuses it in words, and the database whatever the door.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from accounts.models import User
from dossiers.models import FormRevision, Question, Section
from dossiers.workflow.publication import check_editor
from dossiers.workflow.table import Refused

PUBLISHED = "Ce formulaire est publié\u00a0: il ne se modifie plus. Préparez une nouvelle révision."
GONE = "Cet élément du formulaire n'existe plus\u00a0: quelqu'un l'a supprimé entre-temps."
#: Beyond every rank, so that ranks can be dealt again without two being the same on the way.
ASIDE = 10_000


def locked_draft(revision_id: int, *, by: User) -> FormRevision:
    """The draft under its lock. Raises NotAllowed, Refused if it is published or gone. Call it in a transaction."""
    check_editor(by)
    revision = FormRevision.objects.select_for_update(of=("self",)).filter(pk=revision_id).first()
    if revision is None:
        raise Refused(GONE)
    if revision.published_at is not None:
        raise Refused(PUBLISHED)
    return revision


@transaction.atomic
def change_form(revision: FormRevision, *, by: User, **fields: Any) -> FormRevision:
    """Set what a form says beside its questions: minutes, what to prepare, axes, questions of the subsidy."""
    revision = locked_draft(revision.pk, by=by)
    for name, value in fields.items():
        setattr(revision, name, value)
    revision.save(update_fields=[*fields])
    return revision


@transaction.atomic
def add_section(revision: FormRevision, *, by: User, title: str, help: str = "") -> Section:
    """A new section, the last one."""
    revision = locked_draft(revision.pk, by=by)
    return Section.objects.create(
        revision=revision, position=revision.sections.count() + 1, title=title.strip(), help=help.strip()
    )


@transaction.atomic
def change_section(section: Section, *, by: User, title: str, help: str) -> None:
    locked_draft(section.revision_id, by=by)
    Section.objects.filter(pk=section.pk).update(title=title.strip(), help=help.strip())


@transaction.atomic
def move_section(section: Section, *, by: User, position: int) -> None:
    """Put a section at that rank, from 1; a rank beyond the last is the last."""
    revision = locked_draft(section.revision_id, by=by)
    deal(revision.sections.all(), section.pk, position)


@transaction.atomic
def delete_section(section: Section, *, by: User) -> None:
    """Delete a section and its questions."""
    revision = locked_draft(section.revision_id, by=by)
    revision.sections.filter(pk=section.pk).delete()
    deal(revision.sections.all())


@transaction.atomic
def add_question(section: Section, *, by: User, **fields: Any) -> Question:
    """A new question, the last of its section. Raises Refused if its code is used in this form."""
    revision = locked_draft(section.revision_id, by=by)
    if not revision.sections.filter(pk=section.pk).exists():
        raise Refused(GONE)
    refuse_code_used(revision, fields["code"])
    return Question.objects.create(revision=revision, section=section, position=section.questions.count() + 1, **fields)


@transaction.atomic
def change_question(question: Question, *, by: User, **fields: Any) -> None:
    """Set fields of a question. Its place is `move_question`'s. Raises Refused if its new code is used."""
    revision = locked_draft(question.revision_id, by=by)
    if "code" in fields:
        refuse_code_used(revision, fields["code"], but=question)
    if not revision.questions.filter(pk=question.pk).update(**fields):
        raise Refused(GONE)


@transaction.atomic
def move_question(question: Question, *, by: User, position: int, section: Section | None = None) -> None:
    """Put a question at that rank, from 1, of its section or of another one of the same form."""
    revision = locked_draft(question.revision_id, by=by)
    current = revision.questions.filter(pk=question.pk).first()
    if current is None or (section is not None and section.revision_id != revision.pk):
        raise Refused(GONE)
    if section is not None and section.pk != current.section_id:
        former = current.section
        current.section, current.position = section, ASIDE - 1
        current.save(update_fields=["section", "position"])
        deal(former.questions.all())
        deal(section.questions.all(), current.pk, position)
    else:
        deal(current.section.questions.all(), current.pk, position)


@transaction.atomic
def delete_question(question: Question, *, by: User) -> None:
    revision = locked_draft(question.revision_id, by=by)
    revision.questions.filter(pk=question.pk).delete()
    deal(Question.objects.filter(section=question.section_id))


def refuse_code_used(revision: FormRevision, code: str, *, but: Question | None = None) -> None:
    others = revision.questions.filter(code=code)
    if (others.exclude(pk=but.pk) if but else others).exists():
        raise Refused(
            f"Le code «\u00a0{code}\u00a0» est déjà celui d'une autre question\u00a0: choisissez-en un autre."
        )


def deal(parts: QuerySet[Any], moved: int | None = None, position: int = 1) -> None:
    """Give the ranks 1, 2, 3… to the parts, in order, the one moved at `position`."""
    ordered = list(parts.order_by("position"))
    if moved is not None:
        [part] = [each for each in ordered if each.pk == moved] or [None]
        if part is None:
            raise Refused(GONE)
        ordered.remove(part)
        ordered.insert(max(position, 1) - 1, part)
    if all(part.position == rank for rank, part in enumerate(ordered, start=1)):
        return
    parts.update(position=F("position") + ASIDE)
    for rank, part in enumerate(ordered, start=1):
        part.position = rank
    parts.model._default_manager.bulk_update(ordered, ["position"])
