"""E1: malformed rows are set aside; a wrong file stops the import before anything is written."""

import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from establishments import workflow
from establishments.enums import ImportStatus
from establishments.models import GeographicEntity, HospitalGroup, ImportRun, LegalEntity
from tests.establishments import extracts
from tests.establishments.extracts import csv_entity, csv_site, plus, plus_entity, plus_site
from tests.establishments.factories import finess_number

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nomenclature")]

EJ = finess_number(990_025, "01")
EG, OTHER_EG, THIRD_EG = (finess_number(n, "01") for n in (101, 102, 103))
WRONG = EG[:-1] + str((int(EG[-1]) + 1) % 10)
Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (csv_site(WRONG, EJ), f"numéro FINESS EG « {WRONG} »\u00a0: forme ou clé de contrôle incorrecte"),
        (csv_site(EG, "12"), "numéro FINESS EJ « 12 »\u00a0: forme ou clé de contrôle incorrecte"),
        (csv_site(EG, EJ).rsplit(";", 2)[0], "30 champs au lieu de 32"),
        (csv_site(EG, EJ, departement="9Z"), "département « 9Z » inconnu"),
        (csv_site(EG, EJ).replace("2020-01-01", "2020-13-45"), "date « 2020-13-45 » illisible"),
        (csv_site(EG, EJ).replace("2020-01-01", "hier"), "date « hier » illisible"),
        (csv_site(EG, EJ, "X" * 201), "raison sociale de plus de 200 caractères"),
        (csv_site(EG, EJ, "A\0B"), "caractère nul"),
        (csv_site(OTHER_EG, EJ), "numéro déjà lu plus haut dans les fichiers"),
        ("structurexx;1;2", "ligne de nature « structurexx » au lieu de structureet"),
        ('structureet;"sans fin', "2 champs au lieu de 32"),
    ],
)
def test_malformed_line_is_reported_with_its_number_and_its_reason(write: Write, line: str, reason: str) -> None:
    path = write("et.csv", extracts.HEADER, csv_site(OTHER_EG, EJ), line, csv_site(THIRD_EG, EJ))
    run = workflow.import_extracts([path])
    assert (run.read, run.created, run.rejected) == (3, 3, 1)
    assert [(row["file"], row["place"], row["reason"]) for row in run.rejections] == [("et.csv", "ligne 3", reason)]
    assert set(GeographicEntity.objects.values_list("finess", flat=True)) == {OTHER_EG, THIRD_EG}


def test_malformed_element_is_reported_with_its_place(write: Write) -> None:
    broken = plus_site(EG)
    del broken["informationsGeneralesEGE"]["numFinessEge"]
    orphan = plus_entity("12", plus_site(OTHER_EG))
    good = [plus_entity(finess_number(n, "75")) for n in range(5)]
    broken_entities: Any = [plus_entity(EJ, plus_site(THIRD_EG), broken), orphan, "texte", plus_entity(EJ)]
    path = write("f.json", content=plus(*broken_entities, *good))
    run = workflow.import_extracts([path])
    assert [(row["place"], row["reason"].split("\u00a0")[0]) for row in run.rejections] == [
        ("pmej n° 1, ege n° 2", "élément mal formé (KeyError"),
        ("pmej n° 2", "numéro FINESS EJ « 12 »"),
        ("pmej n° 2, ege n° 1", "son entité juridique est rejetée"),
        ("pmej n° 3", "élément mal formé (TypeError"),
        ("pmej n° 4", "numéro déjà lu plus haut dans les fichiers"),
    ]
    assert (run.created, run.rejected) == (7, 5)


def test_entity_whose_row_is_malformed_is_not_taken_for_gone(write: Write) -> None:
    sites = [csv_site(finess_number(n, "01"), EJ) for n in range(20)]
    workflow.import_extracts([write("1", extracts.HEADER, *sites)])
    run = workflow.import_extracts([write("2", extracts.HEADER, *sites[1:], sites[0].replace("2020-01-01", "hier"))])
    assert (run.rejected, run.closed) == (1, 0)
    assert GeographicEntity.objects.active().count() == 20


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"nomGcc": "A\0B"}, "caractère nul", id="name"),
        pytest.param({"numFinessGcc": "1\0"}, "caractère nul", id="number"),
        pytest.param({"gccId": "7\0"}, "caractère nul", id="code"),
        pytest.param({"pmejDuGcc": [{"pmSmsseId": "\0"}]}, "caractère nul", id="member"),
        pytest.param({}, "groupement déjà lu plus haut dans le fichier", id="twice"),
    ],
)
def test_malformed_group_is_reported_and_stops_nothing(write: Write, changes: dict[str, Any], reason: str) -> None:
    groups = (extracts.group("7", (EJ, "S")), extracts.group("7", (EJ, "S")) | changes)
    run = workflow.import_extracts([write("f.json", content=plus(plus_entity(EJ, plus_site(EG)), groups=groups))])
    assert [(row["place"], row["reason"]) for row in run.rejections] == [("gcc n° 2", reason)]
    assert HospitalGroup.objects.get().support == LegalEntity.objects.get(finess=EJ)


