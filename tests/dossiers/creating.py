"""What a référent may create, as the pages read it."""

import datetime as dt

from accounts.models import Representation, User
from dossiers import queries
from dossiers.models import Stage


def creatable(user: User, *, at: dt.datetime) -> list[tuple[Stage, Representation]]:
    return queries.creatable(user, at=at, represented=queries.represented(user, at=at))
