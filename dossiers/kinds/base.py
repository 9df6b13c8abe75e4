"""What every kind of question knows: how it is asked, read, checked and shown (G3).

A kind keeps two things apart. `raw` is what was typed, a dict of strings and lists of strings without blanks; it is
stored as it is, even when wrong (D6). `value` is what it means, or None when it is empty or invalid.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from dossiers.kinds.options import OptionsForm
from dossiers.models import Attachment, Question
from dossiers.uploads.names import FORBIDDEN
from establishments import queries as establishments_queries
from establishments.models import GeographicEntity, LegalEntity

Raw = dict[str, str | list[str]]
#: A question as `fixtures/guichets/` writes it, before anything is stored.
Description = Mapping[str, Any]
#: What one cell of an export holds: typed, so that a spreadsheet can add and sort.
Cell = str | Decimal | dt.date | None
_UNSEEN = re.compile(rf"(?![\t\n\r\u2028\u2029]){FORBIDDEN.pattern}")


@dataclass
class Context:
    """What a question may need to know beside its own definition."""

    legal_entity: LegalEntity
    values: dict[str, Any] = field(default_factory=dict)
    _entities: dict[frozenset[str], list[tuple[LegalEntity, list[GeographicEntity]]]] = field(default_factory=dict)

    @cached_property
    def sites(self) -> list[GeographicEntity]:
        """The active EG of the dossier's EJ, loaded only by the kinds that show them."""
        return establishments_queries.sites_now(self.legal_entity)

    def entities(self, numbers: frozenset[str]) -> list[tuple[LegalEntity, list[GeographicEntity]]]:
        """The dossier's EJ, then the open EJ of these numbers, each with its EG."""
        numbers -= {self.legal_entity.finess}
        if not numbers:
            return [(self.legal_entity, self.sites)]
        if numbers not in self._entities:
            self._entities[numbers] = establishments_queries.with_sites(self.legal_entity, numbers)
        return self._entities[numbers]

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


@dataclass(frozen=True)
class Fact:
    """Something a condition may ask of an answer. `label` is said after « le »: « nombre de régions »."""

    code: str
    label: str
    is_number: bool = False
    is_date: bool = False


#: The answer itself.
VALUE = Fact("value", "réponse")


