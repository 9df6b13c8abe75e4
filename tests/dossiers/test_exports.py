"""Exports of the list: what they hold, whose they are, and what becomes of a worker that dies (I7, Q23, Q75)."""

from __future__ import annotations

import csv
import datetime as dt
import io
import threading
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts.enums import Role
from accounts.models import User
from dossiers import catalog, kinds, queries, storage
from dossiers.enums import ExportFormat, ExportState, RegionalRole, Status
from dossiers.exports import listed
from dossiers.exports import rows as export_rows
from dossiers.exports.columns import FIXED, groups
from dossiers.exports.writers import writer
from dossiers.models import DossierStage, Export, Guichet
from dossiers.workflow import exports as making
from ecare import retention
from ecare.models import AuditEntry, AuditKind
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages
from tests.dossiers.rows import row
from tests.establishments.factories import RegionFactory

pytestmark = pytest.mark.django_db
URL = "/instruction/exports/"
NEW = f"{URL}nouveau/"


@pytest.fixture
def verifier() -> User:
    user: User = UserFactory(verifier=True)
    return user


def asked(
    owner: User, *, query: str = "", format: ExportFormat = ExportFormat.CSV, columns: list[str] | None = None
) -> Export:
    return making.ask(owner, query=query, format=format, columns=columns or ["reference"], at=timezone.now())


def made(owner: User, **keywords: Any) -> Export:
    """An export asked for, then made."""
    export = asked(owner, **keywords)
    making.produce(export.pk)
    export.refresh_from_db()
    return export


def read(export: Export) -> list[dict[str, str]]:
    """The rows of a CSV, by heading."""
    with default_storage.open(export.file) as file:
        text = file.read().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def ticked(response: Any) -> set[str]:
    """The columns ticked on the page."""
    return {box.code for _, boxes in response.context["form"].boxes for box in boxes if box.is_ticked}


def references(export: Export) -> list[str]:
    return [each["Référence"] for each in read(export)]


# What it holds


def test_every_answer_is_a_column_and_the_iban_is_masked(verifier: User) -> None:
    stage = factories.transmitted(sites=3)
    offered = [each.code for group in groups(DossierStage.objects.all()) for each in group.offered]
    (line,) = read(made(verifier, columns=offered))
    dossier = stage.dossier
    assert line["Référence"] == dossier.reference
    assert line["Raison sociale"] == dossier.legal_entity.name
    assert line["FINESS EJ"] == dossier.legal_entity.finess
    assert line["Statut"] == "Transmis"
    assert line["Nombre de transmissions"] == "1"
    total = Decimal(stage.transmissions.get().estimate["total"])
    assert Decimal(line["Subvention estimée (€)"].replace(",", ".")) == total
    questions = queries.questions(stage.revision)
    answered = stage.transmissions.get().answers
    headings = [heading for each in questions for heading in kinds.of(each).columns(each)]
    of_answers = [heading for heading in line if heading not in {fixed.label for fixed in FIXED.values()}]
    assert len(of_answers) == len(headings)  # none lost to another of the same name, told apart by its section
    assert all(found.endswith(heading) for found, heading in zip(of_answers, headings, strict=True))
    assert set(answered) <= {each.code for each in questions}
    text = "\n".join(line.values())
    assert factories.IBAN.replace(" ", "") not in text.replace(" ", "").replace("\u202f", "").replace("\xa0", "")
    assert ".pdf" in text


def test_the_file_keeps_the_filters_and_the_order_of_the_list(verifier: User) -> None:
    stages = [row(Status.TRANSMITTED), row(Status.VALIDATED), row(Status.TRANSMITTED), row(Status.DRAFT)]
    listed = sorted(each.dossier.reference for each in stages if each.status == Status.TRANSMITTED)
    assert references(made(verifier, query="statut=transmitted&tri=reference")) == listed
    assert references(made(verifier, query="statut=transmitted&tri=-reference")) == listed[::-1]
    everything = references(made(verifier))
    assert len(everything) == 3  # never a draft


