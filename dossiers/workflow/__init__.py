"""Every write of the room: one function per change, with its actor."""

from dossiers.workflow import (
    assignment,
    desk,
    drafts,
    editing,
    exports,
    publication,
    revisions,
    takeovers,
    texts,
    vacancies,
    vigilance,
)
from dossiers.workflow.announcements import announce
from dossiers.workflow.digests import digest
from dossiers.workflow.files import FileRefused, add_file, archive_file, move_file, replace_file
from dossiers.workflow.filling import Closed, Kept, NotOpen, Saved, save_answer, save_answers
from dossiers.workflow.moves import Changed, Incomplete, reject, reopen, request_modification, transmit, validate
from dossiers.workflow.parking import author, drop_parked, park, token
from dossiers.workflow.reminders import remind
from dossiers.workflow.scans import record_scan, scan, scan_waiting
from dossiers.workflow.stages import AlreadyExists, call_stage, callable_stages, create_dossier, start_stage
from dossiers.workflow.table import (
    MOVES,
    Actor,
    Move,
    NotAllowed,
    Refused,
    WrongStatus,
    allowed_moves,
    is_actor,
    is_due,
    situation,
)
from dossiers.workflow.transfer import reassign, transfer
from dossiers.workflow.windows import closing_flaw, grant_late_access, move_closing, revoke_late_access

__all__ = [
    "MOVES",
    "Actor",
    "AlreadyExists",
    "Changed",
    "Closed",
    "FileRefused",
    "Incomplete",
    "Kept",
    "Move",
    "NotAllowed",
    "NotOpen",
    "Refused",
    "Saved",
    "WrongStatus",
    "add_file",
    "allowed_moves",
    "announce",
    "archive_file",
    "assignment",
    "author",
    "call_stage",
    "callable_stages",
    "closing_flaw",
    "create_dossier",
    "desk",
    "digest",
    "drafts",
    "drop_parked",
    "editing",
    "exports",
    "grant_late_access",
    "is_actor",
    "is_due",
    "move_closing",
    "move_file",
    "park",
    "publication",
    "reassign",
    "record_scan",
    "reject",
    "remind",
    "reopen",
    "replace_file",
    "request_modification",
    "revisions",
    "revoke_late_access",
    "save_answer",
    "save_answers",
    "scan",
    "scan_waiting",
    "situation",
    "start_stage",
    "takeovers",
    "texts",
    "token",
    "transfer",
    "transmit",
    "vacancies",
    "validate",
    "vigilance",
]
