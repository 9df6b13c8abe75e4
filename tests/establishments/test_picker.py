"""A1 step 2 and E1b: what the picker offers, and what a search finds in it."""

from collections.abc import Callable

import pytest
from django.core.paginator import Paginator
from django.db import connection
from django.db.models.signals import post_init

from establishments import finess, queries
from establishments.enums import EstablishmentType
from establishments.importing import deriving
from establishments.models import GeographicEntity, LegalEntity
from tests.establishments.factories import (
    CategoryFactory,
    DepartementFactory,
    GeographicEntityFactory,
    HospitalGroupFactory,
    LegalEntityFactory,
    RegionFactory,
    finess_number,
)

pytestmark = pytest.mark.django_db

SITE_NUMBERS = (finess_number(123_450, "2A"), finess_number(123_451, "2A"))


def found(text: str, *, kind: str = EstablishmentType.ESSMS, region_code: str = "11") -> list[str]:
    return [entity.name for entity in queries.picker(kind=kind, region_code=region_code, text=text)]


@pytest.fixture
def directory() -> None:
    for name in (
        "ASS.ACCUEIL FORMA INSERT PERSON SOURD",
        "CROIX ROUGE FRANCAISE",
        "RES. ST-JEAN",
        "EHPAD LES TILLEULS",
        "RESIDENCE BELLE VUE",
        "DOMINO SERVICES 94",
        "LE RELAIS",
        "FONDATION DE L'ŒUVRE DE LA CROIX SAINT-SIMON",
    ):
        LegalEntityFactory(name=name)
    deriving.vocabulary()


@pytest.mark.usefixtures("directory")
@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("association accueil", "ASS.ACCUEIL FORMA INSERT PERSON SOURD", id="abbreviation in FINESS"),
        pytest.param("résidence saint jean", "RES. ST-JEAN", id="accents and abbreviations"),
        pytest.param("ROUGE croix", "CROIX ROUGE FRANCAISE", id="order of words"),
        pytest.param("croix-rouge", "CROIX ROUGE FRANCAISE", id="punctuation"),
        pytest.param("française", "CROIX ROUGE FRANCAISE", id="cedilla"),
        pytest.param("oeuvre croix", "FONDATION DE L'ŒUVRE DE LA CROIX SAINT-SIMON", id="ligature"),
        pytest.param("l’œuvre", "FONDATION DE L'ŒUVRE DE LA CROIX SAINT-SIMON", id="typographic apostrophe"),
        pytest.param("tille", "EHPAD LES TILLEULS", id="beginning of a word"),
        pytest.param("tilleul", "EHPAD LES TILLEULS", id="singular"),
        pytest.param("e.h.p.a.d. tilleuls", "EHPAD LES TILLEULS", id="initials"),
        pytest.param("dom", "DOMINO SERVICES 94", id="beginning that is also an abbreviation"),
        pytest.param("94 domino", "DOMINO SERVICES 94", id="number in the name"),
    ],
)
def test_search_finds_exactly(text: str, name: str) -> None:
    assert found(text) == [name]
    assert not queries.picker(kind=EstablishmentType.ESSMS, region_code="11", text=text).approximate


@pytest.mark.usefixtures("directory")
@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("tileuls", "EHPAD LES TILLEULS", id="letter missing"),
        pytest.param("tilleulls", "EHPAD LES TILLEULS", id="letter doubled"),
        pytest.param("croix rouje", "CROIX ROUGE FRANCAISE", id="letter wrong in a short word"),
        pytest.param("croix rogue", "CROIX ROUGE FRANCAISE", id="letters swapped"),
        pytest.param("rouge corix francaise", "CROIX ROUGE FRANCAISE", id="typo and order"),
        pytest.param("le relis", "LE RELAIS", id="typo in a word that ends like a plural"),
        pytest.param("bellevue", "RESIDENCE BELLE VUE", id="two words typed as one"),
        pytest.param("croix rouge francaise paris", "CROIX ROUGE FRANCAISE", id="one word too many"),
    ],
)
def test_search_tolerates_a_slip_and_says_so(text: str, name: str) -> None:
    page = Paginator(queries.picker(kind=EstablishmentType.ESSMS, region_code="11", text=text), 10).page(1)
    assert page.object_list[0].name == name
    assert page.paginator.object_list.approximate


@pytest.mark.usefixtures("directory")
@pytest.mark.parametrize("text", ["xqzkw", "!!!", "% %", "_", "\\", "croix xqzkwvb zzzzz", "tilleuls' OR 1=1 --"])
def test_search_of_nonsense_finds_nothing_foreign(text: str) -> None:
    assert len(found(text)) <= 1


