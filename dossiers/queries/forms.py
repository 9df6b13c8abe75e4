"""Forms as they are asked: their revisions, sections and questions."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from itertools import groupby

from dossiers.enums import Status
from dossiers.models import (
    FormRevision,
    Question,
    Section,
    Stage,
)


def newest_revision(stage: Stage) -> FormRevision | None:
    """The published form that new dossiers take."""
    return stage.revisions.filter(published_at__isnull=False).order_by("-number").first()


def drafts_of(stage: Stage) -> int:
    """How many dossiers are filling an étape now: those that a publication moves to its new form."""
    return stage.dossier_stages.filter(status=Status.DRAFT).count()


def questions(revision: FormRevision) -> list[Question]:
    """The questions of a form, in order."""
    return [question for _, asked in sections(revision) for question in asked]


def question(revision: FormRevision, code: str) -> Question | None:
    return next((each for each in questions(revision) if each.code == code), None)


def track_question(revision: FormRevision, track: str) -> Question | None:
    """The question of the parcours of a form, if it offers `track`: no query for a blank one."""
    asked = question(revision, revision.track_question) if track and revision.track_question else None
    return asked if asked and track in dict(asked.choices) else None


def sections(revision: FormRevision) -> list[tuple[Section, list[Question]]]:
    """The sections of a form with their questions, in order: 1 query the first time that a process reads it once
    published, since it never changes again. Whoever is given them changes nothing in them."""
    if revision.published_at is None:
        return sections_of(revision.pk)
    return published_sections(revision.pk, revision.published_at)


@lru_cache(maxsize=100)
def published_sections(revision_id: int, published_at: dt.datetime) -> list[tuple[Section, list[Question]]]:
    return sections_of(revision_id)


def sections_of(revision_id: int) -> list[tuple[Section, list[Question]]]:
    ordered = Question.objects.filter(revision=revision_id).select_related("section")
    ordered = ordered.order_by("section__position", "position")
    return [(section, list(asked)) for section, asked in groupby(ordered, key=lambda each: each.section)]
