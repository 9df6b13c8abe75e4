"""E1: what an import writes."""

import datetime as dt
import gzip
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from ecare.management.commands.prepare import digest_of
from establishments import search, workflow
from establishments.models import GeographicEntity, HospitalGroup, ImportRun, LegalEntity, Spelling
from tests.accounts.factories import UserFactory
from tests.establishments import extracts
from tests.establishments.conftest import FIXTURES
from tests.establishments.extracts import csv_entity, csv_site, plus, plus_entity, plus_site
from tests.establishments.factories import finess_number

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nomenclature")]

EJ, OTHER_EJ = finess_number(990_025, "01"), finess_number(990_026, "01")
EG, OTHER_EG, THIRD_EG = (finess_number(n, "01") for n in (101, 102, 103))
Write = Callable[..., Path]


def totals(run: ImportRun) -> dict[str, int]:
    return {name: getattr(run, name) for name in ("read", "created", "updated", "closed", "rejected")}


def everything() -> list[Any]:
    return [
        list(LegalEntity.objects.order_by("finess").values()),
        list(GeographicEntity.objects.order_by("finess").values()),
        list(HospitalGroup.objects.order_by("code").values("code", "name", "support", "members")),
    ]


def test_finess_plus_sample_is_read_whole(plus_sample: Path) -> None:
    run = workflow.import_extracts([plus_sample])
    assert totals(run) == {"read": 1783, "created": 1784, "updated": 0, "closed": 0, "rejected": 0}
    assert GeographicEntity.objects.active().count() == 841
    assert run.files[0]["extracted_on"] == "2026-08-13"

    guide = LegalEntity.objects.get(finess="010000255")
    assert guide.name == "ASS.ACCUEIL FORMA INSERT PERSON SOURD"
    assert (guide.region_id, guide.region_codes, guide.kinds) == ("84", ["84"], ["essms"])
    assert (guide.address, guide.postal_code, guide.city) == ("5 RUE DU LYCEE", "01000", "BOURG EN BRESSE")
    assert guide.legal_status_id == "60"
    assert guide.sites.active().count() == 4

    red_cross = LegalEntity.objects.get(finess="750721334")
    assert red_cross.sites.count() == 1062
    assert set(red_cross.region_codes) >= {"01", "02", "03", "04", "94", "11"}

    closed = LegalEntity.objects.get(finess="010000016")
    assert (closed.is_active, closed.closed_on, closed.kinds) == (False, dt.date(2019, 3, 3), [])


def test_finess_plus_groups_become_ght_with_their_support(plus_sample: Path) -> None:
    workflow.import_extracts([plus_sample])
    ght = HospitalGroup.objects.get()
    assert ght.support is not None
    assert ght.support.finess == "210780581"
    assert ght.members.count() == 9
    assert ght.support.kinds == ["essms", "es", "ght"]
    assert LegalEntity.objects.filter(kinds__contains=["ght"]).count() == 1


def test_csv_pair_and_finess_plus_give_the_same_entities(plus_sample: Path, csv_sample: list[Path]) -> None:
    def described() -> dict[str, Any]:
        entities = LegalEntity.objects.values_list(
            "finess", "name", "long_name", "legal_status", "siren", "address", "postal_code", "departement", "region"
        )
        sites = GeographicEntity.objects.active().values_list(
            "finess",
            "legal_entity__finess",
            "name",
            "long_name",
            "category",
            "siret",
            "address",
            "postal_code",
            "departement",
            "region",
            "opened_on",
        )
        cities = GeographicEntity.objects.active().values_list("finess", "city")
        return {
            "entities": {row[0]: row for row in entities},
            "sites": {row[0]: row for row in sites},
            "cities": {finess: search.normalise(city) for finess, city in cities},
        }

    run = workflow.import_extracts(csv_sample)
    assert totals(run) == {"read": 871, "created": 871, "updated": 0, "closed": 0, "rejected": 0}
    from_csv = described()
    GeographicEntity.objects.all().delete()
    LegalEntity.objects.all().delete()
    workflow.import_extracts([plus_sample])
    from_plus = described()
    # The older format lost the second line of this one's address.
    for part in (from_csv, from_plus):
        part["entities"] = {number: row for number, row in part["entities"].items() if "BP" not in row[5]}
    kept = from_csv["entities"].keys() & from_plus["entities"].keys()
    assert len(kept) >= 20
    assert {number: from_csv["entities"][number] for number in kept} == {
        number: from_plus["entities"][number] for number in kept
    }
    assert from_csv["sites"] == from_plus["sites"]
    assert from_csv["cities"] == from_plus["cities"]


