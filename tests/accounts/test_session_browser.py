"""A session that is about to end says so, and can be kept (Q14)."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Session
from tests.accounts.factories import UserFactory
from tests.accounts.sessions import sign_in, wear

pytestmark = pytest.mark.django_db(transaction=True)


def shorten(seconds: int) -> None:
    """As if nobody had done anything for half an hour less `seconds`, less the minute within which nothing is noted."""
    now = timezone.now()
    Session.objects.update(expire_date=now + timedelta(seconds=seconds), last_seen_at=now)


def test_the_warning_comes_two_minutes_before_and_lets_one_stay(page: Page, live_server, axe):
    client = sign_in(Client(), UserFactory())
    wear(page, client, live_server)
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto(f"{live_server.url}/compte/")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_hidden()
    shorten(122)
    page.reload()
    expect(dialog.get_by_role("heading", name="Votre session va se terminer")).to_be_visible(timeout=8000)
    expect(page).to_have_title("Votre session va se terminer – Votre compte – eCaRE")
    axe(page)
    dialog.get_by_role("button", name="Rester connecté").press("Enter")
    expect(dialog).to_be_hidden()
    assert Session.objects.get().expire_date > timezone.now() + timedelta(minutes=29)

    # Nobody answers: the page stays as it is and says where to sign in.
    shorten(1)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("heading", name="Votre session est terminée")).to_be_focused(timeout=8000)
    expect(page.get_by_role("link", name="Se connecter dans un nouvel onglet")).to_be_visible()
    axe(page)
