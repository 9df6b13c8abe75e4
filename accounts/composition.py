"""What the portal knows of a person, put together from its rooms (Q59, docs/adr/0024).

A room to the right of this one cannot be imported from here: the setting `PERSONAL_DATA` names, from left to right, the
module of each room that holds personal data.
"""

import importlib
from dataclasses import dataclass
from typing import Any, Protocol, cast

from django.conf import settings

from accounts.models import User
from establishments.models import LegalEntity


@dataclass(frozen=True)
class Matter:
    """Something that awaits a person: what it is, in words, and the address where they settle it."""

    text: str
    label: str
    address: str


@dataclass(frozen=True)
class FormerIdentity:
    """What named a person before their account was deleted."""

    full_name: str
    username: str
    email: str
    #: The addresses that the account had before that one.
    former_emails: tuple[str, ...] = ()


class Room(Protocol):
    """What the module of a room answers."""

    def open_matters(self, user: User, legal_entity: LegalEntity | None = None) -> list[Matter]:
        """What keeps `user` from leaving the portal, or only `legal_entity`."""

    def export(self, user: User) -> dict[str, Any]:
        """What the room knows of `user`, for JSON, under French headings that no other room uses."""

    def follow(self, user: User) -> None:
        """Write again what is kept of the name or the address of `user`, who has another one: in the transaction that
        changes it, the account being held."""

    def forget(self, user: User, was: FormerIdentity) -> None:
        """Remove what names somebody whose account has just been deleted, in the transaction that does it."""


def rooms() -> list[Room]:
    return [cast(Room, importlib.import_module(name)) for name in settings.PERSONAL_DATA]


def open_matters(user: User, legal_entity: LegalEntity | None = None) -> list[Matter]:
    """What keeps `user` from leaving, in every room."""
    return [matter for room in rooms() for matter in room.open_matters(user, legal_entity)]


def export(user: User) -> dict[str, Any]:
    """Everything that the portal knows of `user`, for JSON (Q59)."""
    return {heading: content for room in rooms() for heading, content in room.export(user).items()}


def follow(user: User) -> None:
    """Write again, in every room, what is kept of the name or the address of `user`, who has another one."""
    for room in rooms():
        room.follow(user)


def forget(user: User, was: FormerIdentity) -> None:
    """Remove what names `user`, whose row no longer does, in every room."""
    for room in rooms():
        room.forget(user, was)
