"""Every write of the room: one function per change, with its actor."""

from dossiers.workflow.filling import (
    AlreadyExists,
    Closed,
    FileRefused,
    Saved,
    add_file,
    archive_file,
    create_dossier,
    is_frozen,
    save_answers,
)
from dossiers.workflow.moves import Changed, Incomplete, reject, reopen, request_modification, transmit, validate
from dossiers.workflow.table import (
    MOVES,
    Actor,
    Move,
    NotAllowed,
    Refused,
    WrongStatus,
    allowed_moves,
    is_actor,
    situation,
)
from dossiers.workflow.transfer import transfer

__all__ = [
    "MOVES",
    "Actor",
    "AlreadyExists",
    "Changed",
    "Closed",
    "FileRefused",
    "Incomplete",
    "Move",
    "NotAllowed",
    "Refused",
    "Saved",
    "WrongStatus",
    "add_file",
    "allowed_moves",
    "archive_file",
    "create_dossier",
    "is_actor",
    "is_frozen",
    "reject",
    "reopen",
    "request_modification",
    "save_answers",
    "situation",
    "transfer",
    "transmit",
    "validate",
]
