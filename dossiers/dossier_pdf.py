"""The whole dossier as one tagged document (D15): its étapes, every answer, the estimate, the subsidy, the files, the
history.

It is made of what its reader may read, and is the same for both sides but for drafts, which are their référent's alone:
no internal note, no IBAN in full. Paper leaves the portal.

It is a record: a contact that a responsable corrected stays as it was transmitted, the correction beside it with its
date and its reason (I8). Screens and exports, from which people write to somebody, give the contact in force alone.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import User
from dossiers import neighbours, queries, scores
from dossiers.enums import Status
from dossiers.models import Attachment, Dossier, DossierStage, Event, Section, Transmission
from dossiers.neighbours import Panel
from dossiers.pdf import Printed, printed, write
from funding.schedule.estimates import Estimate


@dataclass(frozen=True)
class Part:
    """One étape: as it was last transmitted, or as its draft stands."""

    dossier_stage: DossierStage
    transmission: Transmission | None
    sections: list[tuple[Section, list[Printed]]]
    estimate: Estimate | None
    score: scores.Result | None
    #: How many mandatory answers a draft still lacks.
    missing: int = 0

    @property
    def files(self) -> list[tuple[Printed, Attachment]]:
        return [(entry, file) for _, entries in self.sections for entry in entries for file in entry.files]

    @property
    def is_being_corrected(self) -> bool:
        return self.dossier_stage.status == Status.MODIFICATION_REQUESTED


@dataclass(frozen=True)
class Paper:
    dossier: Dossier
    parts: list[Part]
    #: What the other rooms add: a subsidy, for one.
    panels: list[Panel]
    history: list[Event]
    at: dt.datetime

    @property
    def current(self) -> Part:
        """The étape that its reader sees the dossier at."""
        return self.parts[-1]

    @cached_property
    def files(self) -> list[tuple[Part, Printed, Attachment]]:
        return [(part, entry, file) for part in self.parts for entry, file in part.files]

    @property
    def weight(self) -> int:
        """Of its files, in bytes."""
        return sum(file.size for _, _, file in self.files)

    @property
    def written(self) -> str:
        """The date in the properties of the PDF."""
        return timezone.localtime(self.at).isoformat(timespec="seconds")


def paper(dossier: Dossier, stages: list[DossierStage], *, at: dt.datetime, instructor: User | None = None) -> bytes:
    """The PDF of a dossier at `at`, for its référent or for an `instructor`. `stages` are the étapes that the reader
    may read, in order, one at least."""
    history = queries.told_apart(queries.history(stages[-1], instructor))[::-1]
    context = {
        "paper": Paper(
            dossier,
            [part_of(each, history) for each in stages],
            neighbours.printed(dossier, stages),
            history,
            at,
        ),
        "brand": settings.BRAND,
        "support_email": settings.SUPPORT_EMAIL,
    }
    return write(render_to_string("dossiers/pdf/dossier.html", context))


def part_of(dossier_stage: DossierStage, history: list[Event]) -> Part:
    transmission = queries.latest_transmission(dossier_stage)
    if transmission is None:
        return draft_of(dossier_stage)
    transmission.dossier_stage = dossier_stage
    corrected = queries.corrections(dossier_stage, transmission, history)
    return Part(
        dossier_stage,
        transmission,
        [
            (section, [printed(entry, corrected.get(entry.code)) for entry in entries])
            for section, entries in queries.transmitted_sections(transmission)
        ],
        Estimate.from_json(transmission.estimate) if transmission.estimate else None,
        queries.score(transmission),
    )


def draft_of(dossier_stage: DossierStage) -> Part:
    sheet = queries.sheet(dossier_stage)
    sections = [
        (section, [printed(entry) for entry in entries if entry.value is not None or entry.files])
        for section, entries in sheet.shown_sections
    ]
    return Part(
        dossier_stage,
        None,
        [(section, entries) for section, entries in sections if entries],
        sheet.estimate,
        sheet.score,
        len(sheet.missing),
    )
