"""The columns that an export offers: what the list knows of a dossier, then every answer to every form (I7)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from typing import Any

from django.db.models import Exists, OuterRef

from dossiers import kinds, queries
from dossiers.enums import Status
from dossiers.kinds.base import Cell, Kind
from dossiers.kinds.contact import Contact
from dossiers.models import FormRevision, Question, Transmission
from dossiers.models.dossiers import DossierStageQuerySet
from ecare import french
from ecare.encryption import SecretJSONField
from establishments.enums import EstablishmentType

Read = Callable[[Any], Cell]


def as_it_is(value: Any) -> Cell:
    return value or None


def moment(value: dt.datetime | None) -> Cell:
    """The instant as the clocks of Paris said it."""
    return value.astimezone(french.PARIS).replace(tzinfo=None) if value else None


def last_moment(value: dt.datetime | None) -> Cell:
    """The last second before an instant that is refused, as the clocks of Paris said it."""
    return moment(value - dt.timedelta(seconds=1)) if value else None


def opened(value: Any) -> Any:
    """An answer read without its field, its secrets in clear."""
    field = Transmission._meta.get_field("answers")
    assert isinstance(field, SecretJSONField)
    return field.opened(value)


def of_estimate(key: str) -> Read:
    return lambda estimate: estimate[key] if estimate else None


@dataclass(frozen=True)
class Fixed:
    """Something known of any dossier: where it is read, and what is made of it."""

    label: str
    path: str
    read: Read = as_it_is


OF_TRANSMISSION = "transmission."
#: What every dossier has, in the order of the file. `transmission.` begins what its last transmission says.
FIXED: dict[str, Fixed] = {
    "reference": Fixed("Référence", "dossier__reference"),
    "guichet": Fixed("Guichet", "dossier__guichet__short_title"),
    "etape": Fixed("Étape", "stage__title"),
    "statut": Fixed("Statut", "status", lambda value: Status(value).label),
    "finess": Fixed("FINESS EJ", "dossier__legal_entity__finess"),
    "raison-sociale": Fixed("Raison sociale", "dossier__legal_entity__name"),
    "type": Fixed("Type d'établissement", "dossier__establishment_type", lambda value: EstablishmentType(value).label),
    "region": Fixed("Région", "dossier__legal_entity__region__name"),
    "departement": Fixed("Département", "dossier__legal_entity__departement__name"),
    "referent-nom": Fixed("Référent – nom", "dossier__referent__last_name"),
    "referent-prenom": Fixed("Référent – prénom", "dossier__referent__first_name"),
    "referent-email": Fixed("Référent – adresse e-mail", "dossier__referent__email"),
    "verificateur": Fixed("Vérificateur – nom", "dossier__verifier__last_name"),
    "cree": Fixed("Créé le", "dossier__created_at", moment),
    "premiere-transmission": Fixed("Première transmission", "first_transmitted_at", moment),
    "transmission": Fixed("Dernière transmission", "transmitted_at", moment),
    "transmissions": Fixed("Nombre de transmissions", "transmission.number", Decimal),
    "echeance": Fixed("Échéance de la modification", "due_at", last_moment),
    "decision": Fixed("Décision", "decided_at", moment),
    "parcours": Fixed("Parcours", "transmission.estimate", of_estimate("track_label")),
    "sites": Fixed("Entités subventionnées", "transmission.estimate", lambda it: Decimal(it["sites"]) if it else None),
    "montant": Fixed(
        "Subvention estimée (€)", "transmission.estimate", lambda it: Decimal(it["total"]) if it else None
    ),
}
#: What is ticked before anybody chose.
USUAL = [code for code in FIXED if code not in {"type", "cree", "premiere-transmission", "transmissions"}]


@dataclass(frozen=True)
class Offered:
    """A column that may be chosen. One question may fill several in the file: a bank account, a contact."""

    code: str
    label: str


@dataclass(frozen=True)
class Group:
    title: str
    offered: list[Offered]


@dataclass(frozen=True)
class Asked:
    """One question of an étape, through all the forms that asked it."""

    stage: int
    code: str
    #: The question in each form, by key of the form.
    questions: Mapping[int, Question]
    #: Whose headings of the file are these, the newest form first; a form asks what it wants, a heading stays.
    headings: list[str]

    @property
    def newest(self) -> Question:
        return next(iter(self.questions.values()))

    @cached_property
    def width(self) -> int:
        return len(self.headings)

    @cached_property
    def blanks(self) -> list[Cell]:
        """What stands for no answer, not to be written to."""
        return [None] * self.width

    @cached_property
    def asked_by(self) -> dict[int, tuple[Question, Kind]]:
        """The question in each form, with its kind: asked for every row."""
        return {revision: (question, kinds.of(question)) for revision, question in self.questions.items()}

    @cached_property
    def has_files(self) -> bool:
        return any(kind.has_files for _, kind in self.asked_by.values())

    @cached_property
    def places(self) -> dict[int, list[int] | None]:
        """Where the cells of each form go among the headings; None when they are these headings."""
        found: dict[int, list[int] | None] = {}
        for revision, question in self.questions.items():
            own = kinds.of(question).columns(question)
            found[revision] = None if own == self.headings else [self.headings.index(each) for each in own]
        return found

    def cells(self, revision: int, value: Any, files: list[Any]) -> list[Cell]:
        """The cells of an answer, as many as headings."""
        if revision not in self.questions or (value is None and not files):
            return self.blanks
        question, kind = self.asked_by[revision]
        cells = kind.cells(question, opened(value) if kind.holds_secrets else value, files)
        places = self.places[revision]
        if places is None:
            return cells
        placed: list[Cell] = [None] * self.width
        for place, cell in zip(places, cells, strict=True):
            placed[place] = cell
        return placed


@dataclass
class Plan:
    """What the columns of an export are, worked out once for all its rows."""

    fixed: list[str]
    asked: list[Asked]
    headings: list[str]

    @cached_property
    def width(self) -> int:
        """How many cells the answers fill."""
        return sum(each.width for each in self.asked)

    @cached_property
    def readers(self) -> list[tuple[str, str, Read]]:
        """For each column that every dossier has: its field, or else what of the last transmission, and how it is
        read."""
        found = []
        for code in self.fixed:
            path, read = FIXED[code].path, FIXED[code].read
            name = path.removeprefix(OF_TRANSMISSION)
            found.append((path, "", read) if name == path else ("", name, read))
        return found

    def of_stage(self, stage: int) -> tuple[int, list[Asked], int]:
        """How many blanks stand before the answers to an étape, its questions, how many blanks after."""
        return self._by_stage.get(stage, (self.width, [], 0))

    @cached_property
    def _by_stage(self) -> dict[int, tuple[int, list[Asked], int]]:
        found, before = {}, 0
        for stage, asked in groupby(self.asked, key=lambda each: each.stage):
            own = list(asked)
            width = sum(each.width for each in own)
            found[stage] = (before, own, self.width - before - width)
            before += width
        return found

    @property
    def has_files(self) -> bool:
        return any(each.has_files for each in self.asked)

    @cached_property
    def contacts(self) -> set[str]:
        """The codes of the questions that ask for a contact."""
        return {each.code for each in self.asked if each.newest.kind == Contact.code}

    @property
    def reads_transmissions(self) -> bool:
        return bool(self.asked) or any(FIXED[code].path.startswith(OF_TRANSMISSION) for code in self.fixed)


def forms_of(stages: DossierStageQuerySet) -> list[FormRevision]:
    """The forms that these dossiers filled, étape by étape, the newest first."""
    used = FormRevision.objects.filter(Exists(stages.order_by().filter(revision=OuterRef("pk"))))
    ordered = used.select_related("stage__guichet")
    return list(ordered.order_by("stage__guichet__position", "stage__position", "stage_id", "-number"))


def asked_in(revisions: Iterable[FormRevision]) -> dict[str, Asked]:
    """Every question of these forms by the code of its column, in the order of the newest form of each étape."""
    by_code: dict[str, tuple[int, str, dict[int, Question]]] = {}
    for revision in revisions:
        for question in queries.questions(revision):
            code = column_code(revision, question)
            by_code.setdefault(code, (revision.stage_id, question.code, {}))[2][revision.pk] = question
    return {
        code: Asked(
            stage,
            question_code,
            found,
            list(dict.fromkeys(each for question in found.values() for each in kinds.of(question).columns(question))),
        )
        for code, (stage, question_code, found) in by_code.items()
    }


def column_code(revision: FormRevision, question: Question) -> str:
    """`guichet.etape.question`: the same from a form to the next, and readable in what was kept of a choice."""
    return f"{revision.stage.guichet.code}.{revision.stage.code}.{question.code}"


def groups(stages: DossierStageQuerySet) -> list[Group]:
    """What may be chosen for these dossiers, group by group: what is known of all, then each étape's questions."""
    found = [Group("Dossier", [Offered(code, fixed.label) for code, fixed in FIXED.items()])]
    revisions = forms_of(stages)
    several = len({revision.stage_id for revision in revisions}) > 1
    by_stage: dict[str, list[Offered]] = {}
    for code, asked in asked_in(revisions).items():
        stage = next(each.stage for each in revisions if each.stage_id == asked.stage)
        title = f"Réponses – {stage.guichet.short_title}, {stage.title}" if several else f"Réponses – {stage.title}"
        by_stage.setdefault(title, []).append(Offered(code, asked.newest.short_label))
    return [*found, *(Group(title, offered) for title, offered in by_stage.items())]


def plan(stages: DossierStageQuerySet, columns: Iterable[str]) -> Plan:
    """The columns to write, in the order of the file; those that these dossiers do not have are left out."""
    wanted = set(columns)
    fixed = [code for code in FIXED if code in wanted]
    revisions = forms_of(stages)
    several = len({revision.stage_id for revision in revisions}) > 1
    asked = {code: each for code, each in asked_in(revisions).items() if code in wanted}
    headings = [FIXED[code].label for code in fixed]
    said = Counter(heading for each in asked.values() for heading in set(each.headings))
    for each in asked.values():
        stage = next(revision.stage for revision in revisions if revision.stage_id == each.stage)
        before = f"{stage.guichet.short_title}, {stage.title} – " if several else ""
        section = each.newest.section.title
        headings += [
            f"{before}{section} – {heading}" if said[heading] > 1 else f"{before}{heading}" for heading in each.headings
        ]
    return Plan(fixed, list(asked.values()), headings)