def test_second_import_of_the_same_files_changes_nothing(plus_sample: Path, csv_sample: list[Path]) -> None:
    for paths in ([plus_sample], csv_sample):
        workflow.import_extracts(paths)
        before = everything()
        run = workflow.import_extracts(paths)
        assert (run.created, run.updated, run.closed) == (0, 0, 0)
        assert run.read > 800
        assert everything() == before


def test_second_import_is_really_read_when_something_moved_since(plus_sample: Path) -> None:
    workflow.import_extracts([plus_sample])
    before = everything()
    LegalEntity.objects.filter(finess="010000255").update(name="ALTÉRÉE")
    run = workflow.import_extracts([plus_sample])
    assert (run.created, run.updated, run.closed) == (0, 1, 0)
    assert everything() == before


def test_comparison_alone_finds_nothing_to_change_either(plus_sample: Path) -> None:
    """Without the shortcut for identical files: the rows themselves are compared."""
    workflow.import_extracts([plus_sample])
    ImportRun.objects.update(fingerprint="")
    before = everything()
    run = workflow.import_extracts([plus_sample])
    assert totals(run) == {"read": 1783, "created": 0, "updated": 0, "closed": 0, "rejected": 0}
    assert everything() == before


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_encoding_and_compression_are_recognised(write: Write, encoding: str, packed: bool) -> None:
    lines = "\r\n".join([extracts.HEADER, csv_entity(EJ, "FOYER D'HÉBERGEMENT « ŒUVRE »"), ""])
    content = lines.encode(encoding)
    path = write("extrait.bin", content=gzip.compress(content) if packed else content)
    workflow.import_extracts([path])
    assert LegalEntity.objects.get().name == "FOYER D'HÉBERGEMENT « ŒUVRE »"


def test_files_are_taken_in_any_order_and_under_any_name(write: Write) -> None:
    sites = write("a.txt", extracts.HEADER, csv_site(EG, EJ))
    entities = write("b", extracts.HEADER, csv_entity(EJ))
    workflow.import_extracts([sites, entities])
    site = GeographicEntity.objects.get()
    assert (site.finess, site.legal_entity.finess, site.legal_entity.name) == (EG, EJ, "ASSOCIATION")


def test_cs1100507_is_read_and_its_coordinates_left_out(write: Write) -> None:
    entities = write("ej", extracts.HEADER, csv_entity(EJ))
    sites = write(
        "cs1100507", extracts.HEADER, csv_site(EG, EJ), f"geolocalisation;{EG};871632.8;6569212.9;1,BAN;2026-01-01"
    )
    run = workflow.import_extracts([entities, sites])
    assert totals(run) == {"read": 2, "created": 2, "updated": 0, "closed": 0, "rejected": 0}


def test_site_named_before_its_entity_waits_for_its_name(write: Write) -> None:
    workflow.import_extracts([write("et", extracts.HEADER, csv_site(EG, EJ))])
    assert LegalEntity.objects.get().label == f"Raison sociale inconnue ({EJ})"
    run = workflow.import_extracts([write("ej", extracts.HEADER, csv_entity(EJ, "TROUVÉE"))])
    assert (run.created, run.updated) == (0, 1)
    assert LegalEntity.objects.get().label == f"TROUVÉE ({EJ})"