@dataclass(frozen=True)
class Change:
    """What differs between two answers to one question; blank when there was, or is, nothing."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class TableCell:
    heading: str
    text: str
    is_number: bool = False


def cleared(text: str) -> str:
    """A text that was typed, its line endings made one, without the NUL character, which PostgreSQL refuses, nor what
    is not seen: an answer made of it would be none, and a name that it turns backwards would deceive who instructs."""
    return _UNSEEN.sub("", text.replace("\r\n", "\n"))


#: The rows beyond which a table is too tall for the page it stands in.
TALL = 20


@dataclass(frozen=True)
class AnswerTable:
    """An answer that reads best as a table: rows of as many cells, under the title of their group if any."""

    caption: str
    groups: list[tuple[str, list[list[TableCell]]]]

    @property
    def headings(self) -> list[TableCell]:
        return next((row for _, rows in self.groups for row in rows), [])

    @property
    def is_tall(self) -> bool:
        """Whether it scrolls in its own frame, as in the form: what follows stays within reach."""
        return sum(len(rows) for _, rows in self.groups) > TALL


class Kind(ABC):
    """One kind of question. Subclasses say which form asks it and what its answer means."""

    #: The kind as stored, and as administrators choose it.
    code: ClassVar[str]
    name: ClassVar[str]
    template: ClassVar[str] = "dossiers/kinds/fields.html"
    recap_template: ClassVar[str] = "dossiers/kinds/recap.html"
    has_fields: ClassVar[bool] = True
    has_files: ClassVar[bool] = False
    #: Whether its value holds what the database encrypts (Q60).
    holds_secrets: ClassVar[bool] = False
    #: Whether what the form shows of it follows from the question and from what was typed alone, and may be kept by the
    #: process: not when its fields read the establishment, nor when they hold what must not lie about (Q60).
    is_drawn_once: ClassVar[bool] = True
    #: What conditions may ask of an answer; nothing by default.
    facts_offered: ClassVar[tuple[Fact, ...]] = ()
    #: What administrators set on such a question.
    options_form: ClassVar[type[OptionsForm]] = OptionsForm

    @abstractmethod
    def form_class(self, question: Question, context: Context) -> type[forms.Form]:
        """The Django form, prefixed by the question's code, that renders and checks the answer."""

    @abstractmethod
    def to_value(self, question: Question, cleaned: dict[str, Any], context: Context) -> Any:
        """The JSON value that a valid form means."""

    @abstractmethod
    def lines(self, question: Question, value: Any) -> list[Line]:
        """The answer in words, for the recap, the PDF and the back-office."""

    def table(self, question: Question, value: Any) -> AnswerTable | None:
        """The answer as a table, for the kinds that read better so than line by line."""
        return None

    def printed_lines(self, question: Question, value: Any) -> list[Line]:
        """The answer in words on a document that leaves the portal: without what must not circulate (Q60)."""
        return self.lines(question, value)

    def facts(self, value: Any) -> dict[str, Any]:
        """What conditions on later questions may ask of this answer (see `dossiers.conditions`)."""
        return {"value": value}

    def citable(self, options: Mapping[str, Any]) -> list[tuple[Any, str]]:
        """The values that a condition may cite, with their labels; none when the answer is not a choice."""
        return []

    def columns(self, question: Question) -> list[str]:
        """The headings of an answer in an export; `cells` fills as many."""
        fields = [question.short_label] if self.has_fields else []
        return [*fields, *([f"{question.short_label} – fichiers"] if self.has_files else [])]

    def cells(self, question: Question, value: Any, files: list[Attachment]) -> list[Cell]:
        fields = self.field_cells(question, value) if self.has_fields else []
        return [*fields, *(["\n".join(file.name for file in files) or None] if self.has_files else [])]

    def field_cells(self, question: Question, value: Any) -> list[Cell]:
        """The cells of the value alone: as on paper, since an export circulates (Q60)."""
        return [None if value is None else "\n".join(said(line) for line in self.printed_lines(question, value))]

    def changes(self, question: Question, before: Any, after: Any) -> list[Change]:
        """What differs between two values (None: no answer), line by line; files are compared apart."""
        old, new = (self.by_label(question, value) for value in (before, after))
        return [
            Change(label, shown_in(old, label), shown_in(new, label))
            for label in {**old, **new}
            if [text for text, _ in old.get(label, ())] != [text for text, _ in new.get(label, ())]
        ]

    def by_label(self, question: Question, value: Any) -> dict[str, list[tuple[str, str]]]:
        """The lines of a value as (exact text, text that may be shown), under their labels."""
        found: dict[str, list[tuple[str, str]]] = {}
        if value is not None:
            pairs = zip(self.lines(question, value), self.printed_lines(question, value), strict=True)
            for exact, printed in pairs:
                found.setdefault(exact.label, []).append((exact.text, printed.text))
        return found

    def flaws(self, description: Description, earlier: Mapping[str, Description]) -> Iterator[str]:
        """Why a question so described cannot be published: what its options say, the earlier questions being these."""
        yield from self.options_form.flaws(description.get("options", {}))

    def raw_from(self, question: Question, post: QueryDict) -> Raw:
        """What was typed for this question in a submitted form: cleared, blanks dropped."""
        raw: Raw = {}
        for key in sorted(self.field_names(question)):
            sent = post.getlist(f"{question.code}-{key}")
            texts = [text for text in map(cleared, sent) if text.strip()]
            if texts:
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


def said(line: Line) -> str:
    """A line on its own, in plain text."""
    return f"{line.label} : {line.text}" if line.label else line.text


def shown_in(lines: dict[str, list[tuple[str, str]]], label: str) -> str:
    return "\n".join(text for _, text in lines.get(label, ()))


def digest(raw: Raw) -> str:
    """A short fingerprint of an answer as it was shown, which tells a later save whether someone else changed it."""
    return hashlib.sha256(json.dumps(raw, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]
