"""Files where they are kept: written before their row, swept when no row names them (Q29, Q52).

The storage is Django's: a folder by default, a private S3 bucket by settings. A file is written first and its row
after: a process that dies between the two leaves a file that belongs to nothing, never a row without its file.
"""

from __future__ import annotations

import datetime as dt
import logging
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


def store(upload: File[Any], *, folder: str = "pieces") -> str:
    """Write a file, whose row is to be committed next; its name in the storage. Raises NotStored."""
    name = path_in(folder)
    try:
        return default_storage.save(name, upload)
    except OSError as error:
        logger.error("a file was not stored: %s", error)
        discard(name)  # what was written of it would keep the disk full
        raise NotStored from error


def discard(name: str) -> None:
    """Delete a file that no row names. What cannot be deleted now is swept later."""
    try:
        default_storage.delete(name)
    except OSError as error:
        logger.warning("a file was left for the sweep: %s", error)


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
    return [name for name in names if name not in known and default_storage.get_modified_time(name) < before]


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
    """Delete the files that belong to nothing; their names, in order. With `dry_run`, only tell them."""
    found = list(orphans(before=timezone.now() - older_than))
    for name in found if not dry_run else []:
        discard(name)
    if found and not dry_run:
        logger.warning("%d files that belonged to nothing were deleted", len(found))
    return found
