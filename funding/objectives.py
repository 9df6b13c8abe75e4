"""The objectives of a dossier: what was presented of each, what was decided, what that gives (F5, Q&A 3.5). Pure: no
database, no clock.

The barème names the objectives of a parcours by code. In the form of the étape, that code is a question (« Atteint »,
« Atteint en partie »…) or one of the choices of a question (those that are optional). The proofs are the files asked
because of that answer: an objective is presented once the form asks for its proofs.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dossiers import conditions, kinds
from dossiers.models import Attachment, Question
from ecare import french
from funding.enums import ObjectiveState
from funding.schedule import calculation
from funding.schedule.terms import Objective


@dataclass(frozen=True)
class Reply:
    """What the référent says of an objective in the form of the étape."""

    objective: Objective
    #: In words; blank when nothing is said of it.
    answer: str = ""
    is_presented: bool = False
    proofs: tuple[Attachment, ...] = ()
    #: The question whose remark asks for more about it (D11); blank when the form does not ask for it.
    question: str = ""
    #: Identifies all of the above: a decision on something else no longer stands.
    seen: str = ""


def replies(
    objectives: Iterable[Objective],
    questions: Sequence[Question],
    answers: Mapping[str, Any],
    files: Mapping[str, Sequence[Attachment]],
) -> list[Reply]:
    """What is said of each objective by `answers` (the values) and `files`, both by code of question."""
    facts: dict[str, dict[str, Any]] = {}
    asked = []
    for question in questions:
        if conditions.holds(question.shown_when, facts):
            asked.append(question)
            if (value := answers.get(question.code)) is not None:
                facts[question.code] = kinds.of(question).facts(value)
    return [reply(objective, questions, asked, facts, answers, files) for objective in objectives]


def reply(
    objective: Objective,
    questions: Sequence[Question],
    asked: Sequence[Question],
    facts: Mapping[str, Mapping[str, Any]],
    answers: Mapping[str, Any],
    files: Mapping[str, Sequence[Attachment]],
) -> Reply:
    own = next((each for each in asked if each.code in (objective.code, *choosing(objective, questions))), None)
    if own is None:
        return Reply(objective)
    slots = [each for each in questions if proves(each, own, objective)]
    wanted = [each for each in slots if each in asked]
    value = answers.get(own.code)
    chosen = facts.get(own.code, {}).get("value")
    is_own = own.code == objective.code
    if is_own:
        is_presented = value is not None and (bool(wanted) or not slots)
        answer = " ".join(line.text for line in kinds.of(own).lines(own, value)) if value is not None else ""
    else:
        is_presented = isinstance(chosen, list) and objective.code in chosen
        answer = "Choisi" if is_presented else ""
    proofs = tuple(file for each in wanted for file in files.get(each.code, ())) if is_presented else ()
    digest = json.dumps(
        [chosen if is_own else is_presented, sorted(str(file.public_id) for file in proofs)], default=str
    )
    return Reply(
        objective,
        answer,
        is_presented,
        proofs,
        question=own.code if is_own or not wanted else wanted[0].code,
        seen=hashlib.sha256(digest.encode()).hexdigest(),
    )


def choosing(objective: Objective, questions: Iterable[Question]) -> list[str]:
    """The questions of several answers that offer the objective as a choice."""
    return [
        each.code
        for each in questions
        if each.kind == "multiple_choice"
        and any(choice["value"] == objective.code for choice in each.options.get("choices", ()))
    ]


def proves(slot: Question, own: Question, objective: Objective) -> bool:
    """Whether a question asks for files because of what `own` answers of the objective."""
    if not kinds.of(slot).has_files:
        return False
    leaves = [each for each in conditions.leaves(slot.shown_when) if each["question"] == own.code]
    return bool(leaves) if own.code == objective.code else any(objective.code in each.get("in", ()) for each in leaves)


@dataclass(frozen=True)
class Decision:
    """What was decided of an objective (`funding.models.ObjectiveDecision`)."""

    state: str
    reason: str
    #: The reply it was decided on.
    seen: str
    version: int
    by_id: int
    by: str
    at: dt.datetime

    @property
    def label(self) -> str:
        return ObjectiveState(self.state).label


@dataclass(frozen=True)
class Row:
    """An objective of the parcours, what the référent says of it, and what was decided."""

    reply: Reply
    #: What it is worth in euros, once accepted; None before the subsidy is granted.
    amount: Decimal | None
    decision: Decision | None = None

    @property
    def objective(self) -> Objective:
        return self.reply.objective

    @property
    def is_presented(self) -> bool:
        return self.reply.is_presented

    @property
    def is_stale(self) -> bool:
        """Whether what was decided is no longer what the référent presents."""
        return self.is_presented and self.decision is not None and self.decision.seen != self.reply.seen

    @property
    def state(self) -> str:
        """`accepted`, `refused`; blank while it is to be decided, or when it is not presented."""
        if not self.is_presented or self.decision is None or self.is_stale:
            return ""
        return self.decision.state

    @property
    def is_accepted(self) -> bool:
        return self.state == ObjectiveState.ACCEPTED

    @property
    def is_refused(self) -> bool:
        return self.state == ObjectiveState.REFUSED

    @property
    def is_waiting(self) -> bool:
        return self.is_presented and not self.state

    @property
    def version(self) -> int:
        """The decision that the page shows; 0 when there is none."""
        return self.decision.version if self.decision else 0


@dataclass(frozen=True)
class Objectives:
    """The objectives of a dossier's parcours, in the order of its barème."""

    track_label: str
    #: In euros, what a control left of it; None before it is granted.
    granted: Decimal | None
    rows: tuple[Row, ...]
    #: The number of the transmission that presents them; 0 while they are being written.
    number: int = 0
    #: The parcours that the form of the étape names, when it is another one.
    other_track: str = ""

    @property
    def presented(self) -> list[Row]:
        return [row for row in self.rows if row.is_presented]

    @property
    def absent(self) -> list[Row]:
        return [row for row in self.rows if not row.is_presented]

    @property
    def waiting(self) -> list[Row]:
        return [row for row in self.rows if row.is_waiting]

    @property
    def accepted(self) -> list[Row]:
        return [row for row in self.rows if row.is_accepted]

    @property
    def refused(self) -> list[Row]:
        return [row for row in self.rows if row.is_refused]

    @property
    def payable(self) -> Decimal | None:
        """What those accepted give, in euros."""
        return self.worth(self.accepted)

    @property
    def declared(self) -> Decimal | None:
        """What those presented would give if all were accepted, in euros."""
        return self.worth(self.presented)

    def worth(self, rows: Iterable[Row]) -> Decimal | None:
        if self.granted is None:
            return None
        return sum((row.amount for row in rows if row.amount is not None), Decimal("0.00"))

    def row(self, code: str) -> Row | None:
        return next((row for row in self.rows if row.objective.code == code), None)

    @property
    def left(self) -> str:
        """Which are still to be decided, in French."""
        names = ", ".join(french.quoted(row.objective.label) for row in self.waiting)
        what = french.count(len(self.waiting), "objectif présenté est", "objectifs présentés sont")
        return f"{what} encore à accepter ou à refuser\u00a0: {names}."

    def words(self, *, is_rejected: bool = False) -> str:
        """What an e-mail says of them, one paragraph each."""
        shares = [f"- {row.objective.label} ({percent(row.objective.share)})" for row in self.accepted]
        reasons = [
            f"- {row.objective.label}. Motif\u00a0: {row.decision.reason}" for row in self.refused if row.decision
        ]
        lists = [("Objectifs acceptés", shares), ("Objectifs refusés", reasons)]
        paragraphs = ["\n".join([f"{title}\u00a0:", *lines]) for title, lines in lists if lines]
        if not is_rejected:
            paragraphs.append(f"{self.summary}.")
        return "\n\n".join(paragraphs)

    @property
    def summary(self) -> str:
        """« 3 objectifs sur 5 acceptés : 42 300 € sur 102 000 € »."""
        return summary(len(self.accepted), len(self.presented), self.payable, self.granted)


