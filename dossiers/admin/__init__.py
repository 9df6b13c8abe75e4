"""Guichets and dossiers in the Django admin (S1)."""

from dossiers.admin import dossiers, guichets, revisions, windows

__all__ = ["dossiers", "guichets", "revisions", "windows"]
