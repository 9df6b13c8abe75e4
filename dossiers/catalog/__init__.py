"""Guichets as files: the format of `fixtures/guichets/` (G5), read and written."""

from dossiers.catalog.importing import Plan, plan
from dossiers.catalog.loading import InvalidCatalog, apply, load, load_milestones, publish, read
from dossiers.catalog.writing import export
from dossiers.days import closing, opening
from dossiers.descriptions import describe, normal

__all__ = [
    "InvalidCatalog",
    "Plan",
    "apply",
    "closing",
    "describe",
    "export",
    "load",
    "load_milestones",
    "normal",
    "opening",
    "plan",
    "publish",
    "read",
]
