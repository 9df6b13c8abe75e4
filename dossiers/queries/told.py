"""What a référent reads of a dossier's past: what was done (D14), and the e-mails that told of it (N4)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q

from accounts.models import User
from dossiers.emails import TO_REFERENT
from dossiers.models import DossierStage, Event
from dossiers.queries.transmitted import history, told_apart
from notifications.enums import State
from notifications.models import Email


@dataclass(frozen=True)
class Letter:
    """An e-mail about a dossier, as a line of its history; no address is shown but the reader's."""

    #: When it was written, with what it tells.
    at: dt.datetime
    left_at: dt.datetime | None
    subject: str
    #: Blank once it has been kept long enough.
    text: str
    state: State
    is_own: bool
    kind = "letter"

    @property
    def when(self) -> dt.datetime:
        """When it left, if it did."""
        return self.left_at or self.at

    @property
    def label(self) -> str:
        match self.state:
            case State.SENT:
                return "E-mail envoyé"
            case State.QUEUED:
                return "E-mail en cours d'envoi"
            case _:
                return "E-mail non remis"


def letters(dossier_stage: DossierStage, reader: User) -> list[Letter]:
    """The e-mails about a dossier that its référent `reader` may read: 1 query."""
    may_read = Q(kind__in=TO_REFERENT) | Q(to__iexact=reader.email)
    emails = Email.objects.about(dossier_stage.dossier.reference).filter(may_read)
    return [
        Letter(
            email.created_at,
            email.sent_at,
            email.subject,
            email.text,
            State(email.state),
            email.to.lower() == reader.email.lower(),
        )
        for email in emails.defer("html")
    ]


def told(dossier_stage: DossierStage, reader: User) -> list[Event | Letter]:
    """History and e-mails of the dossier of `reader`, the newest first: 2 queries."""
    lines: list[Event | Letter] = [*letters(dossier_stage, reader), *told_apart(history(dossier_stage))]
    return sorted(lines, key=lambda line: line.at, reverse=True)