def percent(share: Decimal) -> str:
    """« 40 % », « 12,5 % »."""
    return f"{french.number(share.normalize())}\u00a0%"


def summary(accepted: int, presented: int, amount: Decimal | None, granted: Decimal | None) -> str:
    """« 3 objectifs sur 5 acceptés : 42 300 € sur 102 000 € », without the euros before the subsidy is granted."""
    plural = "s" if accepted > 1 else ""
    said = f"{accepted or 'Aucun'} objectif{plural} sur {presented} accepté{plural}"
    if amount is None or granted is None:
        return said
    return f"{said}\u00a0: {french.euros(amount)} sur {french.euros(granted)}"


def rows(found: Sequence[Reply], granted: Decimal | None, decisions: Mapping[str, Decision]) -> tuple[Row, ...]:
    """Each objective with its part of what is granted: the parts make it up to the cent when the shares total 100 %."""
    shares = [each.objective.share for each in found]
    worth: Sequence[Decimal | None] = [None] * len(found) if granted is None else calculation.parts(granted, shares)
    return tuple(
        Row(each, amount, decisions.get(each.objective.code)) for each, amount in zip(found, worth, strict=True)
    )


def payable(ceiling: Decimal, objectives: Sequence[Objective], accepted: Collection[str]) -> Decimal:
    """The euros, out of `ceiling`, that the objectives of the codes `accepted` let be paid; all of them on a parcours
    without objectives (Q&A 3.5)."""
    if not objectives:
        return ceiling
    worth = zip(objectives, calculation.parts(ceiling, [one.share for one in objectives]), strict=True)
    return sum((part for one, part in worth if one.code in accepted), Decimal("0.00"))