def test_search_by_number_and_by_its_beginning() -> None:
    first = LegalEntityFactory(finess=finess_number(1, "01"), name="ZZZ")
    second = LegalEntityFactory(finess=finess_number(2, "01"), name="AAA")
    LegalEntityFactory(finess=finess_number(1, "94"), name="BBB")
    assert found(first.finess) == ["ZZZ"]
    assert found("01") == ["AAA", "ZZZ"]
    assert found(f"{second.finess[:3]} {second.finess[3:6]} {second.finess[6:]}") == ["AAA"]


def test_search_by_corsican_number_in_small_letters() -> None:
    LegalEntityFactory(finess=finess_number(19, "2A"), name="SALINES", region_codes=["94"])
    assert found("2a0000", region_code="94") == ["SALINES"]


def test_search_by_the_number_of_a_site_finds_its_entity_and_shows_the_site() -> None:
    entity = LegalEntityFactory(name="ARBRES")
    first, second = (GeographicEntityFactory(legal_entity=entity, name="FOYER", finess=n) for n in SITE_NUMBERS)
    GeographicEntityFactory()
    deriving.entities()
    assert found(first.finess) == found(second.finess) == found(first.finess[:5].lower()) == ["ARBRES"]
    [row] = queries.picker(kind=EstablishmentType.ESSMS, region_code="11", text=second.finess)[:10]
    assert row.found_sites == (second,)
    assert found(first.finess[:4]) == []
    assert found(finess_number(123_456, "2A")) == []


def test_whole_number_that_holds_a_typo_finds_nothing() -> None:
    entity = LegalEntityFactory()
    wrong = entity.finess[:-1] + str((int(entity.finess[-1]) + 1) % 10)
    assert not finess.is_valid(wrong)
    assert found(wrong) == []


def test_entity_without_name_is_found_by_its_number_and_comes_last() -> None:
    unknown = LegalEntityFactory(name="")
    LegalEntityFactory(name="ZYGOMA")
    assert found("") == ["ZYGOMA", ""]
    assert found(unknown.finess) == [""]
    assert unknown.label == f"Raison sociale inconnue ({unknown.finess})"


def test_best_matches_first_then_by_name_then_by_number() -> None:
    for name in ("LES AMIS DU PHARE", "PHARE OUEST", "PHARE", "LE GRAND PHARE", "AMIS ET PHARE"):
        LegalEntityFactory(name=name)
    assert found("phare") == ["PHARE", "PHARE OUEST", "AMIS ET PHARE", "LE GRAND PHARE", "LES AMIS DU PHARE"]


def test_twins_keep_the_same_order_from_page_to_page() -> None:
    numbers = sorted(LegalEntityFactory(name="EHPAD").finess for _ in range(25))
    paginator = Paginator(queries.picker(kind=EstablishmentType.ESSMS, region_code="11", text="ehpad"), 10)
    assert paginator.count == 25
    assert [entity.finess for number in paginator.page_range for entity in paginator.page(number)] == numbers


def test_entity_is_found_under_the_region_of_its_address_and_those_of_its_sites() -> None:
    """In the guide, EJ 130013568 is listed under Île-de-France, where its sites are (guide p. 9)."""
    entity = LegalEntityFactory(finess="130013568", name="HELIOS SAINTE", region_codes=[], departement=None)
    GeographicEntityFactory(legal_entity=entity, departement=DepartementFactory(), region=RegionFactory())
    south = LegalEntityFactory(
        name="ASSOCIATION DU SUD",
        departement=DepartementFactory(code="13", region=RegionFactory(code="93")),
        region_codes=[],
    )
    corsica = DepartementFactory(code="2A", region=RegionFactory(code="94"))
    GeographicEntityFactory(legal_entity=south, departement=corsica, region=corsica.region)
    GeographicEntityFactory(legal_entity=south, closed=True, departement=DepartementFactory(), region=RegionFactory())
    deriving.all_of_it()
    assert found("") == ["HELIOS SAINTE"]
    assert found("", region_code="93") == ["ASSOCIATION DU SUD"]
    assert found("", region_code="94") == ["ASSOCIATION DU SUD"]


def test_entity_is_offered_for_the_open_sites_it_has() -> None:
    """E1b: an EJ can be offered under two types; neither a closed site nor a pharmacy offers it under any."""
    both, closed, pharmacy, shut = (LegalEntityFactory(name=name) for name in ("BOTH", "CLOSED", "PHARMACY", "SHUT"))
    GeographicEntityFactory(legal_entity=both)
    GeographicEntityFactory(legal_entity=both, es=True)
    GeographicEntityFactory(legal_entity=closed, closed=True)
    GeographicEntityFactory(legal_entity=pharmacy, other=True)
    GeographicEntityFactory(legal_entity=shut)
    LegalEntity.objects.filter(pk=shut.pk).update(is_active=False)
    to_check = LegalEntityFactory(name="TO CHECK")
    category = CategoryFactory(code="219", essms_reading="a_verifier")
    GeographicEntityFactory(legal_entity=to_check, category=category)
    deriving.all_of_it()
    assert found("", kind=EstablishmentType.ESSMS) == ["BOTH"]
    assert found("", kind=EstablishmentType.ES) == ["BOTH"]
    assert found("", kind=EstablishmentType.GHT) == []


