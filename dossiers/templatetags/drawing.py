"""The fields of a question, drawn once for all the forms where they are the same.

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
from dossiers.models import Dossier, Question
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
