"""What a file must be to enter a slot: name, extension, real type, size, structure (D7, Q24, Q26, Q27).

Nothing is ever extracted to the disk, and no content is kept in memory: a file is read in pieces, once for its
structure and once for its SHA-256.
"""

from dossiers.uploads.archives import LARGEST_CONTENT
from dossiers.uploads.checks import MIME_TYPES, check
from dossiers.uploads.names import display_name
from dossiers.uploads.rules import MEBIBYTE, Checked, Invalid, Rules, rules

__all__ = ["LARGEST_CONTENT", "MEBIBYTE", "MIME_TYPES", "Checked", "Invalid", "Rules", "check", "display_name", "rules"]
