"""What the rooms to the right add to a dossier: its subsidy, for one (docs/adr/0050).

They cannot be imported from here: the setting `DOSSIER_NEIGHBOURS` names the module of each, as `PERSONAL_DATA` does
for what the rooms know of a person.
"""

from __future__ import annotations

import datetime as dt
import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol, cast

from django.conf import settings
from django.db.models import QuerySet

from accounts.models import User
from dossiers.enums import Status
from dossiers.models import Attachment, Dossier, DossierStage, Transmission

if TYPE_CHECKING:
    from dossiers.sheet import Sheet


@dataclass(frozen=True)
class Panel:
    """A part of a dossier's page: its template reads `panel`, and nothing else but `csrf_token` for its forms, and for
    its links `query`: the filters of the list one comes from."""

    template: str
    content: Any
    #: Its heading, and the id that leads there, for a page that lists its sections; blank when it needs no entry.
    title: str = ""
    anchor: str = ""


class Neighbour(Protocol):
    """What the module of a room answers. Each asks the database nothing about a dossier it has nothing to do with."""

    def own_panels(self, dossier_stage: DossierStage) -> list[Panel]:
        """What the référent sees on top of his dossier."""

    def own_tasks(self, user: User) -> list[Panel]:
        """What waits for the référent `user`, on top of his dashboard (D1)."""

    def desk_panels(self, dossier_stage: DossierStage, user: User) -> list[Panel]:
        """What `user`, who may read the étape in the back-office, sees beside it."""

    def notices(self, user: User) -> list[Panel]:
        """What `user` is told on the home of the back-office."""

    def granted(self, dossier_stage: DossierStage) -> Granted | None:
        """The subsidy granted to the dossier, if that room grants any."""

    def grants(self) -> QuerySet[Any, Any] | None:
        """The subsidies granted, as pairs: the key of the étape each was granted on, what it may still reach in euros
        (I9). One an étape; None from a room that grants nothing."""

    def own_parts(self, transmission: Transmission, files: Sequence[Attachment]) -> list[Panel]:
        """What the référent sees above the answers transmitted, whose files are `files`."""

    def desk_parts(self, transmission: Transmission, files: Sequence[Attachment], user: User) -> list[Panel]:
        """What `user` reads and decides above the answers transmitted, beside the étape itself."""

    def form_parts(self, sheet: Sheet) -> list[Panel]:
        """What follows from the answers of a form being filled: shown below it, and again when one is saved."""

    def printed(self, dossier: Dossier, stages: Sequence[DossierStage]) -> list[Panel]:
        """What the paper of a dossier says besides its étapes (D15), to somebody who may read `stages` of it; nothing
        that its référent was not told."""

    def why_not_validated(self, stages: Sequence[DossierStage]) -> dict[int, str]:
        """Why étapes cannot be validated yet, in French, by key; without those that can. The same number of queries
        whatever their number."""

    def settled(self, dossier_stage: DossierStage) -> None:
        """An étape was just validated, rejected or reopened: under the lock of the dossier, in that transaction."""

    def refused(self, dossier_stage: DossierStage) -> list[Refusal]:
        """What was refused of an étape under instruction: nobody may correct it unless a remark opens it (D11)."""

    def words(self, dossier_stage: DossierStage, outcome: Status) -> str:
        """What the e-mail of a decision says beside, in French paragraphs; blank when nothing is to be said."""

    def why_kept(self, dossier_stage: DossierStage) -> str:
        """Why the decision on an étape can no longer be taken back, in French; blank when it can. Under the lock of the
        dossier."""


@dataclass(frozen=True)
class Refusal:
    """A part of an étape that somebody refused: the remark that a request for modification starts from."""

    #: The question to open.
    code: str
    #: What is refused, in French, as in « Objectif refusé : Sauvegardes ».
    what: str
    reason: str
    at: dt.datetime


@dataclass(frozen=True)
class Granted:
    """The subsidy of a dossier: euros, and the day it was granted."""

    amount: Decimal
    on: dt.date


def granted(dossier_stage: DossierStage) -> Granted | None:
    """The subsidy that a room granted to the dossier; None before."""
    return next((found for each in neighbours() if (found := each.granted(dossier_stage))), None)


def grants() -> QuerySet[Any, Any] | None:
    """The subsidies that rooms grant: one room at most does."""
    return next((found for each in neighbours() if (found := each.grants()) is not None), None)


def neighbours() -> list[Neighbour]:
    return [cast(Neighbour, importlib.import_module(name)) for name in settings.DOSSIER_NEIGHBOURS]


def own_panels(dossier_stage: DossierStage) -> list[Panel]:
    return [panel for each in neighbours() for panel in each.own_panels(dossier_stage)]


def own_tasks(user: User) -> list[Panel]:
    return [panel for each in neighbours() for panel in each.own_tasks(user)]


def desk_panels(dossier_stage: DossierStage, user: User) -> list[Panel]:
    return [panel for each in neighbours() for panel in each.desk_panels(dossier_stage, user)]


def own_parts(transmission: Transmission, files: Sequence[Attachment]) -> list[Panel]:
    return [panel for each in neighbours() for panel in each.own_parts(transmission, files)]


def desk_parts(transmission: Transmission, files: Sequence[Attachment], user: User) -> list[Panel]:
    return [panel for each in neighbours() for panel in each.desk_parts(transmission, files, user)]


def form_parts(sheet: Sheet) -> list[Panel]:
    return [panel for each in neighbours() for panel in each.form_parts(sheet)]


def printed(dossier: Dossier, stages: Sequence[DossierStage]) -> list[Panel]:
    return [panel for each in neighbours() for panel in each.printed(dossier, stages)]


def why_not_validated(stages: Sequence[DossierStage]) -> dict[int, str]:
    found: dict[int, str] = {}
    for each in neighbours():
        found = {**each.why_not_validated(stages), **found}
    return found


def refused(dossier_stage: DossierStage) -> list[Refusal]:
    return [refusal for each in neighbours() for refusal in each.refused(dossier_stage)]


def settled(dossier_stage: DossierStage) -> None:
    for each in neighbours():
        each.settled(dossier_stage)


def words(dossier_stage: DossierStage, outcome: Status) -> str:
    return "\n\n".join(filter(None, (each.words(dossier_stage, outcome) for each in neighbours())))


def notices(user: User) -> list[Panel]:
    return [panel for each in neighbours() for panel in each.notices(user)]


def why_kept(dossier_stage: DossierStage) -> str:
    return next((reason for each in neighbours() if (reason := each.why_kept(dossier_stage))), "")
