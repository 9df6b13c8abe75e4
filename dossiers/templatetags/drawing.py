"""The fields of a question, and the answers of a dossier being read, drawn once for all those where they are the same.

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
from dossiers.models import Dossier, DossierStage, Question
from dossiers.queries.instruction import InstructedEntry
from dossiers.sheet import Entry
from establishments.models import LegalEntity

register = template.Library()

#: Characters typed beyond which the fields are not kept: long texts are seldom the same twice.
LONGEST_KEPT = 1000


@register.simple_tag
def fields_of(entry: Entry, dossier: Dossier) -> SafeString:
    """The fields of a question as they were typed. Those of a form being written are drawn anew each time: its
    questions change under the same key."""
    if entry.published_at is not None and entry.kind.is_drawn_once:
        typed = json.dumps(entry.raw, sort_keys=True)
        if len(typed) <= LONGEST_KEPT:
            return drawn(entry.question, entry.published_at, typed)
    return loader.render_to_string(entry.kind.template, {"entry": entry, "dossier": dossier})


@lru_cache(maxsize=4096)
def drawn(question: Question, published_at: dt.datetime, typed: str) -> SafeString:
    """From the key alone, so that nothing else can show in it."""
    entry = Entry(question, json.loads(typed), None, [], kinds.Context(LegalEntity()))
    return loader.render_to_string(entry.kind.template, {"entry": entry})


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
