"""Views of the list that people keep, and the columns that they choose (I1)."""

from __future__ import annotations

import pytest

from accounts.models import User
from dossiers import workflow
from dossiers.models import SavedView
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages
from tests.dossiers.rows import row
from tests.establishments.factories import LegalEntityFactory

pytestmark = pytest.mark.django_db
VIEWS = "/instruction/vues/"


def kept(owner: User, name: str, query: str = "", *, shared: bool = False) -> SavedView:
    return workflow.saved_views.keep(by=owner, name=name, query=query, is_shared=shared)


def test_columns_live_in_the_address_and_follow_its_links() -> None:
    row()
    client = factories.signed_in(UserFactory(verifier=True))
    usual = client.get("/instruction/")
    assert 'data-label="Type"' not in usual.content.decode()
    assert 'href="/instruction/?verificateur=moi">Mes dossiers' in usual.content.decode()
    page = client.get("/instruction/?colonne=type&colonne=echeance&colonne=statut&colonne=inconnue&region=")
    body = page.content.decode()
    assert page.context["shown"] == ["type", "statut", "echeance"]
    assert body.count('<th scope="col"') == 4, "with the reference"
    assert 'data-label="Type"' in body
    assert 'data-label="Région"' not in body
    filters, _, rest = body.split('id="filtres"')[1].partition("</form>")
    assert filters.count('type="hidden" name="colonne"') == 3, "filtering again keeps them"
    assert rest.count('type="hidden" name="colonne" value="echeance"') == 1, "and so does sorting"
    assert "colonne=statut" in body.split("care-tabs")[1].split("</nav>")[0], "and so does a counter"
    assert client.get("/instruction/?colonne=inconnue").context["shown"] == usual.context["shown"]


def test_a_view_keeps_filters_sort_and_columns_and_one_opens_the_list_on_it() -> None:
    paul = UserFactory(verifier=True)
    client = factories.signed_in(paul)
    mine = row(legal_entity=LegalEntityFactory(name="CLINIQUE DES TILLEULS"))
    workflow.assignment.take(mine, by=paul)
    row()
    form = client.get(f"{VIEWS}?query=verificateur%3Dmoi%26page%3D2%26region%3D")
    assert 'value="verificateur=moi&amp;page=2&amp;region="' in form.content.decode()
    nameless = client.post(VIEWS, {"name": " ", "query": "verificateur=moi"})
    assert "Donnez un nom à cette vue" in pages.text(nameless)
    content = {
        "name": "Les miens",
        "query": "verificateur=moi&tri=-region&page=2&region=&colonne=statut",
        "is_default": "on",
    }
    page = client.post(VIEWS, content, follow=True)
    view = SavedView.objects.get()
    assert view.query == "verificateur=moi&tri=-region&colonne=statut"
    assert [each.reference for each in page.context["page"]] == [mine.dossier.reference]
    assert page.context["view"] == view
    again = client.post(VIEWS, content)
    assert "Une de vos vues porte déjà ce nom" in pages.text(again)
    assert client.get("/instruction/")["Location"] == f"/instruction/?{view.parameters}"
    assert len(client.get("/instruction/?vue=toutes").context["page"].object_list) == 2
    client.post(f"{VIEWS}{view.public_id}/ouverture/", {"off": "1"})
    assert client.get("/instruction/").status_code == 200
    client.post(f"{VIEWS}{view.public_id}/", {"remove": "1"})
    assert not SavedView.objects.exists()


@pytest.mark.parametrize("query", ["q=" + "é" * 1_500, "q=" + "a" * 2_100 + "&statut=transmitted"])
def test_a_list_too_long_to_be_kept_is_told_and_not_cut(query: str) -> None:
    client = factories.signed_in(UserFactory(verifier=True))
    page = client.post(VIEWS, {"name": "Longue", "query": query})
    assert "trop longs pour être gardés" in pages.text(page)
    assert page.context["form"]["query"].value() == query, "nothing typed is lost"
    assert not SavedView.objects.exists()


def test_a_shared_view_is_read_by_the_team_and_changed_by_its_owner() -> None:
    paul, nadia = UserFactory(verifier=True, last_name="Girard"), UserFactory(lead=True)
    own, shared = kept(paul, "À moi"), kept(paul, "À tous", "statut=transmitted", shared=True)
    row()
    client = factories.signed_in(nadia)
    said = pages.text(client.get(VIEWS))
    assert ("À tous" in said, "À moi" in said) == (True, False)
    assert "À tous" in pages.text(client.get("/instruction/"))
    for view in (own, shared):
        assert client.post(f"{VIEWS}{view.public_id}/", {"remove": "1"}).status_code == 404
    assert client.post(f"{VIEWS}{own.public_id}/ouverture/").status_code == 404
    client.post(f"{VIEWS}{shared.public_id}/ouverture/")
    assert "statut=transmitted" in client.get("/instruction/")["Location"]
    factories.signed_in(paul).post(f"{VIEWS}{shared.public_id}/", {"name": "Plus à tous"})
    assert client.get("/instruction/").status_code == 200, "no longer shared"


def test_the_list_and_the_page_of_views_cost_the_same_whatever_is_kept() -> None:
    lead = UserFactory(lead=True)
    client = factories.signed_in(lead)
    row()
    counts = {}
    for number in (1, 3, 30):
        for index in range(SavedView.objects.count(), number):
            kept(UserFactory(verifier=True) if index % 2 else lead, f"Vue {index}", shared=True)
        counts[number] = [
            pages.cost(lambda address=address: client.get(address)) for address in ("/instruction/", VIEWS)
        ]
    assert counts[1] == counts[3] == counts[30]
    assert max(counts[1]) <= 12


def test_who_opens_the_list_on_a_view_can_still_take_its_filters_off() -> None:
    """Without its last filter the list is that of all dossiers: an empty address would lead back to the view."""
    paul = UserFactory(verifier=True)
    client = factories.signed_in(paul)
    row()
    workflow.saved_views.open_on(kept(paul, "À valider", "statut=validated"), by=paul)
    page = client.get("/instruction/?verificateur=moi")
    (active,) = page.context["filters"].active
    for link in (active.without, page.context["filters"].cleared):
        assert len(client.get(f"/instruction/{link}").context["page"].object_list) == 1
    assert pages.fields(page)["vue"] == "toutes", "nor does filtering by nothing"
    tabs = client.get("/instruction/?statut=validated").content.decode().split("care-tabs")[1].split("</nav>")[0]
    assert 'href="?vue=toutes"' in tabs


def test_the_views_are_there_when_nothing_is_found() -> None:
    paul = UserFactory(verifier=True)
    client = factories.signed_in(paul)
    row()
    view = kept(paul, "À valider", "statut=validated")
    workflow.saved_views.open_on(view, by=paul)
    page = client.get("/instruction/", follow=True)
    assert "Aucun dossier ne correspond à ces filtres." in pages.text(page)
    for words in ("Vues : À valider", "Mes dossiers", "Enregistrer cette liste", "Gérer les vues"):
        assert words in pages.text(page), words
