"""What waits for somebody who instructs, and what happened since yesterday: the home of the back-office."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from accounts.enums import Role
from accounts.models import User
from dossiers import access
from dossiers.enums import Status
from dossiers.models import DossierStage, Line
from dossiers.queries.lines import SOON, counters, lines

#: The dossiers named on the home, the longest waiting first.
NAMED = 10
DAY = dt.timedelta(days=1)


#: What nobody instructs, for who may take all of it; then for an instructeur régional, who only reads a part of it.
TO_TAKE = (
    ("À prendre en charge", "Personne ne les instruit."),
    ("Sans vérificateur", "Dans vos régions. Vous prenez en charge ceux des guichets qu'elles instruisent."),
)


@dataclass(frozen=True)
class Waiting:
    """A figure, what it counts, and the filters of the list that show the same dossiers."""

    label: str
    hint: str
    count: int
    query: str


def own(user: User) -> QuerySet[Line]:
    """The lines of the dossiers that `user` instructs."""
    return lines({"verificateur": "moi"}, user)


def waiting(user: User, now: dt.datetime) -> list[Waiting]:
    """What is to be taken, to be read, answered, due, as the list counts it: 2 queries, of sums and of one's own."""
    nobody = counters({"verificateur": "personne"}, user)
    counts = own(user).aggregate(
        mine=Count("pk", filter=Q(status=Status.TRANSMITTED)),
        answered=Count("pk", filter=Q(corrected=True)),
        due=Count("pk", filter=Q(due_at__gt=now, due_at__lte=now + SOON)),
    )
    return [
        Waiting(
            *TO_TAKE[user.role == Role.REGIONAL],
            nobody[Status.TRANSMITTED],
            "statut=transmitted&verificateur=personne",
        ),
        Waiting(
            "À instruire par vous",
            "Vous les avez pris en charge.",
            counts["mine"],
            "statut=transmitted&verificateur=moi",
        ),
        Waiting(
            "Réponses reçues",
            "Le référent a répondu à votre demande de modification.",
            counts["answered"],
            "verificateur=moi&reponse=recue",
        ),
        Waiting(
            "Échéances proches",
            "Le référent a moins de sept jours pour répondre.",
            counts["due"],
            "verificateur=moi&echeance=proche",
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
    """The dossiers that `user` instructs and that wait for a decision, the longest waiting first: 2 queries,
    since PostgreSQL reads everything when the first is written in the second."""
    oldest = own(user).filter(status=Status.TRANSMITTED).order_by("transmitted_at", "pk")[:NAMED]
    mine = access.instructed_stages(user).filter(pk__in=list(oldest.values_list("pk", flat=True)))
    return list(mine.with_context().order_by("transmitted_at", "pk"))
