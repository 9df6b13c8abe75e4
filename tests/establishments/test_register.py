"""Moves, closings, reopenings and renamings are kept as history, written by the import that tells of them."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from establishments import national, register, workflow
from establishments.models import GeographicEntity, ImportRun, LegalEntity, RegisterChange
from tests.establishments.extracts import csv_entity, csv_site, plus, plus_entity, plus_site
from tests.establishments.factories import finess_number

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nomenclature")]

EJ, OTHER_EJ = finess_number(990_025, "01"), finess_number(990_026, "01")
EG = finess_number(101, "01")
OTHERS = [csv_site(finess_number(n, "01"), EJ) for n in range(20)]
Write = Callable[..., Path]


def header(day: int) -> str:
    return f"finess;etalab;93;2026-08-{day:02d}"


def sentences(**asked: object) -> list[str]:
    return [change.sentence for change in register.described().filter(**asked).order_by("pk")]


def test_first_import_is_no_change(write: Write) -> None:
    workflow.import_extracts([write("1", header(13), csv_site(EG, EJ))])
    assert not RegisterChange.objects.exists()
    site = GeographicEntity.objects.get()
    assert register.attachments(site) == [register.Attachment(site.legal_entity, None, None)]


def test_who_was_attached_to_what_and_when(write: Write) -> None:
    entities = [csv_entity(EJ, "AVANT"), csv_entity(OTHER_EJ, "APRÈS")]
    workflow.import_extracts([write("ej", header(13), *entities), write("1", header(13), csv_site(EG, EJ), *OTHERS)])
    for day, entity in ((14, OTHER_EJ), (15, OTHER_EJ), (20, EJ)):
        workflow.import_extracts([write(f"eg{day}", header(day), csv_site(EG, entity), *OTHERS)])
    site = GeographicEntity.objects.get(finess=EG)
    assert [(each.legal_entity.finess, each.since, each.until) for each in register.attachments(site)] == [
        (EJ, None, dt.date(2026, 8, 14)),
        (OTHER_EJ, dt.date(2026, 8, 14), dt.date(2026, 8, 20)),
        (EJ, dt.date(2026, 8, 20), None),
    ]
    assert sentences() == [
        f"Rattachée à APRÈS ({OTHER_EJ}), et non plus à AVANT ({EJ})",
        f"Rattachée à AVANT ({EJ}), et non plus à APRÈS ({OTHER_EJ})",
    ]
    for entity in LegalEntity.objects.all():
        assert register.changes_of_entity(entity).count() == 2


def test_closing_by_absence_and_return_are_told(write: Write) -> None:
    for name, day, sites in (("1", 13, [csv_site(EG, EJ)]), ("2", 20, []), ("3", 27, [csv_site(EG, EJ)])):
        workflow.import_extracts([write(name, header(day), *sites, *OTHERS)])
    assert sentences(site__finess=EG) == ["Fermée le 20 août 2026", "Rouverte"]
    days = RegisterChange.objects.order_by("pk").values_list("day", "run__files__0__name")
    assert list(days) == [(dt.date(2026, 8, 20), "2"), (dt.date(2026, 8, 27), "3")]


def test_one_extract_may_change_several_things_of_one_entity(write: Write) -> None:
    others = [plus_entity(finess_number(n, "01"), plus_site(finess_number(n, "75"))) for n in range(30)]
    before = plus(plus_entity(EJ, plus_site(EG, name="AVANT")), plus_entity(OTHER_EJ), *others)
    workflow.import_extracts([write("1", content=before)])
    after = plus(
        plus_entity(EJ, state="I", name="AUTRE NOM"),
        plus_entity(OTHER_EJ, plus_site(EG, state="I", name="APRÈS")),
        *others,
        generatedAt="2026-08-14T02:00:00Z",
    )
    workflow.import_extracts([write("2", content=after)])
    assert sorted(sentences(site__finess=EG)) == [
        "Fermée le 30 juin 2025",
        f"Rattachée à ASSOCIATION ({OTHER_EJ}), et non plus à AUTRE NOM ({EJ})",
        "Renommée «\u00a0APRÈS\u00a0», auparavant «\u00a0AVANT\u00a0»",
    ]
    assert sorted(sentences(legal_entity__finess=EJ)) == [
        "Fermée le 30 juin 2025",
        "Renommée «\u00a0AUTRE NOM\u00a0», auparavant «\u00a0ASSOCIATION\u00a0»",
    ]


def test_a_name_that_becomes_known_is_no_renaming(write: Write) -> None:
    workflow.import_extracts([write("et", header(13), csv_site(EG, EJ))])
    run = workflow.import_extracts([write("ej", header(14), csv_entity(EJ, "TROUVÉE"))])
    assert run.updated == 1
    assert not RegisterChange.objects.exists()


def test_an_older_extract_adds_nothing_to_the_history(write: Write) -> None:
    workflow.import_extracts([write("new", header(13), csv_entity(EJ, "NOUVEAU"))])
    workflow.import_extracts([write("old", "finess;etalab;93;2021-01-08", csv_entity(EJ, "ANCIEN"))])
    assert not RegisterChange.objects.exists()


def test_history_is_never_rewritten(write: Write) -> None:
    workflow.import_extracts([write("1", header(13), csv_entity(EJ, "AVANT"))])
    workflow.import_extracts([write("2", header(14), csv_entity(EJ, "APRÈS"))])
    change = RegisterChange.objects.get()
    for rewrite in (change.delete, change.save):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            rewrite()


def test_a_dry_run_tells_all_and_writes_nothing(write: Write) -> None:
    workflow.import_extracts([write("1", header(13), csv_site(EG, EJ, "AVANT"), *OTHERS)])
    runs = ImportRun.objects.count()
    changed = write("2", header(14), csv_site(EG, EJ, "APRÈS"), *OTHERS[1:], csv_site(finess_number(50, "01"), EJ))
    told = workflow.import_extracts([changed], dry_run=True)
    assert (told.created, told.updated, told.closed, told.pk) == (1, 1, 1, None)
    assert GeographicEntity.objects.get(finess=EG).name == "AVANT"
    assert (ImportRun.objects.count(), RegisterChange.objects.count()) == (runs, 0)
    with pytest.raises(workflow.Refused, match="fermeraient"):
        workflow.import_extracts([write("3", header(15), *OTHERS[:5])], dry_run=True)
    assert ImportRun.objects.count() == runs
    done = workflow.import_extracts([changed])
    assert (done.created, done.updated, done.closed) == (1, 1, 1)


def test_a_generated_country_drifts_as_much_as_asked(tmp_path: Path) -> None:
    before = national.Country(600, 1000)
    after = national.Country(600, 1000, dt.date(2026, 8, 14), drift=0.06)
    workflow.import_extracts([national.write_plus(tmp_path / "1.json.gz", before)])
    assert (LegalEntity.objects.count(), GeographicEntity.objects.count()) == (600, 1000)
    assert LegalEntity.objects.filter(kinds__contains=["ght"]).count() == 1
    run = workflow.import_extracts([national.write_plus(tmp_path / "2.json.gz", after)])
    counts = {kind: RegisterChange.objects.filter(kind=kind).count() for kind in ("moved", "renamed", "closed")}
    assert 12 <= counts["moved"] <= 28
    assert 20 <= counts["renamed"] <= 44
    assert run.closed == counts["closed"] >= 24
    back = national.Country(600, 1000, dt.date(2026, 8, 15))
    workflow.import_extracts([national.write_plus(tmp_path / "3.json.gz", back)])
    assert RegisterChange.objects.filter(kind="reopened").count() == counts["closed"]
    assert GeographicEntity.objects.active().count() == 1000


def test_a_generated_country_is_the_same_in_both_formats_and_every_time(tmp_path: Path) -> None:
    country = national.Country(300, 540)
    pair = national.write_pair(tmp_path, country)
    run = workflow.import_extracts(pair)
    assert (run.created, run.rejected) == (840, 0)
    plus_file = national.write_plus(tmp_path / "a.json.gz", country)
    run = workflow.import_extracts([plus_file])
    assert (run.updated, run.closed, run.rejected) == (0, 0, 0)
    assert national.write_plus(tmp_path / "b.json.gz", country).read_bytes() == plus_file.read_bytes()
    sizes = [len(item["ege"]) for item in country.items()]
    assert sum(sizes) == 540
    assert pair[0].read_text(encoding="utf-8").startswith("finess;etalab;93;2026-08-13\nstructureej;")