def test_site_may_move_to_another_entity(write: Write) -> None:
    entities = [csv_entity(EJ), csv_entity(OTHER_EJ)]
    first = write("1", extracts.HEADER, csv_site(EG, EJ), csv_site(OTHER_EG, EJ))
    workflow.import_extracts([write("ej", extracts.HEADER, *entities), first])
    assert LegalEntity.objects.get(finess=OTHER_EJ).kinds == []
    site = GeographicEntity.objects.get(finess=EG)
    run = workflow.import_extracts([write("2", extracts.HEADER, csv_site(EG, OTHER_EJ), csv_site(OTHER_EG, EJ))])
    assert totals(run) == {"read": 2, "created": 0, "updated": 1, "closed": 0, "rejected": 0}
    site.refresh_from_db()
    assert site.legal_entity.finess == OTHER_EJ
    assert site.legal_entity.kinds == ["essms"]


def test_site_absent_from_a_full_extract_is_closed_and_reopens_when_it_comes_back(write: Write) -> None:
    sites = [csv_site(finess_number(n, "01"), EJ) for n in range(20)]
    everyone = write("1", extracts.HEADER, *sites)
    workflow.import_extracts([everyone])
    run = workflow.import_extracts([write("2", "finess;etalab;93;2026-08-20", *sites[1:])])
    assert totals(run) == {"read": 19, "created": 0, "updated": 0, "closed": 1, "rejected": 0}
    gone = GeographicEntity.objects.get(finess=finess_number(0, "01"))
    assert (gone.is_active, gone.closed_on) == (False, dt.date(2026, 8, 20))
    run = workflow.import_extracts([write("3", "finess;etalab;93;2026-08-27", *sites)])
    assert totals(run) == {"read": 20, "created": 0, "updated": 1, "closed": 0, "rejected": 0}
    gone.refresh_from_db()
    assert (gone.is_active, gone.closed_on) == (True, None)


def test_last_site_that_closes_takes_its_entity_out_of_the_picker(write: Write) -> None:
    others = [plus_entity(finess_number(n, "01"), plus_site(finess_number(n, "75"))) for n in range(30)]
    workflow.import_extracts([write("1", content=plus(plus_entity(EJ, plus_site(EG)), *others))])
    assert LegalEntity.objects.get(finess=EJ).kinds == ["essms"]
    closing = plus(plus_entity(EJ, plus_site(EG, state="I")), *others, generatedAt="2026-08-14T02:00:00Z")
    run = workflow.import_extracts([write("2", content=closing)])
    assert totals(run) == {"read": 62, "created": 0, "updated": 0, "closed": 1, "rejected": 0}
    entity = LegalEntity.objects.get(finess=EJ)
    assert (entity.is_active, entity.kinds, entity.region_codes) == (True, [], ["84"])


def test_older_extract_never_undoes_a_newer_one(write: Write) -> None:
    workflow.import_extracts([write("new", "finess;etalab;93;2026-08-13", csv_entity(EJ, "NOM NOUVEAU"))])
    run = workflow.import_extracts([write("old", "finess;etalab;93;2021-01-08", csv_entity(EJ, "NOM ANCIEN"))])
    assert (run.created, run.updated, run.closed) == (0, 0, 0)
    assert LegalEntity.objects.get().name == "NOM NOUVEAU"


def test_what_a_later_extract_left_unchanged_is_not_undone_by_one_in_between(write: Write) -> None:
    def imported(day: int, name: str, *others: str) -> ImportRun:
        lines = [f"finess;etalab;93;2026-08-{day}", csv_entity(EJ, name), *others]
        return workflow.import_extracts([write(f"{day}-{len(others)}", *lines)])

    imported(13, "NOM")
    imported(20, "NOM")
    assert imported(15, "NOM D'UN JOUR", csv_entity(OTHER_EJ, "DE PASSAGE")).updated == 0
    assert LegalEntity.objects.get(finess=EJ).name == "NOM"
    assert imported(17, "ENCORE UN AUTRE", csv_entity(OTHER_EJ, "MIEUX CONNUE")).updated == 1
    names = dict(LegalEntity.objects.values_list("finess", "name"))
    assert names == {EJ: "NOM", OTHER_EJ: "MIEUX CONNUE"}, "the one that the later extract did not hold still moves"
    before = everything()
    assert totals(imported(17, "ENCORE UN AUTRE", csv_entity(OTHER_EJ, "MIEUX CONNUE")))["updated"] == 0
    assert everything() == before
    assert imported(21, "NOM NOUVEAU", csv_entity(OTHER_EJ)).updated == 2


