"""A dossier's form as it stands: questions, answers, files, and what follows from them.

There is one reading of a form. The sidebar, the recap, the live estimate, the guard of the transmission and the
snapshot all ask this module, so that they can never disagree.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from django import forms
from django.utils import timezone

from dossiers import conditions, de_minimis, eligibility, kinds, scores
from dossiers.eligibility import Eligibility
from dossiers.enums import Scan
from dossiers.models import Attachment, DossierStage, Question, Section, TemplateFile
from funding.schedule import calculation
from funding.schedule.estimates import Estimate
from funding.schedule.terms import Terms, UnknownTrack


@dataclass(frozen=True)
class Correction:
    """What a request for modification opens (D11): everything, or the questions remarked and what follows from them."""

    at: dt.datetime
    opens_everything: bool
    remarks: Mapping[str, str]
    #: The questions whose answer or files changed since the request.
    changed: frozenset[str] = frozenset()

    @property
    def is_partial(self) -> bool:
        return not self.opens_everything and bool(self.remarks)


@dataclass
class Entry:
    """One question with its answer."""

    question: Question
    raw: kinds.Raw
    value: Any
    files: list[Attachment]
    context: kinds.Context
    shown: bool = True
    frozen: bool = False
    remark: str = ""
    #: The request for modification does not concern it: read-only.
    locked: bool = False
    #: Changed since the request for modification.
    corrected: bool = False
    #: Typed when the server could not take it, found again, not saved yet.
    parked: bool = False
    template_file: TemplateFile | None = None
    #: When its form was published: from then on the question never changes.
    published_at: dt.datetime | None = None
    #: What someone else saved meanwhile, in words, when this save came too late (D6).
    conflict: list[kinds.Line] | None = None
    file_errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stored = self.raw

    @property
    def code(self) -> str:
        return self.question.code

    @property
    def anchor(self) -> str:
        return f"question-{self.question.code}"

    @property
    def kind(self) -> kinds.Kind:
        return kinds.of(self.question)

    @property
    def editable(self) -> bool:
        """Whether the référent may change it now: the one rule, for the page, the answers and the files."""
        return not self.frozen and not self.locked

    @property
    def is_plain(self) -> bool:
        """Whether the form shows it as in any other dossier where the same was typed: nothing else is said of it."""
        said = self.remark or self.corrected or self.parked or self.conflict or self.file_errors or self.files
        is_stored = self.raw == self.stored and not self.is_invalid
        return self.editable and is_stored and not said and "expected" not in self.question.options

    @cached_property
    def base(self) -> str:
        """Fingerprint of the answer as stored, which the page sends back."""
        return kinds.digest(self.stored)

    def retype(self, raw: kinds.Raw, value: Any) -> None:
        """Put an answer in place of another."""
        self.raw, self.value = raw, value
        for name in ("is_answered", "checked"):
            self.__dict__.pop(name, None)

    def keep(self) -> None:
        """What is shown is now what is stored."""
        self.stored = self.raw
        self.__dict__.pop("base", None)

    @cached_property
    def is_answered(self) -> bool:
        return not self.infected and self.kind.is_answered(self.question, self.value, self.files)

    @property
    def infected(self) -> list[Attachment]:
        """Its files in which the antivirus found something: nothing is transmitted with them (Q28)."""
        return [file for file in self.files if file.scan == Scan.INFECTED]

    @property
    def is_invalid(self) -> bool:
        """Something was typed that cannot be understood."""
        return bool(self.raw) and self.value is None

    @property
    def is_missing(self) -> bool:
        return self.shown and self.question.mandatory and not self.is_answered

    @property
    def is_wrong(self) -> bool:
        """A field holds something that cannot be understood; an answer half typed is not wrong."""
        return self.is_invalid and bool(self.form.errors)

    @property
    def state(self) -> str:
        """`invalid`, `correct` (a remark waits), `corrected`, `answered`, `missing` or `optional`: what the sidebar
        shows."""
        if self.infected or self.is_wrong:
            return "invalid"
        if self.is_invalid:
            return "missing"
        if self.corrected:
            return "corrected"
        if self.remark:
            return "correct"
        if self.is_answered:
            return "answered"
        return "missing" if self.question.mandatory else "optional"

    @cached_property
    def checked(self) -> tuple[forms.Form, list[str]]:
        """The question's Django form, and what is still awaited in the fields left blank: that is no error yet."""
        if not self.raw:
            return self.kind.unbound_form(self.question, self.context), []
        form = self.kind.bound_form(self.question, self.raw, self.context)
        awaited: list[str] = []
        for name, errors in list(form.errors.as_data().items()):
            if name in form.fields and name not in self.raw:
                label = str(form.fields[name].label)
                awaited += [label if error.code == "required" else error.messages[0] for error in errors]
                del form.errors[name]
        return form, awaited

    @property
    def form(self) -> forms.Form:
        """The question's Django form: bound to what was typed, unbound while nothing was."""
        return self.checked[0]

    @property
    def awaited(self) -> list[str]:
        """What a half-typed answer still lacks, in words."""
        return self.checked[1] if self.is_invalid else []

    @property
    def errors(self) -> list[FieldError]:
        """What is wrong, field by field, with where to put the cursor."""
        if not self.is_invalid:
            return []
        form = self.form
        return [
            FieldError(form[name].auto_id if name in form.fields else self.anchor, str(message))
            for name, messages in form.errors.items()
            for message in messages
        ]

    @property
    def lines(self) -> list[kinds.Line]:
        """The answer in words."""
        return self.kind.lines(self.question, self.value) if self.value is not None else []

    @property
    def typed_lines(self) -> list[kinds.Line]:
        """What was typed, as it is: the words for an answer that cannot be understood."""
        texts = [text if isinstance(text, str) else ", ".join(text) for text in self.raw.values()]
        return [kinds.Line("", text) for text in texts]

    @property
    def expected_files(self) -> int | None:
        """How many files are expected when an earlier answer tells it: one OPSSIMS per EJ (Q&A 2.3)."""
        rule = self.question.options.get("expected")
        value = self.context.values.get(rule["question"]) if rule else None
        if rule is None or value is None:
            return None
        return int(value[rule["fact"]])


