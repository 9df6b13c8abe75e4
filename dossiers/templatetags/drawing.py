"""The questions of a form, and the answers of a dossier being read, drawn once for all those where they are the same.

A form has some fifty fields, most of them blank or ticked as in every other dossier, and drawing one takes a
millisecond: that is most of the page (docs/adr/0030).
"""

from __future__ import annotations

import datetime as dt
import json
from functools import lru_cache

from django import template
from django.template import loader
from django.utils.safestring import SafeString

from dossiers import kinds
from dossiers.models import Dossier, DossierStage, Question, TemplateFile
from dossiers.queries.instruction import InstructedEntry
from dossiers.sheet import Entry
from establishments.models import LegalEntity

register = template.Library()

#: Characters typed beyond which nothing is kept: long texts are seldom the same twice.
LONGEST_KEPT = 1000
#: Stands for the reference of the dossier in what is kept. Where somebody typed it, nothing is.
ANY_DOSSIER = "ANYDOSSIER"


@register.simple_tag
def question_of(entry: Entry, dossier: Dossier) -> SafeString:
    """One question of a form, as it was answered. Those of a form being written are drawn anew each time: they change
    under the same key."""
    if entry.published_at is not None and entry.kind.is_drawn_once and entry.is_plain:
        typed = json.dumps(entry.raw, sort_keys=True)
        if len(typed) <= LONGEST_KEPT and ANY_DOSSIER not in typed:
            model = (entry.template_file.code, entry.template_file.title) if entry.template_file else None
            kept = drawn(entry.question, entry.published_at, typed, entry.shown, model)
            return SafeString(kept.replace(ANY_DOSSIER, dossier.reference))
    return asked(entry, dossier)


@lru_cache(maxsize=4096)
def drawn(
    question: Question, published_at: dt.datetime, typed: str, shown: bool, model: tuple[str, str] | None
) -> SafeString:
    """From the key alone, so that nothing else can show in it. `model` is the document to download: code and title."""
    file = TemplateFile(code=model[0], title=model[1]) if model else None
    context = kinds.Context(LegalEntity())
    entry = Entry(question, json.loads(typed), None, [], context, shown=shown, template_file=file)
    return asked(entry, Dossier(reference=ANY_DOSSIER))


def asked(entry: Entry, dossier: Dossier) -> SafeString:
    return loader.render_to_string("dossiers/question.html", {"entry": entry, "dossier": dossier})


@register.simple_tag
def answer_of(entry: InstructedEntry, dossier_stage: DossierStage) -> SafeString:
    """One question and its answer as a verifier reads them: most are the same in many dossiers. What says more than the
    question and its value, a file or a remark, is drawn anew."""
    published_at = dossier_stage.revision.published_at
    if published_at is not None and entry.kind.is_drawn_once and not entry.files and not entry.remark:
        value = json.dumps(entry.value, sort_keys=True)
        if len(value) <= LONGEST_KEPT:
            return read(entry.question, published_at, value)
    return told(entry, dossier_stage.dossier.reference)


@lru_cache(maxsize=4096)
def read(question: Question, published_at: dt.datetime, value: str) -> SafeString:
    """From the key alone, so that nothing else can show in it."""
    return told(InstructedEntry(question, json.loads(value), []), "")


def told(entry: InstructedEntry, reference: str) -> SafeString:
    context = {"entry": entry, "reference": reference, "instruction": True}
    return loader.render_to_string("dossiers/answer.html", context)
