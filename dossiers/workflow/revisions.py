"""Drafts follow the newest form of their étape, and nothing answered is lost (G2, docs/adr/0016)."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.db import transaction
from django.db.models import Exists, OuterRef

from dossiers import descriptions, kinds, queries, search
from dossiers.enums import EventKind, Status
from dossiers.models import DossierStage, FormRevision, Question
from dossiers.models.dossiers import DossierStageQuerySet
from dossiers.workflow.table import locked, record
from ecare import french
from notifications import broker

logger = logging.getLogger(__name__)

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

#: What changes the meaning of what was typed: the answer is read again. The rest is how the question is asked.
MEANING = ("kind", "options", "mandatory")
#: Drafts moved in one go; a task lasts seconds.
BATCH = 200


def follow(dossier_stage: DossierStage) -> DossierStage:
    """Move a draft to the newest published form of its étape, if it is not there yet: 1 query when it is, none when
    it was read `with_newest_form()`.

    Answers to unchanged questions stay, those to changed ones are read again, those to removed ones are kept in the
    table. Works once whoever asks, and however often. The étape given is brought up to date too.
    """
    if dossier_stage.status != Status.DRAFT:
        return dossier_stage
    if newest_form(dossier_stage) not in (None, dossier_stage.revision_id):
        dossier_stage.revision = move(dossier_stage)
    return dossier_stage


def newest_form(dossier_stage: DossierStage) -> int | None:
    if hasattr(dossier_stage, "newest_form"):
        known: int | None = dossier_stage.newest_form
        return known
    newest = queries.newest_revision(dossier_stage.stage)
    return newest.pk if newest else None


@transaction.atomic
def move(dossier_stage: DossierStage) -> FormRevision:
    """Under the lock of the dossier: the revision where the étape stands now."""
    dossier_stage = locked(dossier_stage)
    former, newest = dossier_stage.revision, queries.newest_revision(dossier_stage.stage)
    if dossier_stage.status != Status.DRAFT or newest is None or newest.pk == former.pk:
        return former
    before, after = descriptions.describe(former), descriptions.describe(newest)
    read_again(dossier_stage, newest, different(before, after, MEANING))
    dossier_stage.revision = newest
    dossier_stage.save(update_fields=["revision"])
    record(dossier_stage, EventKind.FORM_CHANGED, by=newest.published_by, message=changes(before, after))
    search.refresh(dossier_stage)
    return newest


def read_again(dossier_stage: DossierStage, revision: FormRevision, codes: Iterable[str]) -> None:
    """Compute the values of answers to changed questions; what was typed stays as it is."""
    asked = {question.code: question for question in revision.questions.filter(code__in=[*codes])}
    context = kinds.Context(dossier_stage.dossier.legal_entity)
    answers = list(dossier_stage.answers.filter(code__in=asked))
    for answer in answers:
        question: Question = asked[answer.code]
        answer.value = kinds.of(question).clean(question, answer.raw, context)
    dossier_stage.answers.bulk_update(answers, ["value"])


def different(before: descriptions.Form, after: descriptions.Form, names: Iterable[str] = ()) -> list[str]:
    """The codes of the questions of `after` that `before` asked otherwise; in these properties, or in any."""
    former = descriptions.questions(before)

    def picked(question: Mapping[str, Any]) -> Mapping[str, Any]:
        return {name: question[name] for name in names} if names else question

    return [
        code
        for code, question in descriptions.questions(after).items()
        if code in former and picked(question) != picked(former[code])
    ]


def changes(before: descriptions.Form, after: descriptions.Form) -> str:
    """What a new form changed, in French, for the référent."""
    former, current = descriptions.questions(before), descriptions.questions(after)
    changed = different(before, after)
    lists = (
        ("question ajoutée", "questions ajoutées", [current[code] for code in current if code not in former]),
        ("question modifiée", "questions modifiées", [current[code] for code in changed]),
        ("question supprimée", "questions supprimées", [former[code] for code in former if code not in current]),
    )
    sentences = [
        f"{singular if len(found) == 1 else plural}\u00a0: "
        + ", ".join(french.quoted(question["short_label"]) for question in found)
        for singular, plural, found in lists
        if found
    ]
    return "\u00a0; ".join(sentences) or "la présentation a changé, les questions restent les mêmes"


def followed(
    change: Callable[Concatenate[DossierStage, Arguments], Result],
) -> Callable[Concatenate[DossierStage, Arguments], Result]:
    """A change made on a draft that first follows the newest form, in a transaction of its own: a refusal of the
    change does not undo it."""

    @functools.wraps(change)
    def inner(dossier_stage: DossierStage, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        return change(follow(dossier_stage), *args, **kwargs)

    return inner


def announce(revision: FormRevision) -> None:
    """Tell the workers of a publication once it is committed. A courtesy: neither the sweep nor a write needs it."""
    transaction.on_commit(functools.partial(broker.tell, "dossiers.tasks.follow_newest", revision.stage_id))


def behind() -> DossierStageQuerySet:
    """The drafts whose form is not the newest of their étape."""
    newer = FormRevision.objects.filter(
        stage=OuterRef("stage"), published_at__isnull=False, number__gt=OuterRef("revision__number")
    )
    return DossierStage.objects.filter(Exists(newer), status=Status.DRAFT)


def follow_some(*, stage_id: int | None = None, after: int = 0) -> int:
    """Move the next drafts, of one étape or of all, whose key is beyond `after`. The last key seen when some may be
    left, else 0."""
    drafts = behind().filter(pk__gt=after).order_by("pk")
    if stage_id is not None:
        drafts = drafts.filter(stage=stage_id)
    some = list(drafts.select_related("stage", "revision")[:BATCH])
    for dossier_stage in some:
        try:
            follow(dossier_stage)
        except Exception:  # one that cannot follow does not keep the others
            logger.exception("draft %s does not follow its form", dossier_stage.pk)
    return some[-1].pk if len(some) == BATCH else 0
