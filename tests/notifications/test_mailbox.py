from __future__ import annotations

from pathlib import Path

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.urls import NoReverseMatch, reverse
from pytest_django import Settings

from notifications import delivery, mailbox
from tests.notifications.factories import EmailFactory


@pytest.fixture(autouse=True)
def kept_as_files(settings: Settings, tmp_path: Path) -> Path:
    settings.EMAIL_BACKEND = "notifications.backends.EmlFileBackend"
    settings.EMAIL_DIR = tmp_path / "mail"
    return tmp_path / "mail"


@pytest.fixture
def development(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.notifications.dev_urls"


def send(subject: str, text: str = "Bonjour", html: str = "<p>Bonjour</p>") -> None:
    message = EmailMultiAlternatives(subject, text, "portail@exemple.fr", ["claire@exemple.fr"])
    message.attach_alternative(html, "text/html")
    message.send()


def test_the_mailbox_is_not_served_outside_development() -> None:
    with pytest.raises(NoReverseMatch):
        reverse("dev:mailbox:index")


@pytest.mark.django_db
def test_what_the_portal_sends_is_kept_as_a_file(kept_as_files: Path) -> None:
    EmailFactory.create(subject="Dossier n°\u00a0NSCQGGBPCA transmis")
    assert delivery.sweep() == 1
    (name,) = mailbox.names()
    letter = mailbox.letter(name)
    assert letter is not None
    assert letter.subject == "Dossier n°\u00a0NSCQGGBPCA transmis"
    assert letter.text.startswith("Bonjour,")
    assert letter.date.tzinfo is not None


@pytest.mark.usefixtures("development")
def test_an_empty_mailbox_says_what_to_do(client: Client) -> None:
    response = client.get(reverse("dev:mailbox:index"))
    assert "Aucun e-mail pour l'instant." in response.content.decode()


@pytest.mark.usefixtures("development")
def test_the_list_shows_the_newest_first(client: Client) -> None:
    send("Premier")
    send("Second")
    page = client.get(reverse("dev:mailbox:index")).content.decode()
    assert 0 < page.index("Second") < page.index("Premier")
    assert "claire@exemple.fr" in page


@pytest.mark.usefixtures("development")
def test_an_email_shows_its_text_with_links_and_none_of_its_html(client: Client) -> None:
    send("Activation", "Ouvrez https://portail.test/activer/abc/ <b>vite</b>", "<p onclick=alert(1)>pirate</p>")
    page = client.get(reverse("dev:mailbox:read", args=mailbox.names())).content.decode()
    assert 'href="https://portail.test/activer/abc/"' in page
    assert "&lt;b&gt;vite&lt;/b&gt;" in page
    assert "pirate" not in page


@pytest.mark.usefixtures("development")
@pytest.mark.parametrize("route", ["html", "download"])
def test_the_html_and_the_whole_message_are_downloads_and_never_shown(client: Client, route: str) -> None:
    send("Activation", html="<p>Version riche</p>")
    response = client.get(reverse(f"dev:mailbox:{route}", args=mailbox.names()))
    assert response["Content-Disposition"].startswith("attachment;")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "Version riche" in response.content.decode()


@pytest.mark.usefixtures("development")
@pytest.mark.parametrize("name", ["inconnu", "..", "..%2F..%2Fetc%2Fpasswd", "a.b"])
def test_an_unknown_name_is_not_found(client: Client, kept_as_files: Path, name: str) -> None:
    kept_as_files.mkdir()
    (kept_as_files.parent / "secret.eml").write_text("Subject: secret\n\nx")
    assert client.get(f"/dev/courriels/{name}/").status_code == 404
    assert client.get(f"/dev/courriels/{name}/message.eml").status_code == 404


@pytest.mark.usefixtures("development")
def test_a_page_holds_fifty_emails(client: Client) -> None:
    for number in range(51):
        send(f"E-mail {number}")
    assert "E-mail 0<" not in client.get(reverse("dev:mailbox:index")).content.decode()
    assert "E-mail 0<" in client.get(reverse("dev:mailbox:index"), {"page": 2}).content.decode()