def test_group_is_offered_by_its_supporting_establishment_and_found_by_either_name() -> None:
    support = LegalEntityFactory(name="CHU DIJON BOURGOGNE", es=True)
    member = LegalEntityFactory(name="CH D'AUXONNE", es=True)
    HospitalGroupFactory(name="21-52 Côte d'Or-Haute-Marne", support=support, members=[member])
    HospitalGroupFactory(name="Ancien", support=member, is_active=False)
    deriving.all_of_it()
    for text in ("", "haute marne", "chu dijon", "cote d’or dijon", support.finess):
        rows = list(queries.picker(kind=EstablishmentType.GHT, region_code="11", text=text))
        assert [(row.name, row.group_names) for row in rows] == [(support.name, ["21-52 Côte d'Or-Haute-Marne"])]
    assert found("auxonne", kind=EstablishmentType.GHT) == []


@pytest.mark.parametrize("kind", [EstablishmentType.ESSMS, EstablishmentType.GHT])
def test_page_costs_as_many_queries_at_1_3_and_30_rows(
    kind: EstablishmentType, django_assert_num_queries: Callable
) -> None:
    rows = 0
    for total in (1, 3, 30):
        for _ in range(total - rows):
            entity = LegalEntityFactory(ght=True, kinds=["essms", "ght"])
            HospitalGroupFactory(support=entity)
        rows = total
        deriving.search_columns()
        for text in ("", "tilleuls"):
            with django_assert_num_queries(2):
                page = Paginator(queries.picker(kind=kind, region_code="11", text=text), 30).page(1)
                assert page.paginator.count == total
                assert len([entity.label for entity in page.object_list]) == total


@pytest.mark.usefixtures("directory")
def test_typo_costs_three_queries(django_assert_num_queries: Callable) -> None:
    with django_assert_num_queries(3):
        page = Paginator(queries.picker(kind=EstablishmentType.ESSMS, region_code="11", text="tileuls"), 30).page(1)
        assert len(page.object_list) == 1


def test_unknown_type_or_region_offers_nothing() -> None:
    LegalEntityFactory()
    assert found("", kind="other") == []
    assert found("", region_code="999") == []


def test_active_sites_leave_out_the_closed_ones_and_can_be_searched() -> None:
    entity = LegalEntityFactory()
    jean = GeographicEntityFactory(legal_entity=entity, name="RES. ST JEAN")
    aavs = GeographicEntityFactory(legal_entity=entity, name="SAAD AAVS")
    GeographicEntityFactory(legal_entity=entity, name="SAAD FERMÉ", closed=True)
    GeographicEntityFactory(name="SAAD D'UNE AUTRE")
    assert list(queries.active_sites(entity)) == [jean, aavs]
    assert list(queries.active_sites(entity, text="résidence saint-jean")) == [jean]
    assert list(queries.active_sites(entity, text=aavs.finess[:8])) == [aavs]
    assert list(queries.active_sites(entity, text="fermé")) == []


def test_simulator_counts_the_open_essms_sites_of_a_number() -> None:
    entity = LegalEntityFactory()
    GeographicEntityFactory.create_batch(2, legal_entity=entity)
    GeographicEntityFactory(legal_entity=entity, closed=True)
    GeographicEntityFactory(legal_entity=entity, es=True)
    spaced = f" {entity.finess[:3]} {entity.finess[3:]}"
    by_number = queries.by_finess(spaced)
    assert by_number is not None
    assert (by_number, by_number.essms_sites) == (entity, 2)
    assert queries.by_finess("010000256") is None
    assert queries.by_finess(finess_number(7, "01")) is None
    assert queries.by_finess(LegalEntityFactory(closed=True).finess) is None


def test_regions_sort_as_a_french_reader_expects() -> None:
    for code, name in (
        ("11", "Île-de-France"),
        ("53", "Bretagne"),
        ("52", "Pays de la Loire"),
        ("32", "Hauts-de-France"),
    ):
        RegionFactory(code=code, name=name)
    assert [region.name for region in queries.regions()] == [
        "Bretagne",
        "Hauts-de-France",
        "Île-de-France",
        "Pays de la Loire",
    ]


def test_database_has_the_extensions_that_the_search_needs() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT extname FROM pg_extension")
        assert {"pg_trgm", "fuzzystrmatch"} <= {name for (name,) in cursor.fetchall()}