def test_a_question_keeps_its_column_from_a_form_to_the_next(verifier: User) -> None:
    """A number that becomes an amount changes heading: each dossier fills the one of the form it answered."""
    asked_first = [{"code": "sum", "kind": "number", "label": "Budget", "short_label": "Budget"}]
    guichet = factories.guichet(questions=asked_first)
    stage = guichet.stages.get()
    first = factories.draft(stage=stage)
    factories.save(first, sum={"value": "12"})
    factories.transmit(first)
    changed = [{**asked_first[0], "kind": "amount"}]
    catalog.publish(stage, {"sections": [{"title": "Section", "questions": changed}]}, factories.FIXTURES)
    second = factories.draft(stage=stage)
    factories.save(second, sum={"value": "34,50"})
    factories.transmit(second)
    lines = {line["Référence"]: line for line in read(made(verifier, columns=["reference", "essai.candidature.sum"]))}
    assert lines[first.dossier.reference] == {
        "Référence": first.dossier.reference,
        "Budget (€)": "",
        "Budget": "12",
    }
    assert lines[second.dossier.reference] == {
        "Référence": second.dossier.reference,
        "Budget (€)": "34,50",
        "Budget": "",
    }


DAY = dt.date(2026, 11, 25)
MOMENT = dt.datetime.combine(DAY, dt.time(9, 5))
CELLS: list[Any] = [
    "=1+1", "+33", "-2", "@SUM(A1)", "\tx", "＝1", "simple", "a;b\"c\nd", "<x>&\x0b", None,
    Decimal("1234.50"), DAY, MOMENT,
]  # fmt: skip
NEUTRAL = ["'=1+1", "'+33", "'-2", "'@SUM(A1)", "'\tx", "'＝1", "simple", 'a;b"c\nd']


def test_three_formats_say_the_same_and_no_cell_is_a_formula(tmp_path: Path) -> None:
    """Q23, read back by other programs than the one that wrote."""
    for format in ExportFormat:
        file = writer(format, tmp_path / f"x.{format}", sheet="Dossiers")
        file.heading([f"c{number}" for number in range(len(CELLS))])
        file.row(CELLS)
        file.close()
    text = (tmp_path / "x.csv").read_bytes().decode("utf-8-sig")
    _, line = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    assert line[:8] == NEUTRAL
    assert line[9:] == ["", "1234,50", "25/11/2026", "25/11/2026 09:05"]
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx")["Dossiers"]
    cells = list(sheet.rows)[1]
    assert [cell.value for cell in cells][:8] == NEUTRAL
    assert {cell.data_type for cell in cells[:8]} == {"s"}
    assert [cell.value for cell in cells][9:] == [
        None,
        1234.5,
        dt.datetime.combine(DAY, dt.time()),
        MOMENT,
    ]
    with zipfile.ZipFile(tmp_path / "x.ods") as archive:
        assert archive.namelist()[0] == "mimetype"
        root = ElementTree.fromstring(archive.read("content.xml"))  # noqa: S314  # our own
    office, text = (
        "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}",
        "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}",
    )
    found = root.findall(".//{urn:oasis:names:tc:opendocument:xmlns:table:1.0}table-row")[1]
    said = ["\n".join(line.text or "" for line in cell.findall(f"{text}p")) for cell in found]
    assert said[:8] == NEUTRAL
    assert said[8] == "<x>&"
    assert [cell.get(f"{office}value-type") for cell in found][9:] == [None, "float", "date", "date"]


