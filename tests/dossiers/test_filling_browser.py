"""Filling a form in a browser: states of the saves, network cut, session over, two tabs, keyboard, narrow screens."""

from __future__ import annotations

import re
from collections.abc import Callable
from http.cookies import Morsel

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Session
from dossiers.models import DossierStage, ParkedInput
from tests.browsing import fits
from tests.dossiers import factories, pages

pytestmark = pytest.mark.django_db(transaction=True)

Check = Callable[[Page], None]
SAVED = re.compile(r"Enregistré à \d{1,2}\sh\s\d{2}")


@pytest.fixture
def referent_context(
    browser: Browser, browser_context_args: dict[str, object], live_server: LiveServer
) -> Callable[..., BrowserContext]:
    """A browser in which the référent of an étape is signed in."""

    def open_context(stage: DossierStage, **options: object) -> BrowserContext:
        session: Morsel[str] = pages.owner(stage).cookies[settings.SESSION_COOKIE_NAME]
        context = browser.new_context(
            **{
                **browser_context_args,
                "base_url": live_server.url,
                "viewport": {"width": 1280, "height": 900},
                **options,
            }
        )
        context.set_default_timeout(15_000)
        context.add_cookies([{"name": session.key, "value": session.value, "url": live_server.url}])
        return context

    return open_context


Open = Callable[..., BrowserContext]


def state(page: Page, code: str) -> Locator:
    return page.locator(f"#etat-{code}")


def stored(stage: DossierStage, code: str) -> object:
    return stage.answers.values_list("raw", flat=True).filter(code=code).first()


def waiting(page: Page) -> object:
    """What the tab keeps for later."""
    return page.evaluate(
        "[...Object.keys(sessionStorage), ...Object.keys(localStorage)].filter(k => /^ecare:/.test(k))"
    )


def look(page: Page, axe: Check) -> None:
    """No barrier, and nothing cut at 320 px."""
    axe(page)
    page.set_viewport_size({"width": 320, "height": 800})
    assert fits(page)
    axe(page)
    page.set_viewport_size({"width": 1280, "height": 900})


def test_each_answer_is_saved_by_itself_with_the_keyboard_alone(referent_context: Open, axe: Check) -> None:
    """D6, Q62: typed, half typed, wrong, put right; conditions, completion and estimate follow the server."""
    stage = factories.draft(sites=2)
    page = referent_context(stage).new_page()
    page.goto(pages.url("form", stage))
    agreement = page.locator("#question-partnership_agreement")
    expect(agreement).to_be_hidden()

    page.locator("input[name='applicant_kind-value']").first.focus()
    while not page.locator("input[name='applicant_kind-value'][value='convention']").is_checked():
        page.keyboard.press("ArrowDown")
    expect(state(page, "applicant_kind")).to_have_text(SAVED)
    expect(agreement).to_be_visible()
    expect(page.locator("#completion")).to_contain_text("1/20 questions")
    expect(page.locator("#lien-applicant_kind")).to_contain_text("répondue")

    page.locator("#id_bank-holder").focus()
    page.keyboard.type("Association")
    expect(state(page, "bank")).to_contain_text("À compléter : IBAN, BIC")
    expect(page.locator("#lien-bank")).to_contain_text("à compléter")
    page.keyboard.press("Tab")
    page.keyboard.type("FR76 0000")
    page.keyboard.press("Tab")
    iban = page.locator("#id_bank-iban")
    expect(iban).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#id_bank-iban-messages")).to_contain_text("IBAN comporte une erreur")
    expect(page.locator("#lien-bank")).to_contain_text("en erreur")
    expect(page.locator("#id_bank-bic")).to_be_focused()
    look(page, axe)
    iban.fill(factories.IBAN)
    expect(iban).not_to_have_attribute("aria-invalid", "true")

    page.locator("input[name='track-value'][value='1']").check(force=True)
    for box in page.locator("input[name='perimeter-equipped']").all():
        box.check(force=True)
    expect(page.locator("#estimation")).to_contain_text("18 800")
    assert stored(stage, "bank") == {"holder": "Association", "iban": factories.IBAN}
    assert not stage.dossier.stages.get().first_transmitted_at, "saving is never transmitting"
    # Everything is saved: leaving asks nothing.
    page.goto(pages.url("recap", stage))
    page.context.close()


