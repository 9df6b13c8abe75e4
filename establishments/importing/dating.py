"""Which day each row was last described, when extracts come in disorder.

A row that a full extract leaves unchanged keeps the day of its last change: to write all of them again each day would
cost more than the import. Their day is put right when it matters, before a file that is no later than that extract.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.db import connection

from establishments.enums import ImportStatus
from establishments.importing import statements
from establishments.importing.merging import Scope
from establishments.importing.reading import Format
from establishments.models import ImportRun


def confirm_last_full(noun: statements.Noun, scope: Scope, describes: Callable[[Format], bool]) -> None:
    """Give every row the day of the last full extract, when the file of `scope` is no later than it.

    `describes`: whether a format describes this noun. Rows that could not be read in that extract keep their day; so do
    those that an earlier file brought afterwards: that extract did not hold them.
    """
    if scope.day is None:
        return
    since: list[date] = []
    done = ImportRun.objects.filter(status=ImportStatus.DONE).order_by("-pk")
    for files, rejections in done.values_list("files", "rejections").iterator(chunk_size=20):
        for file in files:
            extract_format, day = Format(file["format"]), _day(file)
            if day is None or not describes(extract_format):
                continue
            if extract_format.is_full and day >= scope.day:
                if all(later > day for later in since):
                    _confirm(noun, day, rejections)
                return
            since.append(day)


def _day(file: dict[str, Any]) -> date | None:
    return date.fromisoformat(file["extracted_on"]) if file["extracted_on"] else None


def _confirm(noun: statements.Noun, day: date, rejections: list[dict[str, str]]) -> None:
    spared = [rejection["number"] for rejection in rejections]
    with connection.cursor() as cursor:
        cursor.execute(noun.confirm_all, {"day": day, "spared": spared})
