"""Guichets and dossiers in the Django admin (S1)."""

from dossiers.admin import desk, dossiers, guichets, revisions, windows

__all__ = ["desk", "dossiers", "guichets", "revisions", "windows"]
