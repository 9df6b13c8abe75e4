"""The expenses taken away for the RETEX: what the file holds, and what an anonymised one gives away (F6, Q23)."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pytest
from django.core.files.storage import default_storage
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.enums import Role
from accounts.models import User
from dossiers.enums import ExportFormat, ExportState
from dossiers.models import Export
from dossiers.workflow import exports
from ecare import retention
from ecare.models import AuditEntry
from establishments.models import LegalEntity
from funding import retex_table, workflow
from funding.enums import RetexContent
from funding.models import Grant
from funding.queries import retex
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.accounts.sessions import wear
from tests.browsing import fits
from tests.dossiers import factories, pages
from tests.establishments.factories import RegionFactory
from tests.funding import expenses, subsidies

PAGE = reverse("funding:retex")
EXPORTS = reverse("dossiers:exports")
FORMATS = [each.value for each in ExportFormat]
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"


@pytest.fixture
def desk() -> Client:
    return factories.signed_in(UserFactory(lead=True))


def asked(**choices: str) -> dict[str, str]:
    return {"guichet": "poc-essms", "content": "anonymise", "format": "csv", **choices}


def taken(desk: Client, **choices: str) -> Any:
    """The file that was asked for, made, then downloaded."""
    assert desk.post(PAGE, asked(**choices)).url == EXPORTS
    export = Export.objects.latest("pk")
    exports.produce(export.pk)
    return desk.get(f"{EXPORTS}{export.public_id}/")


def content(response: Any) -> bytes:
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def table(content: bytes, format: str = "csv") -> list[list[str]]:
    """The cells of a file as a spreadsheet shows them, headings first."""
    if format == "csv":
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
    if format == "xlsx":
        [sheet] = openpyxl.load_workbook(io.BytesIO(content)).worksheets
        assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
        return [[shown(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        root = ElementTree.fromstring(archive.read("content.xml"))  # noqa: S314  # our own
    return [
        ["\n".join(line.text or "" for line in cell.findall(f"{TEXT}p")) for cell in row]
        for row in root.iter(f"{TABLE}table-row")
    ]


def shown(cell: object) -> str:
    match cell:
        case None:
            return ""
        case dt.datetime():
            return f"{cell:%d/%m/%Y}"
        case int() | float():
            return f"{cell:.2f}".replace(".", ",")
    return str(cell)


def lines(desk: Client, **choices: str) -> list[dict[str, str]]:
    headings, *rows = table(content(taken(desk, **choices)))
    return [dict(zip(headings, row, strict=True)) for row in rows]


def everything(content: bytes, format: str) -> bytes:
    """The bytes of a file once nothing in it is compressed, the names of its parts included."""
    if format == "csv":
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return b"\n".join(each.filename.encode() + archive.read(each) for each in archive.infolist())


def laureate(amount: str = "1250.50", **fields: str) -> Grant:
    """A laureate with an expense of its own."""
    grant = subsidies.granted()
    expenses.added(grant, replace(expenses.ENTRY, amount=Decimal(amount), **fields))  # type: ignore[arg-type]
    return grant


def identities(grant: Grant) -> list[str]:
    """What would say whose expenses these are."""
    dossier = grant.dossier
    entity, referent = dossier.legal_entity, dossier.referent
    of_sites = [text for site in entity.sites.all() for text in (site.finess, site.name)]
    own = grant.expenses.all()
    texts = [text for line in own for text in (line.label, line.justification, line.mission_letter, str(line.line))]
    held = [line.proof_file.name for line in own if line.proof_file]
    people = [referent.email, referent.last_name, grant.granted_by.last_name]
    found = [dossier.reference, entity.finess, entity.name, entity.city, *of_sites, *texts, *held, *people]
    return [text for text in found if text]


@pytest.mark.django_db
@pytest.mark.parametrize("format", FORMATS)
def test_a_nominative_file_says_who_spent_what(desk: Client, format: str) -> None:
    grant = subsidies.granted()
    expenses.added(grant, expenses.ENTRY, expenses.STAFF, replace(expenses.STAFF, mission_letter="LM-4"))
    expenses.added(grant, replace(expenses.ENTRY, label="Retirée"))
    workflow.expenses.remove(grant.expenses.get(label="Retirée"), by=grant.dossier.referent, read=1)

    response = taken(desk, content="nominatif", format=format)
    assert response["Cache-Control"] == "private, no-store"
    assert re.search(rf"depenses-poc-essms-nominatif-2[-0-9h]+\.{format}", response["Content-Disposition"])
    headings, *rows = table(content(response), format)
    assert headings == list(retex.NOMINATIVE)
    entity = grant.dossier.legal_entity
    who = [grant.dossier.reference, entity.finess, entity.name, "Île-de-France", "Parcours 1"]
    assert [row[:5] for row in rows] == [who] * 3
    objective = ["moins de 20\u202f000\u00a0€", "backups", "Sauvegardes protégées et testées"]
    assert [row[5:] for row in rows] == [
        [*objective, nature, "1250,50", letter, "04/06/2026", label, justification]
        for nature, letter, label, justification in (
            ("Logiciel ou abonnement", "Sans objet", "Licences de sauvegarde", "F-2026-12"),
            ("Ressources humaines", "Non", "Temps du RSSI", "Feuille de temps"),
            ("Ressources humaines", "Oui", "Temps du RSSI", "Feuille de temps"),
        )
    ]
    entry = AuditEntry.objects.get(kind="exported")
    assert entry.detail == {"table": "depenses-retex", "format": format, "guichet": "poc-essms", "nominative": True}
    assert AuditEntry.objects.get(kind="downloaded").subject == entry.subject == str(Export.objects.get().public_id)


@pytest.mark.django_db
@pytest.mark.parametrize("format", FORMATS)
def test_an_anonymised_file_holds_nothing_that_says_who(desk: Client, format: str) -> None:
    grants = [laureate(), laureate("80")]
    [staff] = expenses.added(grants[0], replace(expenses.STAFF, mission_letter="Lettre de Zoé"))
    expenses.proved(grants[1])
    response = taken(desk, format=format)
    assert "anonymise" in response["Content-Disposition"]
    written = content(response)
    headings, *rows = table(written, format)
    assert headings == list(retex.ANONYMISED)
    assert len(rows) == 4
    assert {row[0] for row in rows} == {"Établissement 1", "Établissement 2"}
    assert {row[-1] for row in rows} == {"2026-06"}
    raw = everything(written, format)
    hidden = [*identities(grants[0]), *identities(grants[1]), "04/06/2026", "2026-06-04"]
    assert staff.mission_letter in hidden
    assert "Facture.pdf" in hidden
    assert [text for text in hidden if text.encode() in raw] == []
    assert AuditEntry.objects.get(kind="exported").detail["nominative"] is False
    # The same search finds them in the file that names them.
    named = everything(content(taken(desk, format=format, content="nominatif")), format)
    for grant in grants:
        assert grant.dossier.reference.encode() in named
        assert grant.dossier.legal_entity.finess.encode() in named


@pytest.mark.django_db
def test_a_laureate_keeps_its_number_within_a_file_and_not_from_a_file_to_the_next(desk: Client) -> None:
    for amount in ("1", "2", "3", "4", "5"):
        expenses.added(laureate(amount), replace(expenses.ENTRY, amount=Decimal(amount) / 100))
    numberings = set()
    for _ in range(12):
        found = lines(desk)
        numbers = [each["Établissement"] for each in found]
        assert numbers == sorted(numbers)
        own: dict[str, set[str]] = {}
        for each in found:
            own.setdefault(each["Établissement"], set()).add(each["Montant TTC (€)"])
        assert set(own) == {f"Établissement {number}" for number in range(1, 6)}
        # 3 euros and 3 cents are of the same one.
        assert all(len({amount.replace(",", "").strip("0") for amount in amounts}) == 1 for amounts in own.values())
        numberings.add(tuple(each["Montant TTC (€)"] for each in found))
    assert len(numberings) > 1  # one chance in 120, eleven times over, to draw the same


@pytest.mark.django_db
def test_a_region_is_named_when_five_laureates_are_there_and_nobody_is_left_alone(desk: Client) -> None:
    grants = [laureate() for _ in range(11)]
    paris, corse, provence = "Île-de-France", "Corse", "Provence-Alpes-Côte d'Azur"

    def named(**counts: int) -> set[str]:
        codes = [code for code, count in counts.items() for _ in range(count)]
        for grant, code in zip(grants, codes, strict=True):
            region = RegionFactory(code=code.strip("r")) if code != "none" else None
            LegalEntity.objects.filter(pk=grant.dossier.legal_entity_id).update(region=region)
        return {each["Région"] for each in lines(desk)}

    other = retex.OTHER_REGION
    assert named(r11=5, r94=3, r93=3) == {paris, other}
    assert named(r11=6, r94=5) == {paris, corse}
    # One laureate of Provence would be « the other région »: the least of the others joins it.
    assert named(r11=6, r94=4, r93=1) == {paris, other}
    assert named(r11=5, r94=5, r93=1) == {paris, other}
    assert named(r11=7, none=4) == {other}
    assert named(r11=4, r94=4, r93=3) == {other}
    whole = {each["Région"] for each in lines(desk, content="nominatif")}
    assert whole == {paris, corse, provence}


@pytest.mark.django_db
@pytest.mark.parametrize("format", FORMATS)
def test_no_text_is_run_by_a_spreadsheet(desk: Client, format: str) -> None:
    grant = laureate(label="=1+1", justification="@SUM(A1)")
    LegalEntity.objects.filter(pk=grant.dossier.legal_entity_id).update(name="+cmd|' /C calc'!A0")
    _, row = table(content(taken(desk, content="nominatif", format=format)), format)
    assert (row[2], *row[-2:]) == ("'+cmd|' /C calc'!A0", "'=1+1", "'@SUM(A1)")


@pytest.mark.django_db
def test_a_file_costs_the_same_at_one_three_and_thirty_laureates(desk: Client) -> None:
    lead = UserFactory(lead=True)

    def made(choices: retex_table.Choices) -> HttpResponse:
        export = exports.ask(
            lead,
            table=retex_table.CODE,
            query=choices.query,
            columns=choices.columns,
            format=ExportFormat.CSV,
            at=timezone.now(),
        )
        exports.produce(export.pk)
        export.refresh_from_db()
        assert (export.state, export.done) == (ExportState.READY, export.total)
        return HttpResponse()

    def costs(laureates: int) -> list[int]:
        while Grant.objects.count() < laureates:
            laureate()
        assert len(lines(desk)) == laureates
        asking = pages.cost(lambda: desk.post(PAGE, asked()))
        exports.resume()  # three at once, and no more
        both = [retex_table.Choices("poc-essms", "POC AAP ESSMS", each) for each in RetexContent]
        return [asking, *(pages.cost(lambda each=each: made(each)) for each in both)]  # type: ignore[misc]

    one = costs(1)
    assert one[0] <= 12
    assert costs(3) == one
    assert costs(30) == one


@pytest.mark.django_db
def test_what_is_not_said_gives_no_file_and_what_was_chosen_stays(desk: Client) -> None:
    assert "Aucun guichet n'a de lauréat" in pages.text(desk.get(PAGE))
    assert desk.post(PAGE, asked()).status_code == 422
    subsidies.granted()
    page = desk.get(PAGE).content.decode()
    assert page.count(" checked") == 2
    assert 'value="anonymise" ' in page.partition(" checked")[0][-120:]
    empty = desk.post(PAGE, asked(content="nominatif", format="ods"))
    assert empty.status_code == 422
    assert "n'a encore saisi de dépense" in pages.text(empty)
    assert [empty.context["form"][name].value() for name in ("content", "format")] == ["nominatif", "ods"]
    for wrong, said in (
        ({"content": ""}, "Choisissez un fichier anonymisé ou nominatif."),
        ({"content": "tout"}, "Choisissez un fichier anonymisé ou nominatif."),
        ({"format": "pdf"}, "Choisissez un format de la liste."),
        ({"guichet": "autre"}, "Ce guichet n'a pas de lauréat"),
        ({"guichet": ""}, "Choisissez le guichet"),
    ):
        answer = desk.post(PAGE, asked(**wrong))
        assert answer.status_code == 422, wrong
        assert said in pages.text(answer), wrong
    assert not AuditEntry.objects.filter(kind="exported").exists()


@pytest.mark.django_db
def test_a_sheet_that_is_too_short_asks_for_csv(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    expenses.added(laureate())
    monkeypatch.setattr(retex, "MOST_ROWS", 1)
    for format in ("xlsx", "ods"):
        assert "choisissez le format CSV" in pages.text(desk.post(PAGE, asked(format=format)))
    assert len(lines(desk)) == 2


@pytest.mark.django_db
def test_who_leads_no_more_gets_nothing_and_what_waits_is_given_up() -> None:
    lead = UserFactory(lead=True)
    client = factories.signed_in(lead)
    laureate()
    content(taken(client))
    ready = Export.objects.get()
    assert client.post(PAGE, asked()).status_code == 302
    User.objects.filter(pk=lead.pk).update(role=Role.VERIFIER)
    waiting = Export.objects.latest("pk")
    exports.produce(waiting.pk)
    waiting.refresh_from_db()
    assert waiting.state == ExportState.CANCELLED
    assert client.get(f"{EXPORTS}{ready.public_id}/").status_code == 404
    assert "Ne correspond plus à vos droits" in pages.text(client.get(EXPORTS))


@pytest.mark.django_db
def test_a_file_is_written_by_chunks_told_by_e_mail_and_goes_in_time(
    desk: Client, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    for amount in ("1", "2", "3", "4", "5"):
        laureate(amount)
    monkeypatch.setattr(retex, "CHUNK", 2)
    told: list[object] = []
    beat = exports.beat
    monkeypatch.setattr(exports, "beat", lambda export, **f: (told.append(f["done"]), beat(export, **f)))  # type: ignore[func-returns-value]
    assert len(lines(desk)) == 5
    assert told == [0, 2, 4, 5]
    [email] = Email.objects.filter(kind="export_ready")
    assert email.subject == "Votre export de dépenses est prêt"
    assert "5\xa0dépenses" in email.text
    page = pages.text(desk.get(EXPORTS))
    assert "Dépenses anonymisées, guichet POC AAP ESSMS" in page
    export = Export.objects.get()
    Export.objects.update(finished_at=timezone.now() - settings.EXPORTS_KEPT)
    assert desk.get(f"{EXPORTS}{export.public_id}/").status_code == 404
    assert [line.count for line in retention.purge("exports", now=timezone.now())] == [1]
    assert not default_storage.exists(export.file)


@pytest.mark.django_db
def test_a_worker_killed_half_way_is_replaced(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for amount in ("1", "2", "3"):
        laureate(amount)
    assert desk.post(PAGE, asked()).status_code == 302
    dead = exports.take(Export.objects.get().pk)
    assert dead is not None
    Export.objects.update(beat_at=timezone.now() - exports.SILENCE - dt.timedelta(seconds=1))
    exports.resume()
    export = Export.objects.get()
    assert (export.state, export.attempt, export.done, export.total) == (ExportState.READY, 2, 3, 3)
    with pytest.raises(exports.Overtaken):
        exports.beat(dead, done=1)


@pytest.mark.django_db
def test_lines_typed_while_it_is_written_are_counted(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    laureate()
    rows = retex.rows

    def one_more(guichet: str, *, nominative: bool) -> Any:
        yield from rows(guichet, nominative=nominative)
        yield from rows(guichet, nominative=nominative)

    monkeypatch.setattr(retex, "rows", one_more)
    assert len(lines(desk)) == 2
    assert (Export.objects.get().done, Export.objects.get().total) == (2, 2)


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("0.01", "moins de 20 000 €"),
        ("19999.99", "moins de 20 000 €"),
        ("20000", "de 20 000 € à moins de 50 000 €"),
        ("199999.99", "de 100 000 € à moins de 200 000 €"),
        ("200000", "200 000 € et plus"),
    ],
)
def test_bands_meet_without_a_gap(amount: str, said: str) -> None:
    assert retex.band(Decimal(amount)).replace("\u202f", " ").replace("\u00a0", " ") == said


@pytest.mark.django_db
def test_those_who_lead_alone_find_the_page(desk: Client) -> None:
    laureate()
    subsidies_page = reverse("funding:subsidies")
    assert PAGE in desk.get(subsidies_page).content.decode()
    for role in ("verifier", "regional", "admin"):
        person = factories.signed_in(UserFactory(**{role: True}))
        assert PAGE not in person.get(subsidies_page).content.decode()
        assert person.get(PAGE).status_code == 404
        assert person.post(PAGE, asked()).status_code == 404
    owner = factories.signed_in(Grant.objects.get().dossier.referent)
    assert owner.get(PAGE).status_code == owner.post(PAGE, asked()).status_code == 404
    assert not AuditEntry.objects.filter(kind="exported").exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scripted", [True, False], ids=["scripted", "plain"])
def test_the_file_is_asked_for_then_downloaded_with_the_keyboard(
    browser: Browser, live_server: LiveServer, axe: Callable[[Page], None], scripted: bool
) -> None:
    subsidies.granted()
    context = browser.new_context(java_script_enabled=scripted, viewport={"width": 320, "height": 800})
    page = context.new_page()
    wear(page, factories.signed_in(UserFactory(lead=True)), live_server)
    page.goto(live_server.url + reverse("funding:subsidies"))
    assert fits(page)
    page.get_by_role("link", name="Dépenses pour le RETEX").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Dépenses pour le RETEX")
    page.get_by_role("button", name="Demander l'export").press("Enter")
    expect(page.get_by_role("heading", name="Votre export est à corriger")).to_be_visible()
    assert fits(page)
    if scripted:
        axe(page)
    expenses.added(Grant.objects.get())
    page.get_by_label("LibreOffice (ODS)").check(force=True)
    page.get_by_role("button", name="Demander l'export").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Vos exports")
    expect(page.get_by_text("En attente")).to_be_visible()
    assert fits(page)
    if scripted:
        axe(page)
    exports.produce(Export.objects.get().pk)
    if not scripted:
        page.get_by_role("link", name="Actualiser").press("Enter")
    with page.expect_download() as download:
        page.get_by_role("link", name="Télécharger").press("Enter")
    assert download.value.suggested_filename == Export.objects.get().name
    assert download.value.suggested_filename.endswith(".ods")
