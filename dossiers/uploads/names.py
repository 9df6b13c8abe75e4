"""Names of files, as people read them."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

#: NUL and control characters, what is not seen, and the marks that make a name read backwards.
FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


def display_name(name: str | None) -> str:
    """The last part of a file name, without what could deceive a reader; a long one keeps its extension."""
    base = PurePosixPath(unicodedata.normalize("NFC", name or "").replace("\\", "/")).name
    path = PurePosixPath(FORBIDDEN.sub("", base).strip())
    if not path.name.strip("."):
        return "fichier sans nom"
    suffix = path.suffix[:20]
    return path.name.removesuffix(path.suffix)[: 200 - len(suffix)] + suffix