@pytest.mark.parametrize("name", ["CHRU " * 40, "ST PR " * 33, "\ufb03" * 200])
def test_name_that_grows_once_spelt_out_stops_nothing(write: Write, name: str) -> None:
    """The words of a name are as many as they are; its place in the alphabet is told by their beginning."""
    run = workflow.import_extracts([write("f.json", content=plus(plus_entity(EJ, plus_site(EG), name=name)))])
    assert (run.created, run.rejected) == (2, 0)
    entity = LegalEntity.objects.get()
    assert entity.search_text.strip().startswith(entity.sort_name)
    assert workflow.spell_names(again=True) == 0


def test_file_of_a_day_to_come_is_refused(write: Write) -> None:
    """No later extract would change what it says, for as long as that day is not there."""
    tomorrow, after = (timezone.localdate() + timedelta(days=days) for days in (1, 2))
    for name, content in (
        ("f.json", plus(plus_entity(EJ), generatedAt=f"{after}T02:00:00Z")),
        ("et.csv", f"finess;etalab;93;{after}\n{csv_site(EG, EJ)}\n".encode()),
        (f"eg_{after:%Y%m%d}.csv", f"nofinesset;nofinessej;rs;categetab;departement\n{EG};{EJ};A;182;01\n".encode()),
    ):
        with pytest.raises(workflow.Refused, match="un jour qui n'est pas encore venu"):
            workflow.import_extracts([write(name, content=content)])
    assert not LegalEntity.objects.exists()
    assert workflow.import_extracts([write("f.json", content=plus(plus_entity(EJ), generatedAt=f"{tomorrow}"))]).created


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "le fichier est vide", id="empty"),
        pytest.param(b"%PDF-1.7 \x00\x01\x02", "ni un JSON FINESS+ ni un CSV FINESS", id="pdf"),
        pytest.param(b"nom;prenom\nA;B\n", "ni un JSON FINESS+ ni un CSV FINESS", id="another csv"),
        pytest.param(b"finess;etalab;93;2026-08-13\n", "aucune ligne structureej ni structureet", id="header alone"),
        pytest.param(b"finess;etalab;93;2026-02-31\nstructureej;1\n", "la date de la première ligne", id="date"),
        pytest.param(b"finess;etalab;93;2026-08-13\nmainlevee;1\n", "aucune ligne structureej", id="other flow"),
        pytest.param(b'{"a": 1}', "pas de « pmej »", id="another json"),
        pytest.param(b"{", "incomplet ou abîmé", id="broken json"),
        pytest.param(plus(schemaVersion="v2.0.0"), "schéma FINESS+ « v2.0.0 »", id="other version"),
        pytest.param(plus(generatedAt=None), "ne dit pas son jour", id="no day"),
        pytest.param(plus(), "aucune entité", id="no entity"),
        pytest.param(plus(plus_entity(EJ))[:-40], "incomplet ou abîmé", id="truncated json"),
        pytest.param(gzip.compress(plus(plus_entity(EJ)))[:-20], "abîmé", id="truncated archive"),
        pytest.param(b"\x1f\x8b" + b"0" * 50, "archive gzip incomplète ou abîmée", id="false archive"),
        pytest.param(
            f"{extracts.HEADER}\n{csv_site(WRONG, EJ)}\n{csv_site('12', EJ)}\n".encode(), "mal formées", id="all wrong"
        ),
    ],
)
def test_file_that_is_not_what_it_claims_is_refused(write: Write, content: bytes, message: str) -> None:
    with pytest.raises(workflow.Refused, match=message.replace("+", r"\+")):
        workflow.import_extracts([write("fichier", content=content)])
    assert not LegalEntity.objects.exists()
    run = ImportRun.objects.get()
    assert run.status == ImportStatus.REFUSED
    assert message in run.message


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(workflow.Refused, match="illisible"):
        workflow.import_extracts([tmp_path / "absent.csv"])


