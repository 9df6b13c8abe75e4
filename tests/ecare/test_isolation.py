"""The suite's own promise: what it runs reaches no other machine (tests/conftest.py)."""

import socket
import urllib.request

import pytest


def test_no_socket_leaves_the_machine() -> None:
    with socket.socket() as outside, pytest.raises(PermissionError, match=r"203\.0\.113\.1"):
        outside.connect(("203.0.113.1", 80))  # an address reserved for documentation


def test_no_library_gets_around_it() -> None:
    with pytest.raises(OSError, match=r"203\.0\.113\.1"):
        urllib.request.urlopen("http://203.0.113.1/", timeout=1)
