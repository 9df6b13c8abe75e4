"""The EG for which a candidate applies: those of its EJ, and of the EJ added to it (guichets.md, question 5)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from dossiers import eligibility, kinds, queries
from dossiers.kinds import Raw
from dossiers.models import DossierStage, Question
from establishments.models import LegalEntity
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages
from tests.dossiers.test_kinds import clean, question, said
from tests.establishments.factories import (
    CategoryFactory,
    GeographicEntityFactory,
    LegalEntityFactory,
    RegionFactory,
    finess_number,
)

pytestmark = pytest.mark.django_db


class TestPerimeter:
    def test_it_copies_what_finess_said(self) -> None:
        entity = LegalEntityFactory()
        home = GeographicEntityFactory(legal_entity=entity, name="EHPAD LES LILAS", city="LYON")
        hospital = GeographicEntityFactory(legal_entity=entity, es=True)
        value = clean(
            question("perimeter"), {"sites": [home.finess, hospital.finess], "equipped": [home.finess]}, entity
        )
        by_number = {site["finess"]: site for site in value["sites"]}
        assert by_number.keys() == {home.finess, hospital.finess}
        assert by_number[home.finess] == {
            "finess": home.finess,
            "name": home.display_name,
            "city": "LYON",
            "category": home.category.label,
            "essms": True,
            "region": "11",
            "legal_entity": entity.finess,
            "equipped": True,
        }
        assert (by_number[hospital.finess]["essms"], by_number[hospital.finess]["equipped"]) == (False, False)

    def test_a_site_of_another_entity_or_closed_is_refused(self) -> None:
        entity = LegalEntityFactory()
        mine = GeographicEntityFactory(legal_entity=entity)
        for site in (GeographicEntityFactory(), GeographicEntityFactory(legal_entity=entity, closed=True)):
            assert clean(question("perimeter"), {"sites": [mine.finess, site.finess]}, entity) is None
            assert clean(question("perimeter"), {"sites": [mine.finess], "equipped": [site.finess]}, entity) is None

    def test_equipped_without_being_candidate_is_refused(self) -> None:
        entity = factories.entity(sites=2)
        one, other = entity.sites.all()
        assert clean(question("perimeter"), {"sites": [one.finess], "equipped": [other.finess]}, entity) is None
        assert clean(question("perimeter"), {"equipped": [one.finess]}, entity) is None

    def test_facts_count_regions_and_entities(self) -> None:
        site = {"legal_entity": "750000001", "equipped": True, "essms": True}
        value = {
            "sites": [
                {**site, "finess": "1", "region": "11"},
                {**site, "finess": "2", "region": "94"},
                {**site, "finess": "3", "region": None},
                {**site, "finess": "4", "region": "11", "legal_entity": "750000002"},
            ]
        }
        facts = kinds.KINDS["perimeter"].facts(value)
        assert facts == {"value": ["1", "2", "3", "4"], "regions": 2, "legal_entities": 2}

    def test_only_equipped_essms_count_and_each_other_one_has_its_reason(self) -> None:
        """F2."""
        sites = [{"essms": essms, "equipped": equipped} for essms in (True, False) for equipped in (True, False)]
        found = eligibility.of({"sites": [*sites, sites[1]]})
        assert found.counted.sites == sites[:1]
        assert found.candidates == 5
        assert [(group.reason, len(group.sites)) for group in found.excluded] == [
            (eligibility.NOT_EQUIPPED, 2),
            (eligibility.NOT_ESSMS, 1),
            (f"{eligibility.NOT_ESSMS} et {eligibility.NOT_EQUIPPED}", 1),
        ]
        assert [group.why for group in found.excluded] == [
            "elles ne sont pas déclarées équipées d'un DUI ou DPI référencé Ségur",
            f"elle {eligibility.NOT_ESSMS}",
            f"elle {eligibility.NOT_ESSMS} et {eligibility.NOT_EQUIPPED}",
        ]
        assert eligibility.of(None) == eligibility.of({"sites": []})
        assert eligibility.of(None).candidates == 0

    def test_a_site_without_category_is_no_essms(self) -> None:
        entity = LegalEntityFactory()
        site = GeographicEntityFactory(legal_entity=entity, category=CategoryFactory(code="999"))
        value = clean(question("perimeter"), {"sites": [site.finess], "equipped": [site.finess]}, entity)
        assert not eligibility.of(value).counted.sites
        assert "hors ESSMS" in said(question("perimeter"), value)[0][1]


def open_to_others() -> Question:
    return question("perimeter", options={"other_entities": True})


def numbers(entity: LegalEntity) -> list[str]:
    return sorted(entity.sites.values_list("finess", flat=True))


class TestSeveralEntities:
    def test_the_sites_of_an_added_entity_join_the_others(self) -> None:
        own, other = factories.entity(sites=1), factories.entity(sites=2, region=RegionFactory(code="94"))
        raw: Raw = {"entities": [other.finess], "sites": numbers(own) + numbers(other)}
        value = clean(open_to_others(), raw, own)
        assert value["entities"] == {own.finess: own.display_name, other.finess: other.display_name}
        assert [site["legal_entity"] for site in value["sites"]] == [own.finess, other.finess, other.finess]
        assert kinds.KINDS["perimeter"].facts(value) | {"value": []} == {"value": [], "regions": 2, "legal_entities": 2}
        assert other.finess in said(open_to_others(), value)[1][1]
        table = kinds.KINDS["perimeter"].table(open_to_others(), value)
        assert table is not None
        assert [(title, len(rows)) for title, rows in table.groups] == [
            (own.label, 1),
            (other.label, 2),
        ]

    def test_an_entity_added_without_a_site_ticked_changes_nothing(self) -> None:
        own, other = factories.entity(sites=1), factories.entity(sites=1)
        alone = clean(open_to_others(), {"sites": numbers(own)}, own)
        assert clean(open_to_others(), {"entities": [other.finess], "sites": numbers(own)}, own) == alone
        assert "entities" not in alone

    def test_a_site_must_be_of_an_entity_of_the_perimeter(self) -> None:
        own, other = factories.entity(sites=1), factories.entity(sites=1)
        assert clean(open_to_others(), {"sites": numbers(own) + numbers(other)}, own) is None
        shut = {"entities": [other.finess], "sites": numbers(own) + numbers(other)}
        assert clean(question("perimeter"), shut, own) is None

    @pytest.mark.parametrize("fields", [{"closed": True}, None])
    def test_an_entity_closed_or_unknown_is_told_and_can_be_taken_out(self, fields: dict[str, Any] | None) -> None:
        own = factories.entity(sites=1)
        number = LegalEntityFactory(**fields).finess if fields else finess_number(999_999)
        form: Any = kinds.KINDS["perimeter"].bound_form(
            open_to_others(), {"entities": [number], "sites": numbers(own)}, kinds.Context(own)
        )
        assert number in form.errors["entities"][0]
        assert [(group.finess, group.name) for group in form.groups][1:] == [(number, "")]

    def test_entities_are_added_and_taken_out_by_buttons(self) -> None:
        own, other, third = (factories.entity(sites=1) for _ in range(3))
        spaced = f"{third.finess[:3]} {third.finess[3:6]} {third.finess[6:]}"
        post = QueryDict(mutable=True)
        post.setlist("asked-entities", [other.finess])
        post.setlist("asked-add", ["tilleuls", spaced])
        post.setlist("asked-sites", numbers(own) + numbers(other))
        kind = kinds.KINDS["perimeter"]
        raw = kind.raw_from(open_to_others(), post)
        assert raw["entities"] == sorted([other.finess, third.finess])
        post["asked-remove"] = other.finess
        raw = kind.raw_from(open_to_others(), post)
        assert raw == {"entities": [third.finess], "sites": numbers(own)}
        assert kind.raw_from(question("perimeter"), post) == {"sites": sorted(numbers(own) + numbers(other))}

    def test_fifty_others_at_most(self) -> None:
        own = factories.entity(sites=1)
        others = [entity.finess for entity in LegalEntityFactory.create_batch(51)]
        assert clean(open_to_others(), {"entities": others[:50], "sites": numbers(own)}, own)
        assert clean(open_to_others(), {"entities": others, "sites": numbers(own)}, own) is None


def saved(stage: DossierStage) -> Raw:
    answer = stage.answers.filter(code="perimeter").first()
    return answer.raw if answer else {}


class TestPages:
    def test_without_script_an_entity_is_searched_added_ticked_and_taken_out(self) -> None:
        stage = factories.draft(sites=1)
        other = factories.entity(sites=1, name="MAISON DES GLYCINES")
        client = pages.owner(stage)
        url = pages.url("perimeter", stage, "perimeter")
        form = client.get(pages.url("form", stage))
        typed = pages.typed(form, perimeter={"sites": numbers(stage.dossier.legal_entity)})
        search = client.post(url, {**typed, "search": "perimeter", "words": "glycines"}, follow=True)
        assert "1 entité juridique trouvée" in pages.text(search)
        assert saved(stage) == {"sites": numbers(stage.dossier.legal_entity)}, "what was ticked is kept meanwhile"
        fields = {**pages.fields(search), "perimeter-add": other.finess}
        form = client.post(url, fields, follow=True)
        assert form.redirect_chain[-1][0].endswith("#question-perimeter")
        assert "MAISON DES GLYCINES" in pages.text(form)
        assert saved(stage)["entities"] == [other.finess]
        both = {"sites": numbers(stage.dossier.legal_entity) + numbers(other), "entities": [other.finess]}
        form = client.post(pages.url("form", stage), {**pages.typed(form, perimeter=both), "draft": "1"}, follow=True)
        value = stage.answers.get(code="perimeter").value
        assert len(value["sites"]) == 2
        form = client.post(url, {**pages.typed(form, perimeter=both), "perimeter-remove": other.finess}, follow=True)
        assert saved(stage) == {"sites": numbers(stage.dossier.legal_entity)}
        assert "MAISON DES GLYCINES" not in pages.text(form)

    def test_the_live_search_answers_a_fragment(self) -> None:
        stage = factories.draft(sites=1)
        other = factories.entity(sites=0, name="MAISON DES GLYCINES")
        url = pages.url("perimeter", stage, "perimeter")
        fragment = pages.owner(stage).get(url, {"words": other.finess}, headers={"HX-Request": "true"})
        assert re.search(rf'name="perimeter-add" value="{other.finess}"', fragment.content.decode())
        assert "<html" not in fragment.content.decode()
        own = pages.owner(stage).get(url, {"words": stage.dossier.legal_entity.finess}, headers={"HX-Request": "true"})
        assert "perimeter-add" not in own.content.decode()

    def test_only_a_perimeter_that_takes_others_has_this_page(self) -> None:
        stage = factories.draft()
        for code in ("track", "unknown"):
            assert pages.owner(stage).get(pages.url("perimeter", stage, code)).status_code == 404

    def test_a_form_costs_the_same_however_many_entities(
        self, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        stage = factories.draft(sites=2)
        others = [factories.entity(sites=3) for _ in range(5)]
        every = sorted(site for entity in others for site in numbers(entity))
        factories.save(stage, perimeter={"entities": sorted(each.finess for each in others), "sites": every})
        client = pages.owner(stage)
        with django_assert_max_num_queries(12):
            page = client.get(pages.url("form", stage))
        assert page.content.decode().count('name="perimeter-sites"') == 17
        with django_assert_max_num_queries(12):
            client.get(pages.url("recap", stage))
        assert queries.sheet(factories.fresh(stage)).entry("perimeter").is_answered  # type: ignore[union-attr]


def test_every_page_with_an_amount_says_which_eg_count_and_why_the_others_do_not() -> None:
    """F2: the form, the recap, what the référent reads afterwards, the back-office."""
    entity = factories.entity(sites=3)
    homes = sorted(entity.sites.values_list("finess", flat=True))
    hospital = GeographicEntityFactory(legal_entity=entity, es=True, name="CLINIQUE DU PARC").finess
    perimeter = {"sites": [*homes, hospital], "equipped": [*homes[:2], hospital]}
    stage = factories.fill(factories.draft(legal_entity=entity), perimeter=perimeter)
    referent = factories.signed_in(stage.dossier.referent)

    def check(client: Client, url: str) -> None:
        page = pages.text(client.get(url))
        assert "2 EG sur 4 comptent pour la subvention." in page, url
        assert f"Une EG ne compte pas, car elle {eligibility.NOT_ESSMS} : CLINIQUE DU PARC" in page, url
        assert f"Une EG ne compte pas, car elle {eligibility.NOT_EQUIPPED} :" in page, url

    form = reverse("dossiers:form", args=[stage.dossier.reference])
    check(referent, form)
    check(referent, reverse("dossiers:recap", args=[stage.dossier.reference]))
    factories.transmit(stage)
    check(referent, form)
    verifier = factories.signed_in(UserFactory(verifier=True))
    check(verifier, reverse("dossiers:instruction-dossier", args=[stage.dossier.reference]))