def test_a_selection_that_found_nothing_to_change_counts_as_a_description(write: Write) -> None:
    for day, name in (("20260813", "NOM"), ("20260820", "NOM"), ("20260815", "NOM D'UN JOUR")):
        workflow.import_extracts([write(f"ej_{day}.csv", "nofiness_ej;rs_affichage", f"{EJ};{name}")])
    assert LegalEntity.objects.get().name == "NOM"


def test_older_format_reopens_nothing_that_finess_plus_says_again_is_closed(write: Write) -> None:
    closed = (plus_entity(EJ, state="I"), plus_entity(OTHER_EJ))
    workflow.import_extracts([write("13", content=plus(*closed))])
    workflow.import_extracts([write("20", content=plus(*closed, generatedAt="2026-08-20T02:00:00Z"))])
    for day in (15, 20):
        lines = [f"finess;etalab;93;2026-08-{day}", csv_entity(EJ), csv_entity(OTHER_EJ)]
        workflow.import_extracts([write(f"csv{day}", *lines)])
        assert not LegalEntity.objects.get(finess=EJ).is_active


def test_older_format_does_not_reopen_what_the_same_day_says_is_closed(write: Write) -> None:
    workflow.import_extracts([write("plus", content=plus(plus_entity(EJ, state="I"), plus_entity(OTHER_EJ)))])
    workflow.import_extracts([write("csv", extracts.HEADER, csv_entity(EJ), csv_entity(OTHER_EJ))])
    assert not LegalEntity.objects.get(finess=EJ).is_active


@pytest.mark.parametrize(
    ("code", "departement", "region"),
    [("2A", "2A", "94"), ("9A", "971", "01"), ("9D", "974", "04"), ("9F", "976", "06"), ("9J", "986", "986")],
)
def test_departement_codes_of_the_older_files_are_understood(
    write: Write, code: str, departement: str, region: str
) -> None:
    workflow.import_extracts([write("ej", extracts.HEADER, csv_entity(EJ, departement=code))])
    entity = LegalEntity.objects.get()
    assert (entity.departement_id, entity.region_codes) == (departement, [region])


def test_address_of_a_site_is_the_one_where_it_stands(plus_sample: Path) -> None:
    """This site acts in Porto-Vecchio (2A) too, which its file gives first."""
    workflow.import_extracts([plus_sample])
    assert GeographicEntity.objects.get(finess="2A0002408").city == "AJACCIO"


def test_code_out_of_the_nomenclature_is_kept_with_the_label_of_the_file(write: Write) -> None:
    line = csv_site(EG, EJ, category="999", label="Service nouveau")
    workflow.import_extracts([write("et", extracts.HEADER, line)])
    category = GeographicEntity.objects.get().category
    assert category is not None
    assert (category.code, category.label, category.is_essms) == ("999", "Service nouveau", False)


