"""A dossier's form as it stands: questions, answers, files, and what follows from them.

There is one reading of a form. The sidebar, the recap, the live estimate, the guard of the transmission and the
snapshot all ask this module, so that they can never disagree.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django import forms

from dossiers import conditions, kinds
from dossiers.models import Attachment, DossierStage, Question, Section
from establishments.models import GeographicEntity
from funding.schedule import calculation


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
    #: What someone else saved meanwhile, in words, when this save came too late (D6).
    conflict: list[kinds.Line] | None = None
    #: Whether the subsidy depends on this answer.
    drives_estimate: bool = False
    #: Fingerprint of the answer as stored, which the page sends back.
    base: str = ""
    file_errors: list[str] = field(default_factory=list)

    @property
    def code(self) -> str:
        return self.question.code

    @property
    def anchor(self) -> str:
        return f"question-{self.question.code}"

    @property
    def kind(self) -> kinds.Kind:
        return kinds.of(self.question)

    @cached_property
    def is_answered(self) -> bool:
        return self.kind.is_answered(self.question, self.value, self.files)

    @property
    def is_invalid(self) -> bool:
        """Something was typed that cannot be understood."""
        return bool(self.raw) and self.value is None

    @property
    def is_missing(self) -> bool:
        return self.shown and self.question.mandatory and not self.is_answered

    @property
    def state(self) -> str:
        """`invalid`, `correct` (a remark waits), `answered`, `missing` or `optional`: what the sidebar shows."""
        if self.is_invalid:
            return "invalid"
        if self.remark:
            return "correct"
        if self.is_answered:
            return "answered"
        return "missing" if self.question.mandatory else "optional"

    @cached_property
    def form(self) -> forms.Form:
        """The question's Django form: bound to what was typed, unbound while nothing was."""
        if self.raw:
            return self.kind.bound_form(self.question, self.raw, self.context)
        return self.kind.unbound_form(self.question, self.context)

    @property
    def site_rows(self) -> list[SiteRow]:
        """Every EG that a perimeter offers, with what was ticked; and those ticked before they left FINESS, which
        would otherwise be dropped from the perimeter without a word."""
        chosen, equipped = set(self.raw.get("sites", [])), set(self.raw.get("equipped", []))
        gone = self.context.gone((chosen | equipped) - {site.finess for site in self.context.sites})
        return [
            SiteRow(site, chosen=site.finess in chosen, equipped=site.finess in equipped, gone=site in gone)
            for site in [*self.context.sites, *gone]
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
class SiteRow:
    entity: GeographicEntity
    chosen: bool
    equipped: bool
    #: No longer active, or no longer an EG of the EJ.
    gone: bool


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
        remarks: dict[str, str],
        terms: calculation.Terms | None,
    ) -> None:
        self.dossier_stage = dossier_stage
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
                        remark=remarks.get(question.code, ""),
                        base=kinds.digest(raw),
                        drives_estimate=question.code
                        in (dossier_stage.revision.track_question, dossier_stage.revision.perimeter_question),
                    )
                )
            self.sections.append((section, entries))
        self.settle()

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
    def invalid(self) -> list[Entry]:
        return [entry for entry in self.shown if entry.is_invalid]

    @property
    def to_correct(self) -> list[Entry]:
        """What the last save could not understand, or found changed elsewhere, or refused to take."""
        return [entry for entry in self.shown if entry.is_invalid or entry.conflict or entry.file_errors]

    @property
    def remarked(self) -> list[Entry]:
        """The questions that the verifier remarked on."""
        return [entry for entry in self.entries if entry.remark]

    @property
    def missing(self) -> list[Entry]:
        """What prevents the transmission: mandatory questions without a valid answer, and optional ones in error."""
        return [entry for entry in self.shown if entry.is_missing or entry.is_invalid]

    @property
    def completion(self) -> Completion:
        mandatory = [entry for entry in self.shown if entry.question.mandatory]
        return Completion(sum(entry.is_answered for entry in mandatory), len(mandatory))

    def retype(self, typed: dict[str, kinds.Raw]) -> None:
        """Put what was typed in place of what is stored, without saving: to show it again, or to estimate on it."""
        for entry in self.entries:
            if entry.code in typed and not entry.frozen and entry.raw != typed[entry.code]:
                entry.raw = typed[entry.code]
                entry.value = entry.kind.clean(entry.question, entry.raw, self.context)
        self.settle()

    def entry(self, code: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.code == code), None)

    @property
    def fingerprint(self) -> str:
        """What identifies everything a recap shows: transmitting something else than what was read is refused (Q35).
        The subsidy counts too: a new barème may come into force between the recap and the transmission."""
        digest = hashlib.sha256()
        for entry in self.shown:
            digest.update(f"{entry.code}:{kinds.digest(entry.raw)}:".encode())
            digest.update(",".join(str(attachment.pk) for attachment in entry.files).encode())
        if (estimate := self.estimate) is not None:
            digest.update(f"{estimate.schedule_id}:{estimate.total}".encode())
        return digest.hexdigest()

    @property
    def eligible_sites(self) -> int:
        entry = self.entry(self.dossier_stage.revision.perimeter_question)
        return kinds.eligible_sites(entry.value) if entry and entry.shown else 0

    @property
    def track(self) -> str:
        """The parcours chosen, blank while none is."""
        entry = self.entry(self.dossier_stage.revision.track_question)
        return entry.value["choice"] if entry and entry.shown and entry.value else ""

    @property
    def estimate(self) -> calculation.Estimate | None:
        """The subsidy that the answers lead to (F1, F2); None while no parcours is chosen or no barème knows it."""
        if self.terms is None or not self.track:
            return None
        try:
            return calculation.estimate(self.terms, track=self.track, sites=self.eligible_sites)
        except calculation.UnknownTrack:
            return None
