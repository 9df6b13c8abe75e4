"""P2: an amount before any dossier, at an address that can be shared."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page
from pytest_django import DjangoAssertNumQueries
from pytest_django.live_server_helper import LiveServer

from ecare import french
from funding import charts
from tests.browsing import fits
from tests.establishments.factories import GeographicEntityFactory, LegalEntityFactory, finess_number
from tests.funding.factories import poc_terms

SIMULATOR = "/simulateur/"
NBSP, THIN = "\u00a0", "\u202f"


@pytest.fixture
def schedule(db: None) -> None:
    poc_terms()


def words(client: Client, **query: object) -> str:
    """The page as it is read: tags out, entities decoded, line breaks and indentation as one space."""
    response = client.get(SIMULATOR, query)
    assert response.status_code == 200
    text = unescape(re.sub(r"<[^>]+>", " ", response.content.decode()))
    return re.sub(r"[ \n]+", " ", text)


@pytest.mark.parametrize(
    ("parcours", "eg", "amount"), [(1, 2, f"18{THIN}800"), (2, 8, f"102{THIN}000"), (3, 25, f"115{THIN}600")]
)
@pytest.mark.usefixtures("schedule")
def test_the_examples_of_the_questions_and_answers(client: Client, parcours: int, eg: int, amount: str) -> None:
    assert f"Subvention estimée{NBSP}: {amount}{NBSP}€" in words(client, parcours=parcours, eg=eg)


@pytest.mark.usefixtures("schedule")
def test_the_breakdown_shows_each_bracket_and_the_end_of_the_funding(client: Client) -> None:
    page = words(client, parcours=3, eg=25)
    assert f"À partir de la 13e{NBSP}EG 13 17{THIN}000{NBSP}€ 0{NBSP}% 0{NBSP}€" in page
    assert f"5e à 8e{NBSP}EG 4 17{THIN}000{NBSP}€ 50{NBSP}% 34{THIN}000{NBSP}€" in page
    assert f"Aucun financement au-delà de la 12e{NBSP}EG." in page


@pytest.mark.usefixtures("schedule")
def test_the_amount_is_said_to_be_an_estimate(client: Client) -> None:
    page = words(client, parcours=1, eg=2)
    assert "Ce montant est une estimation" in page
    assert "équipés d'un DUI ou d'un DPI référencé Ségur" in page
    assert "Aucun financement au-delà" not in page


@pytest.mark.usefixtures("schedule")
def test_the_result_has_an_address_to_share(client: Client) -> None:
    assert "/simulateur/?parcours=1&eg=2" in words(client, parcours=1, eg=2)


@pytest.mark.usefixtures("schedule")
def test_the_chart_and_its_table_say_the_same_amounts(client: Client) -> None:
    page = client.get(SIMULATOR, {"parcours": 2, "eg": 8}).content.decode()
    columns = charts.growth(poc_terms(), track="2")
    assert [column.sites for column in columns] == list(range(1, 16))
    assert page.count("<rect ") == 15
    assert page.count("care-mark--second") == 1
    heights = [int(height) for height in re.findall(r'<rect [^>]*height="(\d+)"', page)]
    assert heights == [column.height for column in columns] == sorted(heights)
    # The 12th EG is the last that brings something: the columns then stay as high.
    assert heights[10] < heights[11] == heights[14] == charts.HIGHEST
    for column in columns:
        assert f"{french.euros(column.total)}</td>" in page
    row = rf"8 \(votre simulation\)</th>\s*<td[^>]*>102{THIN}000{NBSP}€</td>\s*<td[^>]*>8{THIN}500{NBSP}€"
    assert re.search(row, page)
    beyond = client.get(SIMULATOR, {"parcours": 2, "eg": 25}).content.decode()
    assert "care-mark--second" not in beyond
    assert "Votre simulation" not in beyond


@pytest.mark.usefixtures("schedule")
def test_an_empty_form_shows_no_error_and_explains_the_calculation(client: Client) -> None:
    page = words(client)
    assert "Subvention estimée" not in page
    assert "Votre saisie est à corriger" not in page
    assert f"1re à 4e{NBSP}EG{NBSP}: 100{NBSP}%." in page
    assert f"À partir de la 13e{NBSP}EG{NBSP}: aucun financement." in page


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"eg": 2}, "Choisissez un parcours."),
        ({"parcours": 9, "eg": 2}, "Choisissez un parcours de la liste."),
        ({"parcours": 1}, "Saisissez le nombre d'EG, par exemple 8, ou un numéro FINESS EJ."),
        ({"parcours": 1, "eg": 0}, "Saisissez un nombre d'EG à partir de 1"),
        ({"parcours": 1, "eg": "deux"}, "Saisissez un nombre entier, par exemple 8."),
        ({"parcours": 1, "eg": "99999999999999999999"}, f"d'au plus 9{THIN}999"),
        ({"parcours": 1, "finess": "12"}, "Un numéro FINESS compte 9 caractères"),
        ({"parcours": 1, "finess": "010000256"}, "sa clé de contrôle"),
        ({"parcours": 1, "finess": "010000255"}, "Aucune entité juridique ouverte ne porte ce numéro."),
        ({"parcours": 1, "finess": "010000255\x00"}, "caractère nul"),
    ],
)
@pytest.mark.usefixtures("schedule")
def test_an_error_stands_beside_its_field_and_in_the_summary(
    client: Client, query: dict[str, object], message: str
) -> None:
    page = words(client, **query)
    assert page.count(message) == 2
    assert "Erreur – Simulateur de subvention" in page
    assert "Subvention estimée" not in page


@pytest.mark.usefixtures("schedule")
def test_a_finess_number_fills_the_number_of_sites(client: Client) -> None:
    entity = LegalEntityFactory.create(name="LES TILLEULS")
    GeographicEntityFactory.create_batch(3, legal_entity=entity)
    GeographicEntityFactory.create(legal_entity=entity, es=True)
    GeographicEntityFactory.create(legal_entity=entity, closed=True)
    typed = f"{entity.finess[:3]} {entity.finess[3:]}"
    response = client.get(SIMULATOR, {"parcours": 1, "finess": typed, "eg": ""})
    assert response.status_code == 302
    page = client.get(response["Location"]).content.decode()
    assert 'value="3"' in page
    assert f"28{THIN}200{NBSP}€" in page
    assert "LES TILLEULS" in page


@pytest.mark.usefixtures("schedule")
def test_the_number_of_sites_can_be_corrected_then_follows_another_finess_number(client: Client) -> None:
    first, second = LegalEntityFactory.create_batch(2)
    GeographicEntityFactory.create_batch(3, legal_entity=first)
    GeographicEntityFactory.create_batch(2, legal_entity=second)
    corrected = {"parcours": 1, "finess": first.finess, "repris": first.finess, "eg": 1}
    assert f"Subvention estimée{NBSP}: 9{THIN}400{NBSP}€" in words(client, **corrected)
    response = client.get(SIMULATOR, corrected | {"finess": second.finess})
    assert "eg=2" in response["Location"]


@pytest.mark.usefixtures("schedule")
def test_a_number_typed_with_a_finess_number_is_kept(client: Client) -> None:
    site = GeographicEntityFactory.create()
    query = {"parcours": 1, "finess": site.legal_entity.finess, "eg": 5}
    assert f"Subvention estimée{NBSP}: 42{THIN}300{NBSP}€" in words(client, **query)


@pytest.mark.usefixtures("schedule")
def test_an_entity_without_any_essms_asks_for_the_number(client: Client) -> None:
    entity = LegalEntityFactory.create()
    assert "n'a aucun ESSMS ouvert" in words(client, parcours=1, finess=entity.finess)
    assert f"Subvention estimée{NBSP}: 18{THIN}800{NBSP}€" in words(client, parcours=1, finess=entity.finess, eg=2)


@pytest.mark.usefixtures("schedule")
def test_a_closed_entity_is_unknown(client: Client) -> None:
    entity = LegalEntityFactory.create(closed=True, finess=finess_number(7))
    assert "Aucune entité juridique ouverte" in words(client, parcours=1, finess=entity.finess)


@pytest.mark.django_db
def test_without_a_bareme_in_force_the_page_says_so(client: Client) -> None:
    assert "Aucun barème n'est applicable aujourd'hui" in words(client, parcours=1, eg=2)
    poc_terms()
    with time_machine.travel("2026-03-30T12:00:00+02:00"):
        assert "Aucun barème n'est applicable aujourd'hui" in words(client, parcours=1, eg=2)


@pytest.mark.usefixtures("schedule")
def test_the_page_is_public_and_costs_three_queries_at_most(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    site = GeographicEntityFactory.create()
    with django_assert_num_queries(2):
        client.get(reverse("funding:simulator"), {"parcours": 1, "eg": 2})
    with django_assert_num_queries(3):
        client.get(SIMULATOR, {"parcours": 1, "eg": 2, "finess": site.legal_entity.finess})


@pytest.mark.usefixtures("schedule")
def test_nothing_is_posted_there(client: Client) -> None:
    assert client.post(SIMULATOR).status_code == 405


@pytest.mark.django_db(transaction=True)
def test_the_page_is_accessible_and_works_by_keyboard(
    live_server: LiveServer, page: Page, axe: Callable[[Page], None]
) -> None:
    poc_terms()
    page.goto(live_server.url + SIMULATOR)
    axe(page)
    page.get_by_role("button", name="Calculer la subvention").press("Enter")
    assert page.title().startswith("Erreur – ")
    axe(page)
    page.get_by_label("Parcours 2", exact=False).focus()
    page.keyboard.press("Space")
    page.get_by_label("Nombre d'entités géographiques", exact=False).fill("8")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Subvention estimée").wait_for()
    assert f"102{THIN}000{NBSP}€" in page.inner_text("#resultat")
    assert page.title().startswith(f"102{THIN}000{NBSP}€ pour 8")
    axe(page)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_cut_on_a_narrow_screen(live_server: LiveServer, page: Page, axe: Callable[[Page], None]) -> None:
    poc_terms()
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{live_server.url}{SIMULATOR}?parcours=3&eg=25")
    assert fits(page)
    axe(page)