def test_group_changes_support_then_disappears(write: Write) -> None:
    entities = [plus_entity(finess_number(n, "01"), plus_site(finess_number(n, "75"))) for n in range(3)]
    numbers = [entity["informationsGeneralesPMEJ"]["numFinessPm"] for entity in entities]

    def run(name: str, *groups: dict[str, Any]) -> ImportRun:
        return workflow.import_extracts([write(name, content=plus(*entities, groups=groups))])

    run("1", extracts.group("7", (numbers[0], "S"), (numbers[1], "M"), ("absent", "M")))
    assert LegalEntity.objects.get(finess=numbers[0]).kinds == ["essms", "ght"]
    changed = run("2", extracts.group("7", (numbers[0], "M"), (numbers[1], "S")), extracts.group("8", kind="002"))
    assert (changed.created, changed.updated, changed.closed) == (0, 1, 0)
    assert LegalEntity.objects.get(finess=numbers[0]).kinds == ["essms"]
    assert LegalEntity.objects.get(finess=numbers[1]).kinds == ["essms", "ght"]
    gone = run("3", extracts.group("9", (numbers[2], "S")))
    assert (gone.created, gone.updated, gone.closed) == (1, 0, 1)
    assert LegalEntity.objects.get(finess=numbers[1]).kinds == ["essms"]


def test_flat_files_add_and_update_but_never_close(write: Write, plus_sample: Path) -> None:
    workflow.import_extracts([plus_sample])
    active = GeographicEntity.objects.active().count()
    sites = write(
        "eg_20260901.csv",
        "nofinesset;nofinessej;rs;categetab;departement",
        f'{EG};{EJ};"""SAAD """"NEUF""""""";460;94',
        "2A0002408;060020443;SAMSAH DEVENU AUTRE;445;2A",
    )
    entities = write("ej_20260901.csv", "nofiness_ej;rs_affichage", f'{EJ};"""DOMINO"" SERVICES"', "060020443;")
    run = workflow.import_extracts([sites, entities])
    assert totals(run) == {"read": 4, "created": 2, "updated": 1, "closed": 0, "rejected": 0}
    assert GeographicEntity.objects.active().count() == active + 1
    assert LegalEntity.objects.get(finess=EJ).name == '"DOMINO" SERVICES'
    assert GeographicEntity.objects.get(finess=EG).name == 'SAAD "NEUF"'
    assert LegalEntity.objects.get(finess="060020443").name == "ISATIS"


def test_names_are_spelt_again_after_a_change_of_rules(write: Write) -> None:
    workflow.import_extracts([write("ej", extracts.HEADER, csv_entity(EJ, "ASS. LE PHARE"))])
    LegalEntity.objects.update(search_text=" autre", sort_name="autre")
    assert workflow.spell_names() == 0
    assert workflow.spell_names(again=True) == 1
    assert LegalEntity.objects.get().search_text == " association le phare"


def test_an_update_of_the_portal_spells_names_by_its_own_rules(
    write: Write, settings: Settings, tmp_path: Path
) -> None:
    """`prepare`, which every deployment runs, and failing that the next import."""
    settings.VAR_DIR = tmp_path
    (tmp_path / "reference.sha256").write_text(digest_of(FIXTURES))
    UserFactory()
    first = write("ej", extracts.HEADER, csv_entity(EJ, "ASS. LE PHARE"))
    second = write("eg", extracts.HEADER, csv_site(EG, EJ, "RES. DU PORT"))
    workflow.import_extracts([first, second])
    held = LegalEntity.objects.get().words
    for update in (
        lambda: call_command("prepare", stdout=StringIO()),
        lambda: workflow.import_extracts([first, second]),
    ):
        Spelling.objects.update(rules="of the version before")
        LegalEntity.objects.update(search_text=" ass phare", words=" ass phare", sort_name="ass")
        GeographicEntity.objects.update(search_text=" res")
        update()
        assert LegalEntity.objects.get().words == held
        assert GeographicEntity.objects.get().search_text.startswith(" residence du port")
        assert workflow.spell_names() == 0


def test_a_selection_that_says_one_of_two_names_leaves_the_words_of_both(write: Write) -> None:
    workflow.import_extracts(
        [write("ej", extracts.HEADER, csv_entity(EJ, "PHARE").replace("PHARE;PHARE", "PHARE;LA LANTERNE"))]
    )
    workflow.import_extracts([write("ej_20260901.csv", "nofiness_ej;rs_affichage", f"{EJ};LE PHARE")])
    assert LegalEntity.objects.get().search_text == " le phare la lanterne"
