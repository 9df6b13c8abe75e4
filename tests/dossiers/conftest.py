"""Fixtures of the browser tests of the room."""

from __future__ import annotations

from http.cookies import Morsel

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.dossiers import factories
from tests.dossiers.browsing import Open


@pytest.fixture
def open_as(browser: Browser, browser_context_args: dict[str, object], live_server: LiveServer) -> Open:
    """`open_as(user, "/instruction/")`: a page in a browser in which `user` is signed in."""

    def open_page(user: User, path: str, *, width: int = 1280, scripted: bool = True) -> Page:
        session: Morsel[str] = factories.signed_in(user).cookies[settings.SESSION_COOKIE_NAME]
        context = browser.new_context(
            **{**browser_context_args, "viewport": {"width": width, "height": 900}, "java_script_enabled": scripted}
        )
        context.add_cookies([{"name": session.key, "value": session.value, "url": live_server.url}])
        page = context.new_page()
        page.goto(live_server.url + path)
        return page

    return open_page
