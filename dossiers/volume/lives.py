"""What befalls a dossier of a volume: étapes, transmissions, requests, decisions, and each line of its history.

The rows are those that the workflow would have written; nothing here decides what may happen.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.db.models import Model

from dossiers.demo.cast import REJECTION, REMARKS, REQUEST
from dossiers.enums import EventKind, Scan, Status
from dossiers.models import (
    Answer,
    Attachment,
    Dossier,
    DossierStage,
    Event,
    ModificationRequest,
    Remark,
    Stage,
    Transmission,
    TransmittedFile,
)
from dossiers.volume import moulds
from dossiers.volume.copying import written
from dossiers.volume.moulds import Mould
from dossiers.volume.people import Person
from dossiers.workflow.stages import REFERENCE_ALPHABET
from ecare import encryption
from establishments import search
from funding.schedule import calculation
from funding.schedule.terms import Terms

#: Of a hundred dossiers, how many stand at each status on their étape.
STATUSES = {
    Status.DRAFT: 18,
    Status.TRANSMITTED: 34,
    Status.MODIFICATION_REQUESTED: 10,
    Status.VALIDATED: 28,
    Status.REJECTED: 10,
}
#: Of those decided or transmitted, how many were corrected once before.
CORRECTED = 0.15
#: Of the étapes validated, how many went on to the next one.
WENT_ON = 0.4
#: Of the étapes that wait, how many are somebody's.
TAKEN = 0.6
#: How much of a draft is filled, on the average.
FILLED = 0.6
#: Days over which dossiers were begun.
SEASON = 120
FILE = "Pièce justificative.pdf"

#: The fields that each table receives, in the order of its rows.
FIELDS: dict[type[Model], tuple[str, ...]] = {
    Dossier: (
        *("id", "reference", "guichet", "legal_entity", "establishment_type", "referent", "created_at"),
        *("vacant_since", "search_text", "verifier", "assigned_at"),
    ),
    DossierStage: (
        *("id", "dossier", "stage", "revision", "is_current", "status", "created_at", "saved_at"),
        *("first_transmitted_at", "transmitted_at", "due_at", "decided_at", "is_instructed", "late_until"),
    ),
    Answer: ("dossier_stage", "code", "raw", "value", "updated_at"),
    Attachment: (
        *("id", "public_id", "dossier_stage", "code", "file", "name", "size", "sha256", "content_type"),
        *("uploaded_by", "uploaded_at", "archived_at", "position", "scan", "scanned_at", "threat"),
    ),
    Transmission: ("id", "dossier_stage", "number", "at", "by", "answers", "applicant", "estimate", "schedule"),
    TransmittedFile: ("transmission", "attachment", "position"),
    ModificationRequest: (
        *("id", "dossier_stage", "transmission", "message", "due_at", "opens_everything", "by", "at", "answered_at"),
    ),
    Remark: ("request", "code", "text"),
    Event: (
        *("dossier", "dossier_stage", "kind", "at", "actor", "from_status", "to_status", "message"),
        *("former", "successor"),
    ),
}


@dataclass(frozen=True)
class Entity:
    """An EJ as far as its dossiers copy it; `sites` are described as a perimeter keeps them."""

    key: int
    finess: str
    name: str
    display_name: str
    kinds: tuple[str, ...]
    region: str
    long_name: str
    sites: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Step:
    """An étape, with the moulds of its form; none when nothing is published."""

    stage: Stage
    moulds: Sequence[Mould]
    terms: Terms | None


@dataclass
class Keys:
    """The next key of each table whose rows are named by others."""

    next: dict[type[Model], int]

    def take(self, model: type[Model]) -> int:
        self.next[model] += 1
        return self.next[model]


@dataclass
class File:
    """The one document that every slot of a volume holds."""

    name: str
    size: int
    sha256: str


@dataclass
class Rows:
    """What a batch of dossiers writes, by table, in the order in which tables name each other."""

    by_model: dict[type[Model], list[tuple[Any, ...]]] = field(default_factory=lambda: {model: [] for model in FIELDS})

    def add(self, model: type[Model], *row: Any) -> None:
        self.by_model[model].append(row)


def reference(number: int) -> str:
    """The reference of the nth dossier: as random as it looks, and the same each time."""
    value = int.from_bytes(hashlib.sha256(f"volume {number}".encode()).digest()[:8])
    letters = []
    for _ in range(10):
        value, place = divmod(value, len(REFERENCE_ALPHABET))
        letters.append(REFERENCE_ALPHABET[place])
    return "".join(letters)


def iban(number: int) -> str:
    """The nth French account of a bank that does not exist, its keys right."""
    bank, branch, account = 99999, number // 1000 % 100_000, number
    key = 97 - (89 * bank + 15 * branch + 3 * account) % 97
    digits = f"{bank:05d}{branch:05d}{account:011d}{key:02d}"
    return f"FR{98 - int(f'{digits}152700') % 97:02d}{digits}"


@lru_cache(maxsize=2000)
def estimate(terms: Terms, track: str, sites: int) -> str:
    return written(calculation.estimate(terms, track=track, sites=sites).as_json())


class Life:
    """One dossier, from its creation to where it stands now."""

    def __init__(
        self,
        rows: Rows,
        keys: Keys,
        *,
        number: int,
        entity: Entity,
        referent: Person,
        verifiers: Sequence[Person],
        steps: Sequence[Step],
        kind: str,
        file: File,
        now: dt.datetime,
    ) -> None:
        self.rows, self.keys, self.entity, self.referent, self.file, self.now = rows, keys, entity, referent, file, now
        self.steps, self.number = steps, number
        self.chance = chance = random.Random(number)
        self.verifier = chance.choice(verifiers)
        self.key, self.reference = keys.take(Dossier), reference(number)
        self.at = now - dt.timedelta(days=chance.uniform(1, SEASON))
        name = entity.name or entity.long_name
        self.holder = name[:60] or "Établissement"
        words = [self.reference, entity.finess, entity.name, entity.long_name, referent.full_name, referent.email]
        # One région, so that the form asks every one the same.
        self.sites = [site for site in entity.sites if site["region"] == entity.sites[0]["region"]]
        words += [site["finess"] for site in self.sites] if any(step.moulds[0].perimeters for step in steps) else []
        guichet = steps[0].stage.guichet_id
        row = (self.key, self.reference, guichet, entity.key, kind, referent.key, self.at, None)
        self.row = (*row, search.searchable(*words))
        self.assigned_at: dt.datetime | None = None

    def live(self) -> None:
        """Write every row of it: one étape, or the first one validated and the next."""
        status = self.draw()
        goes_on = status == Status.VALIDATED and len(self.steps) > 1 and self.chance.random() < WENT_ON
        after = self.draw() if goes_on else None
        # The last étape transmitted is the one that instruction reads.
        self.stand(self.steps[0], status, is_current=not goes_on, left=after not in (None, Status.DRAFT))
        if after is not None:
            self.stand(self.steps[1], after, is_first=False)
        self.rows.add(Dossier, *self.row, self.verifier.key if self.assigned_at else None, self.assigned_at)

    def draw(self) -> Status:
        return self.chance.choices(list(STATUSES), list(STATUSES.values()))[0]

    def later(self, most: float) -> dt.datetime:
        """An instant after the last one, in the past."""
        self.at = min(self.at + dt.timedelta(days=self.chance.uniform(0.01, most)), self.now)
        return self.at

    def stand(
        self, step: Step, status: Status, *, is_first: bool = True, is_current: bool = True, left: bool = False
    ) -> None:
        """One étape, led to that status. `left`: a later étape was transmitted."""
        mould = self.chance.choice(step.moulds)
        key, created = self.keys.take(DossierStage), self.at if is_first else self.later(10)
        self.tell(key, EventKind.CREATED if is_first else EventKind.STAGE_STARTED, self.referent, to=Status.DRAFT)
        answers = self.answers(mould)
        if status == Status.DRAFT:
            kept = [code for code in answers if self.chance.random() < FILLED]
            answers = {code: answers[code] for code in kept}
        slots = [code for code in mould.files if status != Status.DRAFT or self.chance.random() < FILLED]
        files = [self.deposit(key, code) for code in slots]
        saved = self.later(4)
        for code, (raw, value) in answers.items():
            self.rows.add(Answer, key, code, raw, value, saved)
        first = transmitted = due = decided = None
        if status != Status.DRAFT:
            first = transmitted = self.later(3)
            sent = self.transmit(key, 1, step, mould, answers, files)
            self.tell(key, EventKind.TRANSMITTED, self.referent, Status.DRAFT, Status.TRANSMITTED)
            if self.assigned_at is None and (status != Status.TRANSMITTED or self.chance.random() < TAKEN):
                self.assigned_at = self.later(5)
                self.tell(key, EventKind.ASSIGNED, self.verifier, successor=self.verifier.key)
            if status == Status.MODIFICATION_REQUESTED:
                due = self.ask(key, sent, answered=None)
            elif self.chance.random() < CORRECTED:
                self.ask(key, sent, answered=self.at + dt.timedelta(hours=1))
                transmitted = self.later(0.1)
                self.transmit(key, 2, step, mould, answers, files)
                before = Status.MODIFICATION_REQUESTED
                self.tell(key, EventKind.TRANSMITTED, self.referent, before, Status.TRANSMITTED)
            if status in (Status.VALIDATED, Status.REJECTED):
                decided = self.later(20)
                kind = EventKind.VALIDATED if status == Status.VALIDATED else EventKind.REJECTED
                message = REJECTION if status == Status.REJECTED else ""
                self.tell(key, kind, self.verifier, Status.TRANSMITTED, status, message)
        row = (key, self.key, step.stage.pk, mould.revision.pk, is_current, status, created, saved)
        is_instructed = status != Status.DRAFT and not left
        self.rows.add(DossierStage, *row, first, transmitted, due, decided, is_instructed, None)

    def answers(self, mould: Mould) -> dict[str, tuple[str, str]]:
        """Those of the mould, with what is this establishment's own; each as (raw, value), in JSON."""
        answers = dict(mould.written)
        for code in mould.contacts:
            answers[code] = (contact := written(moulds.contact(self.chance)), contact)
        for code in mould.banks:
            secret = encryption.encrypt(iban(self.number))
            answers[code] = (bank := written({"holder": self.holder, "iban": secret, "bic": "AGRIFRPP"}), bank)
        for code in mould.perimeters:
            sites = [site["finess"] for site in self.sites]
            raw = written(dict.fromkeys(mould.answers[code][0], sites))
            answers[code] = (raw, written({"sites": self.sites}))
        return answers

    def deposit(self, stage: int, code: str) -> int:
        key, at = self.keys.take(Attachment), self.later(2)
        public_id = uuid.UUID(int=self.chance.getrandbits(128), version=4)
        row = (key, public_id, stage, code, self.file.name, FILE, self.file.size, self.file.sha256, "application/pdf")
        self.rows.add(Attachment, *row, self.referent.key, at, None, 0, Scan.CLEAN, at, "")
        self.tell(stage, EventKind.FILE_ADDED, self.referent, message=FILE)
        return key

    def transmit(
        self, stage: int, number: int, step: Step, mould: Mould, answers: dict[str, tuple[str, str]], files: list[int]
    ) -> int:
        key = self.keys.take(Transmission)
        said = ", ".join(f'"{code}": {value}' for code, (_, value) in answers.items())
        applicant = {
            "finess": self.entity.finess,
            "name": self.entity.name,
            "type": self.entity.kinds[0].upper() if self.entity.kinds else "",
            "region": self.entity.region,
            "referent": self.referent.full_name,
            "referent_email": self.referent.email,
        }
        amount = schedule = None
        if step.terms is not None and mould.track:
            eligible = sum(1 for site in self.sites if site["essms"] and site["equipped"])
            amount, schedule = estimate(step.terms, mould.track, eligible), step.terms.schedule_id
        self.rows.add(
            Transmission,
            key,
            stage,
            number,
            self.at,
            self.referent.key,
            f"{{{said}}}",
            written(applicant),
            amount,
            schedule,
        )
        for position, file in enumerate(files, start=1):
            self.rows.add(TransmittedFile, key, file, position)
        return key

    def ask(self, stage: int, transmission: int, *, answered: dt.datetime | None) -> dt.datetime:
        """A request for modification; returns its due date."""
        at = self.later(15)
        due = self.now + dt.timedelta(days=self.chance.uniform(-3, 14)) if answered is None else at
        key = self.keys.take(ModificationRequest)
        replied = None if answered is None else max(answered, at)
        row = (key, stage, transmission, REQUEST, due, False, self.verifier.key, at, replied)
        self.rows.add(ModificationRequest, *row)
        for code, text in REMARKS.items():
            self.rows.add(Remark, key, code, text)
        kind = EventKind.MODIFICATION_REQUESTED
        self.tell(stage, kind, self.verifier, Status.TRANSMITTED, Status.MODIFICATION_REQUESTED, REQUEST)
        return due

    def tell(
        self,
        stage: int,
        kind: EventKind,
        by: Person,
        before: Status | str = "",
        to: Status | str = "",
        message: str = "",
        successor: int | None = None,
    ) -> None:
        self.rows.add(Event, self.key, stage, kind, self.at, by.key, before, to, message, None, successor)