def test_reading_costs_the_same_whatever_the_number_of_dossiers(
    verifier: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four queries a chunk, its sign of life included; nothing is held from a chunk to the next."""
    row()
    made(verifier, columns=["reference", "montant"])  # the forms are read once a process
    counts = []
    for size in (1, 3, 30):
        while DossierStage.objects.count() < size:
            row()
        export = asked(verifier, columns=["reference", "montant"])
        with connection.execute_wrapper(counter := Counter()):
            making.produce(export.pk)
        counts.append(counter.count)
        Export.objects.filter(pk=export.pk).delete()
    assert counts[0] == counts[1] == counts[2]
    monkeypatch.setattr(export_rows, "CHUNK", 10)
    export = asked(verifier, columns=["reference", "montant"])
    with connection.execute_wrapper(counter := Counter()):
        making.produce(export.pk)
    assert counter.count == counts[0] + 2 * 3
    assert Export.objects.get(pk=export.pk).done == 30


class Counter:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Any, sql: str, *arguments: Any) -> Any:
        if sql.split()[0] not in {"SAVEPOINT", "RELEASE", "ROLLBACK"}:
            self.count += 1
        return execute(sql, *arguments)


# Whose it is


def test_a_regional_instructor_exports_his_regions_and_loses_the_file_with_them() -> None:
    mine, _other = row(region_codes=["84"]), row(region_codes=["11"])
    user = UserFactory(regional=True, regions=[RegionFactory(code="84")])
    export = made(user)
    assert references(export) == [mine.dossier.reference]
    client = factories.signed_in(user)
    address = f"{URL}{export.public_id}/"
    response = client.get(address)
    assert response["Content-Disposition"] == f'attachment; filename="{export.name}"'
    assert response["Cache-Control"] == "private, no-store"
    assert b"".join(response.streaming_content).decode("utf-8-sig").splitlines() == [
        "Référence",
        mine.dossier.reference,
    ]
    kinds_of_lines = (
        AuditEntry.objects.filter(subject=str(export.public_id)).order_by("pk").values_list("kind", flat=True)
    )
    assert list(kinds_of_lines) == [AuditKind.EXPORTED, AuditKind.DOWNLOADED]
    user.regions.set([RegionFactory(code="11")])
    assert client.get(address).status_code == 404
    assert "Ne correspond plus à vos droits" in client.get(URL).content.decode()


def test_an_etape_closed_to_the_regions_takes_back_the_files_made_before() -> None:
    row(region_codes=["84"])
    user = UserFactory(regional=True, regions=[RegionFactory(code="84")])
    export = made(user)
    client = factories.signed_in(user)
    address = f"{URL}{export.public_id}/"
    before = pages.cost(lambda: client.get(URL))
    assert b"".join(client.get(address).streaming_content)
    for _ in range(2):
        made(user)
    assert pages.cost(lambda: client.get(URL)) == before
    Guichet.objects.update(regional_role=RegionalRole.NONE)
    assert client.get(address).status_code == 404
    assert "Ne correspond plus à vos droits" in client.get(URL).content.decode()


def test_a_search_too_long_to_be_kept_is_told_and_not_cut(verifier: User) -> None:
    row()
    client = factories.signed_in(verifier)
    sent = {"format": "csv", "columns": ["reference"]}
    page = client.post(f"{NEW}?q={'a' * 1990}", sent)
    assert page.status_code == 302
    page = client.post(f"{NEW}?q={'a' * 2100}&statut=transmitted", sent)
    assert "trop longue pour être exportée" in pages.text(page)
    assert Export.objects.count() == 1


@pytest.mark.parametrize("change", [{"role": Role.REFERENT}, {"is_active": False}])
def test_who_instructs_no_more_gets_nothing_even_from_an_export_under_way(
    verifier: User, change: dict[str, Any]
) -> None:
    row()
    export = asked(verifier)
    User.objects.filter(pk=verifier.pk).update(**change)
    making.produce(export.pk)
    export.refresh_from_db()
    assert export.state == ExportState.CANCELLED
    assert not list(storage.walk("exports"))


def test_an_export_is_its_owner_s_alone(verifier: User) -> None:
    row()
    export = made(verifier)
    other = factories.signed_in(UserFactory(lead=True))
    assert other.get(f"{URL}{export.public_id}/").status_code == 404
    assert other.post(f"{URL}{export.public_id}/annulation/").status_code == 404
    assert not other.get(URL).context["page"].object_list


def test_three_at_once_and_no_more(verifier: User) -> None:
    client = factories.signed_in(verifier)
    data = {"format": "csv", "columns": ["reference", "statut"]}
    for _ in range(3):
        assert client.post(NEW, data).status_code == 302
    response = client.post(NEW, data)
    assert "3 exports sont déjà en cours" in response.content.decode()
    assert ticked(response) == {"reference", "statut"}  # nothing chosen is lost
    first = Export.objects.order_by("pk").first()
    assert first is not None
    assert client.post(f"{URL}{first.public_id}/annulation/").status_code == 302
    assert client.post(NEW, data).status_code == 302


def test_the_columns_of_the_last_export_are_ticked_again(verifier: User) -> None:
    client = factories.signed_in(verifier)
    assert "dernier export" not in client.get(NEW).content.decode(), "there was none"
    client.post(f"{NEW}?statut=validated", {"format": "ods", "columns": ["statut", "montant"]})
    assert "dernier export" in client.get(NEW).content.decode()
    export = Export.objects.get()
    assert (export.query, export.format, export.columns) == ("statut=validated", "ods", ["statut", "montant"])
    assert ticked(client.get(NEW)) == {"statut", "montant"}
    unticked = client.post(NEW, {"format": "ods"})
    assert "Cochez au moins une colonne" in unticked.content.decode()


# What becomes of it


def test_it_is_told_once_and_expires_with_its_file(verifier: User, settings: Settings) -> None:
    row()
    export = made(verifier)
    making.produce(export.pk)  # doing it twice does it once
    (email,) = Email.objects.filter(kind="export_ready")
    assert email.to == verifier.email
    assert "1\xa0dossier" in email.text
    name = export.file
    client = factories.signed_in(verifier)
    Export.objects.filter(pk=export.pk).update(finished_at=timezone.now() - settings.EXPORTS_KEPT)
    assert client.get(f"{URL}{export.public_id}/").status_code == 404
    assert [line.count for line in retention.purge("exports", now=timezone.now())] == [1]
    assert not Export.objects.exists()
    assert not default_storage.exists(name)


def test_a_worker_that_died_is_replaced_and_what_it_still_does_is_thrown_away(
    verifier: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row()
    export = asked(verifier)
    dead = making.take(export.pk)
    assert dead is not None
    assert making.take(export.pk) is None  # it lives, for all we know
    making.resume()
    assert Export.objects.get().state == ExportState.RUNNING
    Export.objects.update(beat_at=timezone.now() - making.SILENCE - dt.timedelta(seconds=1))
    making.resume()
    ready = Export.objects.get()
    assert (ready.state, ready.attempt) == (ExportState.READY, 2)
    with pytest.raises(making.Overtaken):
        making.beat(dead, done=0)
    with pytest.raises(making.Overtaken):
        making.finish(dead, name="exports/of-the-dead", size=1)
    assert Export.objects.get().file == ready.file
    assert Email.objects.filter(kind="export_ready").count() == 1


def test_cancelled_while_it_is_written_leaves_no_file(verifier: User, monkeypatch: pytest.MonkeyPatch) -> None:
    row()
    export = asked(verifier)
    written = export_rows.rows

    def interrupted(*arguments: Any) -> Any:
        making.cancel(export, by=verifier, at=timezone.now())
        return written(*arguments)

    monkeypatch.setattr(listed, "rows", interrupted)
    making.produce(export.pk)
    assert Export.objects.get().state == ExportState.CANCELLED
    assert not list(storage.walk("exports"))
    assert not Email.objects.filter(kind="export_ready").exists()


def test_what_fails_is_tried_three_times_then_told(verifier: User, monkeypatch: pytest.MonkeyPatch) -> None:
    row()
    export = asked(verifier)

    def full(*_arguments: Any, **_keywords: Any) -> str:
        raise storage.NotStored

    monkeypatch.setattr(storage, "store", full)
    states = []
    for _ in range(3):
        making.resume()
        states.append(Export.objects.get().state)
    assert states == [ExportState.WAITING, ExportState.WAITING, ExportState.FAILED]
    making.resume()
    assert Export.objects.get().attempt == 3
    assert "Une erreur l'a empêché" in factories.signed_in(verifier).get(URL).content.decode()
    assert export.pk == Export.objects.get().pk


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_one_file(verifier: User) -> None:
    row()
    export = asked(verifier)
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        making.produce(export.pk)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert Export.objects.get().attempt == 1
    assert len(list(storage.walk("exports"))) == 1


def test_the_list_of_exports_costs_the_same_at_any_length(verifier: User) -> None:
    client = factories.signed_in(verifier)
    counts = []
    for size in (1, 3, 20):
        while Export.objects.count() < size:
            making.cancel(asked(verifier), by=verifier, at=timezone.now())
        counts.append(pages.cost(lambda: client.get(URL)))
    assert counts[0] == counts[1] == counts[2] <= 8
