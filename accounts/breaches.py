"""Passwords found in leaks (ASVS 6.2.12), in a file kept here: nothing is asked of anybody.

The file is the one that Have I Been Pwned publishes for download, SHA-1 digests in order, `DIGEST:count` a line: forty
gigabytes, of which a search reads thirty-odd lines.
"""

import hashlib
import os
from pathlib import Path

DIGEST = 40


def is_leaked(password: str, file: Path) -> bool:
    """Whether the digest of `password` is in `file`. Raises OSError when it cannot be read."""
    sought = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    with file.open("rb") as lines:
        low, high = 0, lines.seek(0, os.SEEK_END)
        while low < high:  # the first line that begins at `low` or later, and before `high`, may be the one
            middle = (low + high) // 2
            lines.seek(max(middle - 1, 0))
            if middle:
                lines.readline()  # the rest of the line before
            start = lines.tell()
            found = lines.readline()[:DIGEST].upper()
            if found == sought:
                return True
            if start >= high or not found or found > sought:
                high = middle
            else:
                low = lines.tell()
    return False
