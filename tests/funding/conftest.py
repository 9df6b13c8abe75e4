"""Fixtures of the browser tests of the room."""

from tests.dossiers.conftest import open_as

__all__ = ["open_as"]
