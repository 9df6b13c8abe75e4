"""Tables that leave as a file, written row after row beside the request; what is wrong in those that come."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from django.http import FileResponse

from dossiers.exports import writers
from dossiers.kinds.base import Cell
from dossiers.views import files
from funding.cells import Fault

#: Faults told on a page: whoever corrects these sends the file again.
SHOWN = 100


def told(faults: Sequence[Fault]) -> dict[str, Any]:
    """What `funding/faults.html` shows of them: the first ones, how many there are, how many it leaves out."""
    return {"faults": faults[:SHOWN], "count": len(faults), "hidden": max(len(faults) - SHOWN, 0)}


def leaving(
    name: str, format: str, *, sheet: str, headings: Iterable[str], rows: Iterable[Iterable[Cell]]
) -> FileResponse:
    """The table as an attachment, `name` without its extension; nothing of it stays on the disk."""

    def write(path: Path) -> None:
        with closing(writers.writer(format, path, sheet=sheet)) as file:
            file.heading(headings)
            for row in rows:
                file.row(row)

    return leaving_as(name, format, write)


def leaving_as(name: str, format: str, write: Callable[[Path], None]) -> FileResponse:
    """What `write` puts at the path it is given, likewise."""
    with tempfile.TemporaryDirectory(prefix="ecare-table-") as folder:
        path = Path(folder) / f"{name}.{format}"
        write(path)
        return files.leaving(
            FileResponse(
                path.open("rb"), as_attachment=True, filename=path.name, content_type=writers.MEDIA_TYPES[format]
            )
        )
