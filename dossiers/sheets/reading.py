"""A table out of a file that was checked already (`dossiers.uploads`)."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence

from django.core.files.uploadedfile import UploadedFile

from dossiers.sheets import ods, text, xlsx
from dossiers.sheets.table import Table, Unreadable
from dossiers.sheets.xml import BROKEN
from dossiers.uploads.archives import UNREADABLE, Crowded, opened
from ecare.gate import Busy, Gate

EXTENSIONS = ("xlsx", "ods", "csv")
#: Reading a workbook takes a core for as long as its budget says.
GATE = Gate(at_once=1, waiting=6, patience=10)


def read(upload: UploadedFile, extension: str, *, sheet: str, headings: Sequence[str], most: int) -> Table:
    """The rows that say something of a sheet of that name, or of the only one, `most` at most with the headings. Raises
    Unreadable."""
    upload.seek(0)
    try:
        with GATE:
            if extension == "csv":
                assert upload.file is not None
                return text.read(upload.file, list(headings), most)
            with opened(upload) as archive:
                return (xlsx if extension == "xlsx" else ods).read(archive, sheet, most)
    except Busy as error:
        raise Unreadable(
            "Beaucoup de tableaux sont lus en ce moment\u00a0: déposez le vôtre à nouveau dans quelques secondes.",
            why="busy",
        ) from error
    except (Crowded, zipfile.LargeZipFile, *UNREADABLE) as error:
        raise Unreadable(BROKEN, why="broken") from error
