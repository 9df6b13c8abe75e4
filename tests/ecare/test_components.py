"""The components of templates/components/, on the inputs they declare."""

from typing import Any

import pytest
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.core.paginator import Paginator
from django.template import Context, Template
from django.template.loader import render_to_string

from tests.ecare.test_template_pack import Page


def component(name: str, **inputs: Any) -> Page:
    return Page(render_to_string(f"components/{name}.html", inputs))


def hrefs(page: Page) -> list[str]:
    return [link["href"] for link in page.all("a") if "href" in link]


def test_pagination_keeps_the_filters_and_gives_the_total() -> None:
    page = Paginator(range(2_082), 10).page(7)
    drawn = component("pagination", page=page, query="tri=nom&region=11", noun="dossier,dossiers")
    assert hrefs(drawn)[:2] == ["?tri=nom&region=11&page=1", "?tri=nom&region=11&page=6"]
    assert hrefs(drawn)[-1] == "?tri=nom&region=11&page=209"
    assert "Page 7 sur 209" in drawn.all("p")[0]["text"]
    assert "2\u202f082\u00a0dossiers" in drawn.all("p")[0]["text"]
    assert [link["text"] for link in drawn.all("a", **{"aria-current": "page"})] == ["7"]


def test_pagination_escapes_the_query() -> None:
    page = Paginator(range(100), 10).page(1)
    drawn = component("pagination", page=page, query='q="><script>', noun="dossier,dossiers")
    assert not drawn.all("script")


@pytest.mark.parametrize(("number", "absent"), [(1, ["Première page", "Page précédente"]), (10, ["Page suivante"])])
def test_pagination_leads_nowhere_past_its_ends(number: int, absent: list[str]) -> None:
    drawn = component("pagination", page=Paginator(range(100), 10).page(number))
    dead = [link["text"] for link in drawn.all("a") if "href" not in link]
    assert set(absent) <= set(dead)


def test_single_page_shows_its_count_and_no_links() -> None:
    drawn = component("pagination", page=Paginator(range(1), 10).page(1), noun="dossier,dossiers")
    assert "1\u00a0dossier" in drawn.all("p")[0]["text"]
    assert not drawn.all("a")


@pytest.mark.parametrize(
    ("status", "label"),
    [
        ("draft", "Brouillon"),
        ("transmitted", "Transmis"),
        ("modification_requested", "Modification demandée"),
        ("validated", "Validé"),
        ("rejected", "Rejeté"),
    ],
)
def test_statuses_have_their_words_and_an_icon(status: str, label: str) -> None:
    badge = component("status_badge", status=status).all("p")[0]
    assert badge["text"].strip() == label
    assert "fr-icon-" in badge["class"] or "fr-badge--" in badge["class"]


def test_statuses_do_not_look_alike() -> None:
    statuses = ("draft", "transmitted", "modification_requested", "validated", "rejected")
    assert len({component("status_badge", status=status).all("p")[0]["class"] for status in statuses}) == 5


def test_alert_title_is_a_heading_only_where_a_level_is_given() -> None:
    assert component("alert", kind="info", title="Titre", level=3).all("h3")[0]["text"] == "Titre"
    assert component("alert", kind="info", title="Titre").elements[1]["tag"] == "p"
    assert "fr-alert--sm" in component("alert", kind="error", text="Une phrase.").elements[0]["class"]


def test_breadcrumb_ends_on_the_page_shown() -> None:
    drawn = component("breadcrumb", items=[("Tableau de bord", "/tableau-de-bord/"), ("<Guichet>", None)])
    assert hrefs(drawn) == ["/tableau-de-bord/"]
    assert drawn.all("a", **{"aria-current": "page"})[0]["text"] == "<Guichet>"


def test_definitions_say_when_nothing_was_given() -> None:
    drawn = component("definition_list", items=[("Téléphone", ""), ("Nombre d'EG", 0)])
    assert [item["text"].strip() for item in drawn.all("dd")] == ["Non renseigné", "0"]


def test_messages_are_alerts_read_out_politely() -> None:
    messages = [Message(constants.SUCCESS, "Votre brouillon est enregistré."), Message(constants.ERROR, "<b>Non</b>")]
    drawn = component("messages", messages=messages)
    assert drawn.elements[0]["role"] == "status"
    assert not drawn.all("b")
    assert [" ".join(item["class"].split()) for item in drawn.elements if "fr-alert " in item.get("class", "")] == [
        "fr-alert fr-alert--success fr-alert--sm",
        "fr-alert fr-alert--error fr-alert--sm",
    ]
    assert not component("messages", messages=[]).elements


def test_page_that_asks_for_htmx_tells_it_to_stay_within_the_policy() -> None:
    drawn = component("htmx")
    assert '"allowEval": false' in drawn.all("meta", name="htmx-config")[0]["content"]
    assert '"includeIndicatorStyles": false' in drawn.all("meta", name="htmx-config")[0]["content"]
    assert drawn.all("script")[0]["src"].endswith("htmx-2.min.js")


def test_dialog_is_named_by_its_title_and_shows_the_template_given() -> None:
    source = '{% include "components/modal.html" with id="d" title="Titre" body="ecare/gallery_modal.html" only %}'
    drawn = Page(Template(source).render(Context()))
    dialog = drawn.by_id("d")
    assert (dialog["tag"], dialog["aria-labelledby"]) == ("dialog", "d-title")
    assert drawn.by_id("d-title")["text"] == "Titre"
    assert "gabarit à part" in dialog["text"]
