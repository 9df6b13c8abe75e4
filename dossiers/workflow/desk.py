"""What those who instruct leave on a dossier for one another: that they are there, and notes (I2, I2b)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from difflib import get_close_matches

from django.db import transaction

from accounts import queries as accounts_queries
from accounts.models import User
from dossiers import access, desk_emails
from dossiers.enums import EventKind
from dossiers.models import DossierStage, Event, Presence
from dossiers.workflow.table import NotAllowed, Refused, locked, record
from ecare import french
from establishments.search import searchable

#: `@paul.girard`, and not what follows the name in an e-mail address.
MENTION = re.compile(r"(?<![\w.@+-])@([\w.+-]*\w)")
#: The same note sent again within that time is the same click.
SAME_CLICK = dt.timedelta(minutes=1)
#: How many colleagues are named to who mistook the user name of one.
MOST_ADVISED = 3


def see(dossier_stage: DossierStage, *, by: User, at: dt.datetime) -> None:
    """Note that `by` has the dossier open."""
    Presence.objects.update_or_create(dossier_id=dossier_stage.dossier_id, user=by, defaults={"at": at})


def mentioned_in(text: str) -> list[str]:
    """The user names that a note calls, once each."""
    return list(dict.fromkeys(name.lower() for name in MENTION.findall(text)))


def alike(name: str, people: Sequence[User]) -> list[User]:
    """Those whom a mistaken user name may mean, a few at most: somebody's name, or a user name near it."""
    wanted = searchable(name).split()
    named = [each for each in people if set(wanted) <= set(searchable(each.full_name, each.username).split())]
    near = get_close_matches(name, [each.username.lower() for each in people], n=MOST_ADVISED, cutoff=0.7)
    found = [*named, *(each for each in people if each.username.lower() in near and each not in named)]
    return found[:MOST_ADVISED]


@transaction.atomic
def note(dossier_stage: DossierStage, *, by: User, text: str, at: dt.datetime) -> Event:
    """Add a note that instruction alone reads; whoever it mentions is told by e-mail, once. Sent twice, it is one.

    Raises NotAllowed unless `by` may read the dossier, Refused when it mentions somebody who may not.
    """
    dossier_stage = locked(dossier_stage)
    if not access.may_read(by, dossier_stage):
        raise NotAllowed("Vous ne pouvez pas lire ce dossier.")
    same = Event.objects.filter(
        dossier=dossier_stage.dossier, kind=EventKind.NOTED, actor=by, message=text, at__gt=at - SAME_CLICK
    )
    if found := same.first():
        return found
    names = mentioned_in(text)
    everybody = list(accounts_queries.instructors())
    people = {user.username.lower(): user for user in everybody if user.username.lower() in names}
    strangers = [name for name in names if name not in people or not access.may_read(people[name], dossier_stage)]
    if strangers:
        named = french.quoted(f"@{strangers[0]}")
        meant = [each for each in alike(strangers[0], everybody) if access.may_read(each, dossier_stage)]
        advice = (
            f"écrivez {french.either(f'@{each.username} ({each.full_name})' for each in meant)}"
            if meant
            else "corrigez-le"
        )
        raise Refused(f"{named} n'est pas l'identifiant d'un collègue qui peut lire ce dossier\u00a0: {advice}.")
    event = record(dossier_stage, EventKind.NOTED, by=by, message=text)
    for name in names:
        if people[name].pk != by.pk:
            desk_emails.mentioned(event, people[name])
    return event