def test_nothing_typed_is_lost_while_the_network_is_cut(referent_context: Open, axe: Check) -> None:
    stage = factories.draft()
    context = referent_context(stage)
    page = context.new_page()
    page.goto(pages.url("form", stage))
    comment = page.locator("#id_comment-value")
    context.set_offline(True)
    comment.fill("Tapé sans réseau")
    comment.blur()
    expect(state(page, "comment")).to_contain_text("Non enregistré : la connexion est coupée")
    expect(page.locator("[data-saving-status]")).to_contain_text("non enregistrée")
    state(page, "comment").get_by_role("button", name="Réessayer").click()
    expect(state(page, "comment")).to_contain_text("Non enregistré")
    axe(page)
    comment.fill("Tapé sans réseau, puis continué")
    context.set_offline(False)
    expect(state(page, "comment")).to_have_text(SAVED)
    assert stored(stage, "comment") == {"value": "Tapé sans réseau, puis continué"}
    assert waiting(page) == []

    # The tab is loaded again while the server cannot be reached: what waits is found and sent.
    page.route("**/reponses/**", lambda route: route.abort())
    comment.fill("Avant le rechargement")
    comment.blur()
    expect(state(page, "comment")).to_contain_text("Non enregistré")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(comment).to_have_value("Avant le rechargement")
    page.unroute("**/reponses/**")
    expect(state(page, "comment")).to_have_text(SAVED)
    assert stored(stage, "comment") == {"value": "Avant le rechargement"}
    assert waiting(page) == []
    context.close()


def test_two_tabs_choose_between_their_answers(referent_context: Open, axe: Check) -> None:
    """Q33."""
    stage = factories.draft()
    context = referent_context(stage)
    one, other = context.new_page(), context.new_page()
    for page in (one, other):
        page.goto(pages.url("form", stage))

    def type_in(page: Page, text: str) -> None:
        page.locator("#id_comment-value").fill(text)
        page.locator("#id_comment-value").blur()

    type_in(one, "Premier")
    expect(state(one, "comment")).to_have_text(SAVED)
    type_in(other, "Second")
    conflict = state(other, "comment")
    expect(conflict).to_contain_text("modifiée ailleurs")
    expect(conflict).to_contain_text("Premier")
    assert stored(stage, "comment") == {"value": "Premier"}
    look(other, axe)
    keep = conflict.get_by_role("button", name="Garder ma saisie")
    keep.focus()
    with other.expect_response("**/reponses/comment/"):  # drawn again: the focus stays on the new button
        other.locator("#question-comment").dispatch_event("care:save")
    expect(keep).to_be_focused()
    other.keyboard.press("Enter")
    expect(conflict).to_have_text(SAVED)
    assert stored(stage, "comment") == {"value": "Second"}

    type_in(one, "Troisième")
    take = state(one, "comment").get_by_role("button", name="Reprendre la réponse enregistrée")
    take.focus()
    one.keyboard.press("Enter")
    expect(one.locator("#id_comment-value")).to_have_value("Second")
    expect(one.locator("#question-comment")).to_be_focused()
    type_in(one, "Quatrième")
    expect(state(one, "comment")).to_have_text(SAVED)
    assert stored(stage, "comment") == {"value": "Quatrième"}
    # Typed and sent with the whole form at once, one never clashes with oneself.
    one.locator("#id_comment-value").fill("Cinquième")
    one.get_by_role("button", name="Suivant").click()
    expect(one).to_have_url(re.compile(r"/recapitulatif/\?retour=comment$"))
    assert stored(stage, "comment") == {"value": "Cinquième"}
    one.get_by_role("link", name="Retour", exact=True).click()
    expect(one).to_have_url(re.compile("#question-comment$"))
    context.close()


