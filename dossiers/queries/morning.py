"""What waits for somebody who instructs, and what happened since yesterday: the home of the back-office."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, F, Q

from accounts.models import User
from dossiers import access
from dossiers.enums import Status
from dossiers.models import DossierStage
from dossiers.queries.lines import SOON

#: The dossiers named on the home, the longest waiting first.
NAMED = 10
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Waiting:
    """A figure, what it counts, and the filters of the list that show the same dossiers."""

    label: str
    count: int
    query: str
    hint: str


def waiting(user: User, now: dt.datetime) -> list[Waiting]:
    """What is to be taken, to be read, answered, due: 1 query."""
    mine, to_read = Q(dossier__verifier=user), Q(status=Status.TRANSMITTED)
    counts = access.instructed_stages(user).aggregate(
        free=Count("pk", filter=to_read & Q(dossier__verifier=None)),
        mine=Count("pk", filter=to_read & mine),
        answered=Count("pk", filter=to_read & mine & Q(transmitted_at__gt=F("first_transmitted_at"))),
        due=Count("pk", filter=mine & Q(due_at__gt=now, due_at__lte=now + SOON)),
    )
    return [
        Waiting(
            "À prendre en charge",
            counts["free"],
            "statut=transmitted&verificateur=personne",
            "Personne ne les instruit.",
        ),
        Waiting(
            "À instruire par vous",
            counts["mine"],
            "statut=transmitted&verificateur=moi",
            "Vous les avez pris en charge.",
        ),
        Waiting(
            "Réponses reçues",
            counts["answered"],
            "verificateur=moi&reponse=recue",
            "Le référent a répondu à votre demande de modification.",
        ),
        Waiting(
            "Échéances proches",
            counts["due"],
            "verificateur=moi&echeance=proche",
            "Le référent a moins de sept jours pour répondre.",
        ),
    ]


@dataclass(frozen=True)
class News:
    """What happened in the last day, among the dossiers that the user may read."""

    transmitted: int
    again: int
    validated: int
    rejected: int


def news(user: User, now: dt.datetime) -> News:
    """1 query."""
    since = now - DAY
    recent = access.instructed_stages(user).filter(Q(transmitted_at__gte=since) | Q(decided_at__gte=since))
    return News(
        **recent.aggregate(
            transmitted=Count("pk", filter=Q(first_transmitted_at__gte=since)),
            again=Count("pk", filter=Q(transmitted_at__gte=since, first_transmitted_at__lt=since)),
            validated=Count("pk", filter=Q(decided_at__gte=since, status=Status.VALIDATED)),
            rejected=Count("pk", filter=Q(decided_at__gte=since, status=Status.REJECTED)),
        )
    )


def longest_waiting(user: User) -> list[DossierStage]:
    """The dossiers that `user` instructs and that wait for a decision, the longest waiting first: 1 query."""
    mine = access.instructed_stages(user).filter(dossier__verifier=user, status=Status.TRANSMITTED)
    return list(mine.with_context().order_by("transmitted_at", "pk")[:NAMED])