@dataclass(frozen=True)
class FieldError:
    """`target` is the id of the field, or of its group."""

    target: str
    text: str


@dataclass(frozen=True)
class Completion:
    """Mandatory questions shown, and how many have their answer."""

    answered: int
    total: int

    @property
    def percent(self) -> int:
        """Rounded down, so that 100 % always means complete."""
        return self.answered * 100 // self.total if self.total else 100

    @property
    def is_complete(self) -> bool:
        return self.answered == self.total


class Sheet:
    """The form of one étape of one dossier, in the order of its questions."""

    def __init__(
        self,
        dossier_stage: DossierStage,
        sections: list[tuple[Section, list[Question]]],
        *,
        answers: dict[str, tuple[kinds.Raw, Any]],
        files: list[Attachment],
        correction: Correction | None = None,
        terms: Terms | None = None,
        template_files: Mapping[int, TemplateFile] | None = None,
    ) -> None:
        self.dossier_stage = dossier_stage
        self.correction = correction
        self.terms = terms
        self.context = kinds.Context(dossier_stage.dossier.legal_entity)
        by_slot: dict[str, list[Attachment]] = {}
        for attachment in files:
            by_slot.setdefault(attachment.code, []).append(attachment)
        transmitted = dossier_stage.first_transmitted_at is not None
        self.sections: list[tuple[Section, list[Entry]]] = []
        for section, asked in sections:
            entries = []
            for question in asked:
                raw, value = answers.get(question.code, ({}, None))
                entries.append(
                    Entry(
                        question=question,
                        raw=raw,
                        value=value,
                        files=by_slot.get(question.code, []),
                        context=self.context,
                        frozen=question.frozen_after_transmission and transmitted,
                        remark=correction.remarks.get(question.code, "") if correction else "",
                        corrected=correction is not None and question.code in correction.changed,
                        published_at=dossier_stage.revision.published_at,
                        template_file=(template_files or {}).get(question.template_file_id or 0),
                    )
                )
            self.sections.append((section, entries))
        self.settle()
        if correction and correction.is_partial:
            self.lock(correction)

    def lock(self, correction: Correction) -> None:
        """Close what the verifier did not remark (D11), save what the remarked answers decide, what was already
        corrected, and what misses now: nobody is left with a dossier that can be neither changed nor transmitted."""
        opened = set(correction.remarks)
        for entry in self.entries:
            if opened & depended_on(entry.question):
                opened.add(entry.code)
            entry.locked = entry.code not in opened | correction.changed and not (
                entry.shown and (entry.is_missing or entry.is_invalid)
            )

    def settle(self) -> None:
        """Decide which questions are asked, in order: a condition only sees answers given before it and shown."""
        facts: dict[str, dict[str, Any]] = {}
        for entry in self.entries:
            entry.shown = conditions.holds(entry.question.shown_when, facts)
            self.context.values.pop(entry.code, None)
            if entry.shown and entry.value is not None:
                facts[entry.code] = self.context.values[entry.code] = entry.kind.facts(entry.value)

    @property
    def entries(self) -> list[Entry]:
        return [entry for _, entries in self.sections for entry in entries]

    @property
    def shown(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.shown]

    @property
    def shown_sections(self) -> list[tuple[Section, list[Entry]]]:
        """Sections with the questions asked, empty sections dropped: what is recapped and transmitted."""
        sections = [(section, [entry for entry in entries if entry.shown]) for section, entries in self.sections]
        return [(section, entries) for section, entries in sections if entries]

    @property
    def wrong(self) -> list[Entry]:
        return [entry for entry in self.shown if entry.is_wrong]

    @property
    def to_correct(self) -> list[Entry]:
        """What the last save could not understand, or found changed elsewhere, or refused to take."""
        return [entry for entry in self.shown if entry.is_wrong or entry.conflict or entry.file_errors]

    @property
    def parked(self) -> list[Entry]:
        """What was typed, put aside and found again (D6)."""
        return [entry for entry in self.entries if entry.parked]

    @property
    def template_files(self) -> list[TemplateFile]:
        """The models to download, each once, in the order of the form."""
        found = {entry.template_file.pk: entry.template_file for entry in self.entries if entry.template_file}
        return list(found.values())

    @property
    def remarked(self) -> list[Entry]:
        """The questions that the verifier remarked on."""
        return [entry for entry in self.entries if entry.remark]

    @property
    def missing(self) -> list[Entry]:
        """What prevents the transmission: mandatory questions without a valid answer, optional ones in error, files
        with a virus."""
        return [entry for entry in self.shown if entry.is_missing or entry.is_invalid or entry.infected]

    @property
    def completion(self) -> Completion:
        mandatory = [entry for entry in self.shown if entry.question.mandatory]
        return Completion(sum(entry.is_answered for entry in mandatory), len(mandatory))

    def retype(self, typed: dict[str, kinds.Raw]) -> None:
        """Put what was typed in place of what is stored, without saving: to show it again, or to estimate on it."""
        for entry in self.entries:
            raw = typed.get(entry.code)
            if raw is not None and entry.editable and entry.raw != raw:
                entry.retype(raw, entry.kind.clean(entry.question, raw, self.context))
        self.settle()

    def entry(self, code: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.code == code), None)

    @property
    def fingerprint(self) -> str:
        """What identifies everything a recap shows: transmitting something else than what was read is refused (Q35).
        The subsidy counts too: a new barème may come into force between the recap and the transmission."""
        digest = hashlib.sha256(f"{self.dossier_stage.revision_id}:".encode())
        for entry in self.shown:
            digest.update(f"{entry.code}:{kinds.digest(entry.raw)}:".encode())
            digest.update(",".join(str(attachment.pk) for attachment in entry.files).encode())
        if (estimate := self.estimate) is not None:
            digest.update(f"{estimate.schedule_id}:{estimate.total}".encode())
        return digest.hexdigest()

    @property
    def score(self) -> scores.Result | None:
        """What a self-assessment gives as it stands; None for a form without axes."""
        axes = self.dossier_stage.revision.axes
        return scores.compute(axes, [(entry.question, entry.value) for entry in self.shown]) if axes else None

    @property
    def eligibility(self) -> Eligibility:
        """Which EG count for the subsidy, and why the others do not (F2)."""
        entry = self.entry(self.dossier_stage.revision.perimeter_question)
        return eligibility.of(entry.value if entry and entry.shown else None)

    @property
    def eligible_sites(self) -> int:
        return len(self.eligibility.counted.sites)

    @property
    def track(self) -> str:
        """The parcours chosen, blank while none is."""
        entry = self.entry(self.dossier_stage.revision.track_question)
        return entry.value["choice"] if entry and entry.shown and entry.value else ""

    @property
    def estimate(self) -> Estimate | None:
        """The subsidy that the answers lead to (F1, F2); None while no parcours is chosen or no barème knows it."""
        if self.terms is None or not self.track:
            return None
        try:
            return calculation.estimate(self.terms, track=self.track, sites=self.eligible_sites)
        except UnknownTrack:
            return None

    @property
    def de_minimis(self) -> de_minimis.Position | None:
        """Where the aids declared and the estimate lead today (F3); None for a form that asks for no aids."""
        asked = [entry.value for entry in self.shown if entry.kind.code == de_minimis.KIND]
        if not asked:
            return None
        rows = [row for value in asked for row in de_minimis.rows_of(value)]
        subsidy = self.estimate.total if self.estimate else Decimal(0)
        return de_minimis.position(rows, subsidy=subsidy, on=timezone.localdate())


def depended_on(question: Question) -> set[str]:
    """The questions whose answers decide whether this one is asked, or what it expects."""
    expected = question.options.get("expected")
    return conditions.depends_on(question.shown_when) | ({expected["question"]} if expected else set())
