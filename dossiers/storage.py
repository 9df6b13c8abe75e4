"""Files where they are kept: written before their row, swept when no row names them (Q29, Q52).

The storage is Django's: a folder by default, a private S3 bucket by settings. A file is written first and its row
after: a process that dies between the two leaves a file that belongs to nothing, never a row without its file.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections.abc import Iterator
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.utils import timezone

from dossiers.models import Attachment, Export, TemplateFile
from dossiers.models.dossiers import path_in

logger = logging.getLogger(__name__)

#: Where files of rows stand, and the rows that name them.
FOLDERS: dict[str, type[Attachment | Export | TemplateFile]] = {
    "pieces": Attachment,
    "modeles": TemplateFile,
    "exports": Export,
}
#: No request lasts a day: a file that old without a row will never have one.
OLD_ENOUGH = dt.timedelta(hours=24)
#: Names looked for in one query.
BATCH = 500


class NotStored(Exception):
    """The storage took nothing: full, or out of reach."""


class NotSwept(Exception):
    """The storage could not be listed, or kept what was to be deleted."""

    def __init__(self, cause: object, *, deleted: int = 0, left: int = 0) -> None:
        super().__init__(str(cause))
        self.deleted, self.left = deleted, left


def store(upload: File[Any], *, folder: str = "pieces") -> str:
    """Write a file, whose row is to be committed next; its name in the storage. Raises NotStored."""
    name = path_in(folder)
    try:
        return default_storage.save(name, upload)
    except OSError as error:
        logger.error("a file was not stored: %s", error)
        discard(name)  # what was written of it would keep the disk full
        raise NotStored from error


def discard(name: str) -> bool:
    """Delete a file that no row names; whether it is gone. What cannot be deleted now is swept later."""
    try:
        default_storage.delete(name)
    except OSError as error:
        logger.warning("a file was left for the sweep: %s", error)
        return False
    return True


def measured(name: str) -> int | None:
    """The size of a file as it is kept; None when it is lost, or closed to the portal.

    It is opened where this costs nothing, on a disk; a bucket would send the whole of it. Raises OSError when the
    storage does not answer.
    """
    try:
        try:
            path = default_storage.path(name)
        except NotImplementedError:
            return default_storage.size(name)
        with open(path, "rb") as content:
            return os.fstat(content.fileno()).st_size
    except (FileNotFoundError, PermissionError):
        return None


def orphans(*, before: dt.datetime) -> Iterator[str]:
    """The files older than `before` that no row names."""
    for folder, model in FOLDERS.items():
        batch: list[str] = []
        for name in walk(folder):
            batch.append(name)
            if len(batch) == BATCH:
                yield from unnamed(batch, model, before)
                batch = []
        yield from unnamed(batch, model, before)


def unnamed(names: list[str], model: type[Attachment | Export | TemplateFile], before: dt.datetime) -> list[str]:
    known = set(model._default_manager.filter(file__in=names).values_list("file", flat=True))
    return [name for name in names if name not in known and is_older(name, before)]


def is_older(name: str, before: dt.datetime) -> bool:
    """False for what went meanwhile."""
    try:
        return default_storage.get_modified_time(name) < before
    except FileNotFoundError:
        return False


def walk(folder: str) -> Iterator[str]:
    """Every file of a folder and of those inside."""
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    yield from (f"{folder}/{name}" for name in sorted(files) if name)
    for inner in sorted(folders):
        yield from walk(f"{folder}/{inner}")


def sweep(*, older_than: dt.timedelta = OLD_ENOUGH, dry_run: bool = False) -> list[str]:
    """Delete the files that belong to nothing; their names, in order. With `dry_run`, only tell them.

    Nothing is deleted before all is listed. Raises NotSwept when the storage cannot be, or keeps some of them.
    """
    try:
        found = list(orphans(before=timezone.now() - older_than))
    except OSError as error:
        raise NotSwept(error) from error
    if dry_run:
        return found
    deleted = [name for name in found if discard(name)]
    if deleted:
        logger.warning("%d files that belonged to nothing were deleted", len(deleted))
    if left := len(found) - len(deleted):
        raise NotSwept(f"{left} files were kept", deleted=len(deleted), left=left)
    return deleted