def test_truncated_archive_of_csv_is_refused(write: Write, csv_sample: list[Path]) -> None:
    with pytest.raises(workflow.Refused, match="archive gzip incomplète"):
        workflow.import_extracts([write("et.gz", content=csv_sample[1].read_bytes()[:-5000])])
    assert not GeographicEntity.objects.exists()


def test_two_files_about_the_same_things_are_refused(csv_sample: list[Path], plus_sample: Path) -> None:
    with pytest.raises(workflow.Refused, match="Plusieurs fichiers décrivent les entités juridiques"):
        workflow.import_extracts([csv_sample[0], plus_sample])


def test_extract_that_would_close_more_than_a_tenth_is_refused(write: Write) -> None:
    sites = [csv_site(finess_number(n, "01"), EJ) for n in range(20)]
    workflow.import_extracts([write("1", extracts.HEADER, *sites)])
    with pytest.raises(workflow.Refused, match=r"fermeraient 3 des 20 entités ouvertes \(15\u00a0%\)"):
        workflow.import_extracts([write("2", extracts.HEADER, csv_site(EG, EJ, "NOUVEAU"), *sites[3:])])
    assert GeographicEntity.objects.active().count() == 20
    assert not GeographicEntity.objects.filter(finess=EG).exists()
    run = workflow.import_extracts([write("3", extracts.HEADER, *sites[2:])])
    assert run.closed == 2


def test_closings_said_by_the_file_count_in_the_tenth_too(write: Write) -> None:
    entities = [plus_entity(finess_number(n, "01"), plus_site(finess_number(n, "75"))) for n in range(10)]
    workflow.import_extracts([write("1", content=plus(*entities))])
    for entity in entities[:3]:
        entity["etatObjet"] = "I"
    closing = write("2", content=plus(*entities))
    with pytest.raises(workflow.Refused, match=r"fermeraient 3 des 20 entités ouvertes \(15\u00a0%\)"):
        workflow.import_extracts([closing])
    assert workflow.import_extracts([closing], accept_closures=True).closed == 3


def test_sample_over_the_csv_pair_does_not_pass_for_a_mass_closing(csv_sample: list[Path], plus_sample: Path) -> None:
    workflow.import_extracts(csv_sample)
    run = workflow.import_extracts([plus_sample])
    assert (run.closed, run.rejected) == (5, 0)


def test_import_without_reference_data_says_what_to_run(write: Write) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM establishments_departement")
    with pytest.raises(workflow.Refused, match="load_reference"):
        workflow.import_extracts([write("ej", extracts.HEADER, csv_entity(EJ))])


def test_unexpected_failure_writes_nothing_but_its_record(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("panne")

    monkeypatch.setattr("establishments.importing.deriving.all_of_it", fail)
    with pytest.raises(RuntimeError):
        workflow.import_extracts([write("ej", extracts.HEADER, csv_entity(EJ))])
    assert not LegalEntity.objects.exists()
    assert ImportRun.objects.get().status == ImportStatus.FAILED


def test_command_reports_what_it_did(write: Write) -> None:
    path = write("et.csv", extracts.HEADER, csv_site(EG, EJ), csv_site(OTHER_EG, EJ), csv_site(WRONG, EJ))
    out, err = StringIO(), StringIO()
    call_command("import_finess", str(path), stdout=out, stderr=err)
    assert "Lues\u00a0: 3. Créées\u00a0: 3. Modifiées\u00a0: 0. Fermées\u00a0: 0. Rejetées\u00a0: 1." in out.getvalue()
    assert "et.csv, ligne 4\u00a0: numéro FINESS EG" in err.getvalue()
    out = StringIO()
    call_command("import_finess", str(path), stdout=out, stderr=err)
    assert "Rien n'a changé." in out.getvalue()


def test_command_refuses_in_french(write: Write) -> None:
    with pytest.raises(CommandError, match="Indiquez au moins un fichier"):
        call_command("import_finess")
    with pytest.raises(CommandError, match="le fichier est vide"):
        call_command("import_finess", str(write("vide", content=b"")))


def test_every_rejection_is_counted_even_when_not_all_are_kept(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow, "MOST_REJECTIONS_KEPT", 2)
    bad = ["structureet;1"] * 5
    good = [csv_site(finess_number(n, "01"), EJ) for n in range(6)]
    run = workflow.import_extracts([write("et", extracts.HEADER, *good, *bad)])
    assert (run.rejected, len(run.rejections)) == (5, 2)
    json.dumps(run.rejections)
