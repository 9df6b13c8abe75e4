"""What nobody types by hand in the addresses and forms of the back-office: a word about it at most, never a failure."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from dossiers.models import Batch
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages
from tests.dossiers.rows import row

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "1999-12-31"])
@pytest.mark.parametrize("name", ["depuis", "jusqua"])
def test_a_day_out_of_reach_is_told_and_left_aside(name: str, day: str) -> None:
    stage = factories.transmitted()
    row()
    client = factories.signed_in(UserFactory(verifier=True))
    page = client.get("/instruction/", {name: day})
    assert "n'est pas une date" in pages.text(page)
    assert len(page.context["page"].object_list) == 2
    beside = client.get(pages.url("instruction-dossier", stage), {"tri": "reference", name: day})
    assert beside.content.decode().count("/instruction/") > 1
    assert client.get("/instruction/exports/nouveau/", {name: day}).status_code == 200
    batch = {"perimetre": "tous", "action": "take", "query": f"{name}={day}"}
    assert client.post("/instruction/lots/nouveau/", batch, follow=True).context["total"] == 2


@pytest.mark.parametrize(
    "sent", [{"dossiers": "a\0b"}, {"query": "q=\0"}, {"query": "q=%00"}, {"query": "statut=%00&region=%00"}]
)
def test_a_character_that_postgresql_refuses_prepares_no_failure(sent: dict[str, str]) -> None:
    stage = row()
    client = factories.signed_in(UserFactory(verifier=True))
    batch = {"perimetre": "coches", "action": "take", "dossiers": stage.dossier.reference, **sent}
    for scope in ("coches", "tous"):
        page = client.post("/instruction/lots/nouveau/", {**batch, "perimetre": scope}, follow=True)
        assert page.status_code == 200


def test_an_etape_that_is_no_etape_is_compared_with_nothing() -> None:
    stage = factories.transmitted()
    client = factories.signed_in(UserFactory(verifier=True))
    for code, status in (("inconnue", 404), ("candi\0dature", 200), ("\0", 200)):
        assert client.get(pages.url("instructed-comparison", stage), {"lue": code}).status_code == status


@pytest.mark.parametrize("text", ["%", "-", " ?! ", "«\u00a0»", "_" * 300])
def test_a_search_without_a_word_is_told_and_left_aside(text: str) -> None:
    """By the list and its counters, by an export and by a batch, as every filter that means nothing."""
    stage = factories.transmitted()
    row("validated")
    client = factories.signed_in(UserFactory(verifier=True))
    asked = {"q": text, "statut": "transmitted"}
    page = client.get("/instruction/", asked)
    assert "Cette recherche ne contient aucun mot" in pages.text(page)
    assert [tab.count for tab in page.context["tabs"] if tab.status in ("", "transmitted")] == [2, 1]
    assert page.context["page"].paginator.count == 1
    assert not page.context["filters"].active, "no tag says that it filters"
    assert page.context["form"]["q"].value() == text
    assert client.get(pages.url("instruction-dossier", stage), asked).status_code == 200
    assert "Recherche" not in pages.text(client.get("/instruction/exports/nouveau/", asked)).split("Filtres")[-1][:40]
    batch = {"perimetre": "tous", "action": "take", "query": urlencode(asked)}
    assert client.post("/instruction/lots/nouveau/", batch, follow=True).context["total"] == 1


def test_a_search_too_long_to_be_kept_prepares_no_batch() -> None:
    """Cut, the way back would be another list."""
    row()
    client = factories.signed_in(UserFactory(verifier=True))
    batch = {"perimetre": "tous", "action": "take", "query": urlencode({"q": "é" * 400})}
    assert "trop longue pour en préparer un lot" in pages.text(
        client.post("/instruction/lots/nouveau/", batch, follow=True)
    )
    assert not Batch.objects.exists()
