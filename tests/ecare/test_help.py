"""`/aide/`: questions and answers, found whatever the accents and the typing errors, each at its own address (P3)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django import DjangoAssertNumQueries
from pytest_django.live_server_helper import LiveServer

from dossiers import flaws
from ecare import help_texts
from ecare.models import HelpEntry
from tests.accounts.factories import UserFactory
from tests.accounts.sessions import sign_in
from tests.browsing import fits
from tests.dossiers import factories, pages

FOLDER = settings.BASE_DIR / "fixtures" / "help"
SHIPPED = [entry for path in sorted(FOLDER.glob("*.md")) for entry in help_texts.read(path)]


def found(text: str) -> list[str]:
    return [entry.anchor for entry in help_texts.search(SHIPPED, text)]


@pytest.mark.parametrize(
    ("text", "anchor"),
    [
        ("plafond de minimis", "de-minimis"),
        ("PLAFOND  MINIMIS ?", "de-minimis"),
        ("antivirus", "fichiers"),
        ("ficheirs acceptés", "fichiers"),
        ("diagnostique opsims", "opssims"),
        ("mot de pase oublié", "mot-de-passe-oublie"),
        ("mon collegue", "changer-de-referent"),
        ("entités geographiques perimetre", "perimetre"),
        ("prestataire", "prestataires"),
        ("délai candidature 4 juin", "date-limite"),
    ],
)
def test_a_word_without_its_accents_or_misspelt_is_found(text: str, anchor: str) -> None:
    assert anchor in found(text)[:3]


@pytest.mark.parametrize("text", ["", "   ", "de la", "?!", "xylophone", "plafond xylophone", "\x00", "a" * 5_000])
def test_what_is_nowhere_is_not_found(text: str) -> None:
    assert found(text) == []


def test_what_is_shipped_is_whole() -> None:
    anchors = [entry.anchor for entry in SHIPPED]
    assert len(anchors) == len(set(anchors)) >= 40
    for entry in SHIPPED:
        entry.position = 1
        entry.clean_fields()
        assert list(help_texts.blocks(entry.answer)), entry.anchor
        # French typography: a no-break space before the signs, and inside the quotes.
        assert not re.search(
            r"[^\u00a0\u202f]([?!;»€]|:(?= ))|«(?!\u00a0)|[\u2019]", f"{entry.question} {entry.answer}"
        )


def test_every_link_of_the_portal_leads_to_an_answer() -> None:
    anchors = {entry.anchor for entry in SHIPPED}
    templates = (settings.BASE_DIR / "templates").rglob("*.html")
    named = {
        line.split()[-1]
        for path in (settings.BASE_DIR / "fixtures" / "guichets").glob("*.yaml")
        for line in path.read_text().splitlines()
        if line.lstrip().startswith("help_anchor:")
    }
    assert len(named) > 5
    named |= {
        name for path in templates for name in re.findall(r'help_link.html" with anchor="([^"]+)"', path.read_text())
    }
    assert named
    assert named <= anchors


@pytest.mark.django_db
def test_a_question_leads_to_the_answer_that_its_form_names() -> None:
    stage = factories.draft()
    page = pages.owner(stage).get(reverse("dossiers:form", args=[stage.dossier.reference])).content.decode()
    assert 'href="/aide/#perimetre"' in page
    assert 'href="/aide/#opssims"' in page
    question = {"code": "word", "kind": "short_text", "label": "Un mot", "short_label": "Mot"}
    for anchor in ("deux mots", "é", 3, None, "a" * 61):
        form = {"sections": [{"title": "Section", "questions": [question | {"help_anchor": anchor}]}]}
        assert any("help_anchor" in flaw for flaw in flaws.of_form(form)), anchor


@pytest.mark.django_db
def test_loading_twice_adds_once_and_keeps_what_was_edited(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_help")
    HelpEntry.objects.filter(anchor="calcul").update(answer="Autre réponse.", published=False)
    call_command("load_help")
    assert "0 question" in capsys.readouterr().out.splitlines()[-1]
    assert HelpEntry.objects.count() == len(SHIPPED)
    assert HelpEntry.objects.get(anchor="calcul").answer == "Autre réponse."


@pytest.mark.django_db
def test_the_page_shows_what_is_published_as_text_in_one_query(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assert "n'est pas encore rédigée" in client.get("/aide/").content.decode()
    for place, published in enumerate([True, True, False], start=1):
        HelpEntry.objects.create(
            anchor=f"question-{place}",
            category="Rubrique",
            position=place,
            question=f"Question {place}",
            answer="<b>Un</b>\ntexte.\n\n- un <i>point</i>\n- un autre",
            published=published,
        )
    with django_assert_num_queries(1):
        page = client.get("/aide/").content.decode()
    assert page.count('class="care-help"') == 2
    assert 'id="question-1"' in page
    assert "&lt;b&gt;Un&lt;/b&gt; texte.</p>" in page
    assert "<li>un &lt;i&gt;point&lt;/i&gt;</li>" in page
    assert "question-3" not in page
    assert 'id="question-3"' not in client.get("/aide/", {"q": "question 3"}).content.decode()
    nothing = client.get("/aide/", {"q": "xylophone <script>"}).content.decode()
    assert "Aucune réponse" in nothing
    assert "<script>" not in nothing.partition("<main")[2].partition("</main>")[0]


@pytest.mark.django_db
def test_an_administrator_edits_an_answer_and_never_its_address() -> None:
    call_command("load_help", verbosity=0)
    entry = HelpEntry.objects.get(anchor="calcul")
    client = sign_in(Client(), UserFactory(admin=True))
    address = f"/admin/ecare/helpentry/{entry.pk}/change/"
    assert 'name="anchor"' not in client.get(address).content.decode()
    changed = {"category": entry.category, "position": 1, "question": "Combien ?", "answer": "Tant.", "anchor": "autre"}
    assert client.post(address, changed).status_code == 302
    entry.refresh_from_db()
    assert (entry.anchor, entry.question, entry.published) == ("calcul", "Combien ?", False)


@pytest.mark.django_db(transaction=True)
def test_in_a_browser_with_and_without_javascript(
    live_server: LiveServer, browser: Browser, axe: Callable[[Page], None]
) -> None:
    call_command("load_help", verbosity=0)
    for scripted in (True, False):
        context = browser.new_context(java_script_enabled=scripted, viewport={"width": 320, "height": 640})
        page = context.new_page()
        page.goto(f"{live_server.url}/aide/#de-minimis")
        expect(page.locator("#de-minimis h3")).to_be_in_viewport()
        if scripted:
            axe(page)
            assert fits(page)
        page.get_by_label("Rechercher dans l'aide").fill("ficheirs")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page.get_by_text("pour «\u00a0ficheirs\u00a0»", exact=False).first).to_be_visible()
        expect(page.get_by_role("heading", name="Quels fichiers sont acceptés")).to_be_visible()
        if scripted:
            axe(page)
        context.close()
