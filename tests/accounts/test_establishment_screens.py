"""The screens that choose an establishment (A1 step 2)."""

import pytest

from accounts.models import User
from establishments.importing import deriving
from tests.accounts.registering import RECAP, SCREEN_2, SCREEN_3, fill, text
from tests.establishments.factories import GeographicEntityFactory, LegalEntityFactory

pytestmark = pytest.mark.django_db


# Screen 2/3


def test_only_what_is_offered_under_the_type_and_region_can_be_selected(client, legal_entity):
    """Q20."""
    fill(client, legal_entity, until=SCREEN_2)
    for other in (
        LegalEntityFactory(es=True),
        LegalEntityFactory(region_codes=["84"]),
        LegalEntityFactory(closed=True),
    ):
        assert client.post(SCREEN_2, {"finess": other.finess}).url == SCREEN_2
    for nonsense in ("", "x", "\x00", "999999999"):
        assert client.post(SCREEN_2, {"finess": nonsense}).url == SCREEN_2
    assert client.get(SCREEN_3).url == SCREEN_2


def test_an_establishment_closed_meanwhile_is_asked_for_again(client, legal_entity):
    fill(client, legal_entity)
    type(legal_entity).objects.update(is_active=False, kinds=[])
    assert client.post(RECAP, follow=True).redirect_chain[-1][0] == SCREEN_2
    assert not User.objects.exists()


def test_the_list_is_paged_with_its_total(client, legal_entity):
    LegalEntityFactory.create_batch(24)
    fill(client, legal_entity, until=SCREEN_2)
    page = text(client.get(SCREEN_2).content.decode())
    assert "Page 1 sur 3 (25\u00a0entrées au total)" in page
    assert page.count('name="finess"') == 10
    assert text(client.get(SCREEN_2, {"page": "3"}).content.decode()).count('name="finess"') == 5
    for nonsense in ("0", "-1", "9999", "x", "1e9"):
        assert client.get(SCREEN_2, {"page": nonsense}).status_code == 200


def test_search_finds_and_keeps_what_was_typed(client, legal_entity):
    LegalEntityFactory(name="ASS RESIDENCE SAINT JEAN")
    fill(client, legal_entity, until=SCREEN_2)
    page = client.get(SCREEN_2, {"q": "association st jean"}).content.decode()
    assert "ASS RESIDENCE SAINT JEAN" in page
    assert "DOMINO" not in page
    assert 'value="association st jean"' in page
    page = text(client.get(SCREEN_2, {"q": "introuvable"}).content.decode())
    assert "Aucun établissement trouvé" in page
    assert client.get(SCREEN_2, {"q": "\x00'\"<script>%_\\"}).status_code == 200


def test_search_as_one_types_answers_the_list_alone_and_tells_its_count(client, legal_entity):
    site = GeographicEntityFactory(legal_entity=legal_entity, name="FOYER DES SAULES")
    deriving.entities()
    fill(client, legal_entity, until=SCREEN_2)
    page = client.get(SCREEN_2, {"q": "saules"}, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in page
    assert f"Site : {site}" in text(page).replace("\xa0", " ").replace("&nbsp;", " ")
    assert f'action="{SCREEN_2}"' in page
    assert 'name="csrfmiddlewaretoken" value=""' not in page
    assert "1 établissement trouvé." in text(page)
    nothing = client.get(SCREEN_2, {"q": "introuvable"}, headers={"HX-Request": "true"}).content.decode()
    assert 'role="status" hx-swap-oob="true"' in text(nothing)


def test_each_select_button_names_its_establishment(client, legal_entity):
    fill(client, legal_entity, until=SCREEN_2)
    page = client.get(SCREEN_2).content.decode()
    assert f'Sélectionner <span class="fr-sr-only">DOMINO SERVICES 94 ({legal_entity.finess})</span>' in page


# Screen 3/3


def test_sites_are_paged_searched_and_closed_ones_left_out(client, legal_entity):
    GeographicEntityFactory(legal_entity=legal_entity, name="FERMÉ", closed=True)
    for n in range(12):
        GeographicEntityFactory(legal_entity=legal_entity, name=f"EHPAD DES PINS {n}")
    fill(client, legal_entity, until=SCREEN_3)
    page = client.get(SCREEN_3).content.decode()
    assert "Page 1 sur 2" in page
    assert "FERMÉ" not in page
    assert "Page 1 sur 1" in client.get(SCREEN_3, {"size": "25"}).content.decode()
    page = client.get(SCREEN_3, {"q": "saad"}).content.decode()
    assert "SAAD AAVS" in page
    assert "PINS" not in page
    site = legal_entity.sites.get(name="EHPAD DES PINS 3")
    assert "EHPAD DES PINS 3" in client.get(SCREEN_3, {"q": site.finess}).content.decode()
    for nonsense in ({"size": "1000000"}, {"size": "-1"}, {"size": "²"}, {"page": "x"}, {"q": "\x00"}):
        assert client.get(SCREEN_3, nonsense).status_code == 200