def _entity_with_sites(name: str, *sites: str, **fields: object) -> LegalEntity:
    entity: LegalEntity = LegalEntityFactory(name=name)
    for site in sites:
        GeographicEntityFactory(legal_entity=entity, name=site, **fields)
    return entity


def test_entity_is_found_by_the_name_of_a_site_after_those_found_by_their_own() -> None:
    _entity_with_sites("ASSOCIATION ARBRES", "EHPAD LES TILLEULS", "FOYER DU LAC")
    _entity_with_sites("ZODIAQUE TILLEULS", "FOYER DU LAC")
    deriving.entities()
    page = queries.picker(kind=EstablishmentType.ESSMS, region_code="11", text="tilleuls")[:10]
    assert isinstance(page, list)
    assert [(entity.name, [site.name for site in entity.found_sites]) for entity in page] == [
        ("ZODIAQUE TILLEULS", []),
        ("ASSOCIATION ARBRES", ["EHPAD LES TILLEULS"]),
    ]


def test_entity_is_found_by_its_town_and_by_that_of_a_site_on_one_line_first() -> None:
    own = LegalEntityFactory(name="SERVICE D'AIDE", city="ST DENIS CEDEX 1")
    GeographicEntityFactory(legal_entity=own, name="FOYER")
    _entity_with_sites("A MEETING", "SERVICE D'AIDE", city="PARIS")
    GeographicEntityFactory(legal_entity=LegalEntity.objects.get(name="A MEETING"), name="FOYER", city="ST DENIS")
    site = _entity_with_sites("Z ASSOCIATION", "SERVICE D'AIDE", city="ST DENIS")
    deriving.entities()
    page = queries.picker(kind=EstablishmentType.ESSMS, region_code="11", text="aide saint-denis")[:10]
    assert [entity.name for entity in page] == [own.name, site.name, "A MEETING"]
    assert [len(entity.found_sites) for entity in page] == [0, 1, 0]
    assert found("cedex") == []


def test_sites_shown_cost_one_query_and_two_rows_an_entity_at_1_3_and_30(django_assert_num_queries: Callable) -> None:
    read: list[object] = []

    def keep(instance: GeographicEntity, **_: object) -> None:
        read.append(instance)

    rows = 0
    category = CategoryFactory(essms=True)
    for total in (1, 3, 30):
        for n in range(rows, total):
            entity = LegalEntityFactory(name=f"ARBRES {n}")
            GeographicEntity.objects.bulk_create(
                GeographicEntityFactory.build_batch(580 if n == 0 else 2, legal_entity=entity, category=category)
            )
        rows = total
        deriving.entities()
        read.clear()
        post_init.connect(keep, sender=GeographicEntity)
        with django_assert_num_queries(3):
            page = Paginator(queries.picker(kind=EstablishmentType.ESSMS, region_code="11", text="tilleuls"), 30).page(
                1
            )
            assert [len(entity.found_sites) for entity in page] == [2] * total
        post_init.disconnect(keep, sender=GeographicEntity)
        assert len(read) == 2 * total


def test_what_only_resembles_and_who_has_no_name_are_told_by_their_sites() -> None:
    """« Raison sociale inconnue » ten times over says nothing to choose by."""
    _entity_with_sites("", "FOYER DU LAC", "EHPAD LES TILLEULS", "FOYER DU BOIS")
    _entity_with_sites("ASSOCIATION ARBRES", "EHPAD LES TILLEULS", "FOYER DU LAC")
    deriving.entities()
    deriving.vocabulary()
    for text, shown in (
        ("tileuls", {"": ["EHPAD LES TILLEULS", "FOYER DU BOIS"], "ASSOCIATION ARBRES": ["EHPAD LES TILLEULS"]}),
        ("", {"": ["EHPAD LES TILLEULS", "FOYER DU BOIS"], "ASSOCIATION ARBRES": []}),
    ):
        page = queries.picker(kind=EstablishmentType.ESSMS, region_code="11", text=text)[:10]
        assert isinstance(page, list)
        assert {entity.name: [site.name for site in entity.found_sites] for entity in page} == shown
    assert LegalEntity.objects.get(name="").words.startswith(" paris")


def test_name_of_a_closed_site_finds_nothing() -> None:
    entity = _entity_with_sites("ASSOCIATION ARBRES", "EHPAD LES TILLEULS", "FOYER DU LAC")
    deriving.entities()
    assert found("tilleuls") == [entity.name]
    entity.sites.filter(name="EHPAD LES TILLEULS").update(is_active=False)
    deriving.entities()
    assert found("tilleuls") == []
    assert found("lac") == [entity.name]


def test_entity_is_found_by_a_slip_in_the_name_of_a_site() -> None:
    entity = _entity_with_sites("ASSOCIATION ARBRES", "EHPAD LES TILLEULS")
    deriving.entities()
    deriving.vocabulary()
    assert found("tileuls") == [entity.name]
