"""What every kind of question knows: how it is asked, read, checked and shown (G3).

A kind keeps two things apart. `raw` is what was typed, a dict of strings and lists of strings without blanks; it is
stored as it is, even when wrong (D6). `value` is what it means, or None when it is empty or invalid.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from dossiers.enums import QuestionKind
from dossiers.models import Attachment, Question
from establishments import queries as establishments_queries
from establishments.models import GeographicEntity, LegalEntity

Raw = dict[str, str | list[str]]


@dataclass
class Context:
    """What a question may need to know beside its own definition."""

    legal_entity: LegalEntity
    values: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def sites(self) -> list[GeographicEntity]:
        """The active EG of the dossier's EJ, loaded only by the kinds that show them."""
        return list(establishments_queries.active_sites(self.legal_entity))

    def gone(self, numbers: set[str]) -> list[GeographicEntity]:
        """The EG of these numbers, which the EJ no longer offers; no query when there is none."""
        if not numbers:
            return []
        return list(GeographicEntity.objects.filter(finess__in=numbers).select_related("category").order_by("finess"))


@dataclass(frozen=True)
class Line:
    """One line of a recap: a label (blank when the question's own says enough) and its text."""

    label: str
    text: str


class Kind(ABC):
    """One kind of question. Subclasses say which form asks it and what its answer means."""

    code: ClassVar[QuestionKind]
    template: ClassVar[str] = "dossiers/kinds/fields.html"
    recap_template: ClassVar[str] = "dossiers/kinds/recap.html"
    has_fields: ClassVar[bool] = True
    has_files: ClassVar[bool] = False

    @abstractmethod
    def form_class(self, question: Question, context: Context) -> type[forms.Form]:
        """The Django form, prefixed by the question's code, that renders and checks the answer."""

    @abstractmethod
    def to_value(self, question: Question, cleaned: dict[str, Any], context: Context) -> Any:
        """The JSON value that a valid form means."""

    @abstractmethod
    def lines(self, question: Question, value: Any) -> list[Line]:
        """The answer in words, for the recap, the PDF and the back-office."""

    def printed_lines(self, question: Question, value: Any) -> list[Line]:
        """The answer in words on a document that leaves the portal: without what must not circulate (Q60)."""
        return self.lines(question, value)

    def facts(self, value: Any) -> dict[str, Any]:
        """What conditions on later questions may ask of this answer (see `dossiers.conditions`)."""
        return {"value": value}

    def raw_from(self, question: Question, post: QueryDict) -> Raw:
        """What was typed for this question in a submitted form: blanks dropped, line endings made one, and the NUL
        character, which PostgreSQL refuses, left out."""
        prefix = f"{question.code}-"
        raw: Raw = {}
        for name in sorted(post):
            if not name.startswith(prefix) or name.removeprefix(prefix) not in self.field_names(question):
                continue
            key = name.removeprefix(prefix)
            cleared = (text.replace("\r\n", "\n").replace("\x00", "") for text in post.getlist(name))
            texts = [text for text in cleared if text.strip()]
            if not texts:
                continue
            raw[key] = sorted(texts) if key in self.list_fields else texts[-1]
        return raw

    #: Names of the fields that hold several values.
    list_fields: ClassVar[frozenset[str]] = frozenset()

    def field_names(self, question: Question) -> frozenset[str]:
        return frozenset({"value"})

    def bound_form(self, question: Question, raw: Raw, context: Context) -> forms.Form:
        """The form as if `raw` had just been submitted."""
        data: MultiValueDict[str, str] = MultiValueDict()
        for key, content in raw.items():
            data.setlist(f"{question.code}-{key}", content if isinstance(content, list) else [content])
        return self.form_class(question, context)(data, prefix=question.code, use_required_attribute=False)

    def unbound_form(self, question: Question, context: Context) -> forms.Form:
        # An incomplete form always saves (D6): nothing is required by the browser.
        return self.form_class(question, context)(prefix=question.code, use_required_attribute=False)

    def clean(self, question: Question, raw: Raw, context: Context) -> Any:
        """The value that `raw` means, or None when it is empty or invalid."""
        if not raw:
            return None
        form = self.bound_form(question, raw, context)
        return self.to_value(question, form.cleaned_data, context) if form.is_valid() else None

    def is_answered(self, question: Question, value: Any, files: list[Attachment]) -> bool:
        """The one place that says whether a question has its answer."""
        return (not self.has_fields or value is not None) and (not self.has_files or bool(files))


def digest(raw: Raw) -> str:
    """A short fingerprint of an answer as it was shown, which tells a later save whether someone else changed it."""
    return hashlib.sha256(json.dumps(raw, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]
