from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from notifications import broker
from tests.notifications import sink as sinks


@pytest.fixture(autouse=True)
def bodies(settings: Settings) -> None:
    """This room has no body of its own: its tests bring one."""
    templates = copy.deepcopy(settings.TEMPLATES)
    templates[0]["DIRS"] = [*templates[0]["DIRS"], Path(__file__).parent / "templates"]
    settings.TEMPLATES = templates


@pytest.fixture(autouse=True)
def rested_breaker() -> Iterator[None]:
    """What one test learnt about the broker is not true in the next."""
    yield
    broker.breaker.worked()


@pytest.fixture
def sink(settings: Settings) -> Iterator[sinks.Sink]:
    """An SMTP server, and Django configured to send there."""
    with sinks.running() as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", sink.port, 1
        yield sink