def test_a_session_that_ends_in_the_middle_loses_nothing(referent_context: Open, axe: Check) -> None:
    stage = factories.draft()
    context = referent_context(stage)
    page = context.new_page()
    page.goto(pages.url("form", stage))
    Session.objects.all().delete()
    page.locator("#id_comment-value").fill("Avant la fin")
    page.locator("#id_comment-value").blur()
    link = state(page, "comment").get_by_role("link", name="Connectez-vous pour la retrouver")
    expect(link).to_be_visible()
    axe(page)
    page.locator("#id_bank-holder").fill("Association")
    page.get_by_role("button", name="Enregistrer comme brouillon").last.click()
    expect(page.get_by_text("mis de côté")).to_be_visible()
    assert set(ParkedInput.objects.get().answers) == {"comment", "bank"}
    session: Morsel[str] = pages.owner(stage).cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": session.key, "value": session.value, "url": page.url.split("/connexion")[0]}])
    page.goto(pages.url("form", stage))
    expect(page.get_by_role("heading", name="Nous avons retrouvé ce que vous aviez saisi")).to_be_visible()
    expect(page.locator("#id_comment-value")).to_have_value("Avant la fin")
    look(page, axe)
    page.get_by_role("button", name="Enregistrer cette saisie").click()
    expect(page.get_by_text("Votre brouillon est enregistré")).to_be_visible()
    assert stored(stage, "bank") == {"holder": "Association"}
    assert not ParkedInput.objects.exists()
    context.close()


def test_corrections_and_errors_have_no_barrier_and_lead_to_their_fields(referent_context: Open, axe: Check) -> None:
    """Q61, Q65; D11."""
    stage = factories.modification_requested(remarks={"bank": "IBAN à vérifier."}, opens_everything=False)
    factories.save(stage, bank={"holder": "A", "iban": "FR76 0000", "bic": factories.BIC})
    context = referent_context(stage)
    page = context.new_page()
    page.goto(pages.url("form", stage))
    assert page.title().startswith("Erreur –")
    expect(page.locator("#erreurs")).to_be_focused()
    look(page, axe)
    page.locator("#erreurs a").first.press("Enter")
    expect(page.locator("#id_bank-iban")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type(factories.IBAN)
    page.keyboard.press("Tab")
    expect(page.locator("#lien-bank")).to_contain_text("corrigée")
    page.get_by_role("button", name="Suivant").click()
    expect(page.get_by_role("heading", name="Vérifier votre saisie")).to_be_visible()
    look(page, axe)
    context.close()


def test_leaving_while_an_answer_is_on_its_way_leaves_once_with_it(referent_context: Open) -> None:
    """« Suivant » pressed in the field, just after it, and while the save of the answer is awaited."""
    stage = factories.draft()
    factories.fill(stage)
    with referent_context(stage) as context:
        page = context.new_page()
        held: list[Route] = []
        page.route("**/reponses/comment/", lambda route: held.append(route))

        def leave(text: str, *, after: int = 0, on_its_way: bool = False) -> None:
            page.goto(pages.url("form", stage))
            page.locator("#id_comment-value").fill(text)
            page.wait_for_timeout(after)
            if on_its_way:
                expect(state(page, "comment")).to_contain_text("Enregistrement")
                assert held
            page.get_by_role("button", name="Suivant").click(no_wait_after=True)
            for route in held:
                page.wait_for_timeout(300)
                route.continue_()
            held.clear()
            page.wait_for_url(f"**{pages.url('recap', stage)}**")
            assert stored(stage, "comment") == {"value": text}

        leave("Aussitôt")
        leave("Un instant après", after=200)
        leave("En route", after=1300, on_its_way=True)
