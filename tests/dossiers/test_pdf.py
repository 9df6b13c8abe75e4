"""The receipt: what it says, how it is tagged, and that nothing typed in it makes it reach out."""

from __future__ import annotations

import datetime as dt
import functools
import http.server
import io
import itertools
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pypdf
import pytest
from django.test import Client
from django.utils import timezone
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from dossiers import pdf
from dossiers.models import DossierStage, Transmission
from ecare import french
from tests.dossiers import every_kind, factories

pytestmark = pytest.mark.django_db

HOSTILE = (
    '</td><img src="{http}image"><link rel=stylesheet href="{http}css"><script src="{http}js"></script>'
    '<object data="file://{file}"></object><iframe src="file:///etc/passwd"></iframe>'
    '<style>@import "{http}import";</style>&lt;b&gt;'
)


def transmission_of(dossier_stage: DossierStage) -> Transmission:
    return dossier_stage.transmissions.get()


def read(content: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(content))


def text_of(content: bytes) -> str:
    """The text as a reader would copy it, spaces and line breaks made one."""
    return " ".join("\n".join(page.extract_text() for page in read(content).pages).split())


def squeezed(text: str) -> str:
    """Without any space: a long word is cut at the end of a line."""
    return "".join(text.split())


@dataclass
class Drawn:
    """A dossier, its transmission and its receipt."""

    stage: DossierStage
    transmission: Transmission
    content: bytes


def drawn(stage: DossierStage) -> Drawn:
    transmission = transmission_of(stage)
    return Drawn(stage, transmission, pdf.receipt(transmission))


@pytest.fixture(scope="module")
def worlds(lasting: Callable[[], AbstractContextManager[None]]) -> Iterator[tuple[Drawn, Drawn]]:
    """Drawing takes longer than reading: one receipt for the tests that look at any, one for those of many pages."""
    with lasting():
        yield drawn(factories.transmitted()), drawn(factories.transmitted(sites=60))


@pytest.fixture
def plain(worlds: tuple[Drawn, Drawn], db: None) -> Drawn:
    return worlds[0]


@pytest.fixture
def long(worlds: tuple[Drawn, Drawn], db: None) -> Drawn:
    return worlds[1]


@pytest.fixture
def visits() -> Iterator[tuple[str, list[str]]]:
    """A web server that notes who comes: (its address, the paths asked)."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Nothing on the terminal."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", asked
    server.shutdown()
    server.server_close()
    thread.join()


class Watch:
    """What this process opens and connects to while `with` lasts."""

    active: ClassVar[Watch | None] = None

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.connected: list[str] = []

    def __enter__(self) -> Watch:
        listen()
        Watch.active = self
        return self

    def __exit__(self, *args: object) -> None:
        Watch.active = None


@functools.cache
def listen() -> None:
    """One audit hook for them all: it cannot be removed, and whatever this process does afterwards calls it."""
    sys.addaudithook(note)


def note(event: str, arguments: tuple[Any, ...]) -> None:
    if Watch.active is None:
        return
    if event == "open":
        Watch.active.opened.append(str(arguments[0]))
    elif event in ("socket.connect", "socket.getaddrinfo"):
        Watch.active.connected.append(str(arguments))


def test_receipt_says_who_what_and_when() -> None:
    legal_entity = factories.entity(sites=3, name="RÉSIDENCE L’ÉTÉ & FILS")
    stage = factories.transmitted(legal_entity=legal_entity)
    transmission = transmission_of(stage)
    text = text_of(pdf.receipt(transmission))

    assert stage.dossier.reference in text
    assert "Transmission n° 1" in text
    assert squeezed(f"reçue le {french.moment(transmission.at)}") in squeezed(text)
    assert f"RÉSIDENCE L’ÉTÉ & FILS FINESS de l'EJ {legal_entity.finess}" in text
    assert transmission.by.full_name in text
    for section, entries in pdf.Receipt(transmission).sections:
        assert squeezed(section.title) in squeezed(text)
        for entry in entries:
            assert squeezed(entry.question.label) in squeezed(text)
    for site in legal_entity.sites.all():
        assert site.finess in text
    assert "Subvention estimée 28 200 €" in text
    assert "Durand" in text


def test_receipt_gives_the_whole_digest_of_each_file(plain: Drawn) -> None:
    text = text_of(plain.content)
    files = [link.attachment for link in plain.transmission.files.select_related("attachment")]
    assert len(files) == 5
    for file in files:
        assert file.name in text
        assert file.sha256 in squeezed(text)
    assert "5 fichiers" in text


def test_receipt_masks_the_iban_but_its_last_four(plain: Drawn) -> None:
    text = text_of(plain.content)
    iban = squeezed(factories.IBAN)
    assert f"se terminant par {iban[-4:]}" in text
    assert iban[4:-4] not in squeezed(text)


def test_receipt_keeps_what_was_transmitted_whatever_came_after() -> None:
    stage = factories.modification_requested()
    transmission = transmission_of(stage)
    before = text_of(pdf.receipt(transmission))
    factories.save(stage, track={"value": "3"})
    stage.dossier.legal_entity.name = "AUTRE NOM"
    stage.dossier.legal_entity.save()
    stage.dossier.referent.last_name = "Autrenom"
    stage.dossier.referent.save()
    assert text_of(pdf.receipt(Transmission.objects.get(pk=transmission.pk))) == before


def test_receipt_is_tagged_and_declares_itself_pdf_ua(plain: Drawn) -> None:
    reader = read(plain.content)
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "fr"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata.title == f"Récépissé – Dossier {plain.stage.dossier.reference} – Transmission n° 1"
    xmp = root["/Metadata"].get_data().decode()
    assert re.search(r"pdfuaid:part[^0-9]*1\b", xmp)
    assert reader.metadata.title in xmp


def elements(node: Any) -> Iterator[DictionaryObject]:
    """The elements of the structure tree, in reading order."""
    node = node.get_object() if isinstance(node, IndirectObject) else node
    if isinstance(node, ArrayObject):
        for each in node:
            yield from elements(each)
    elif isinstance(node, DictionaryObject) and "/S" in node:
        yield node
        yield from elements(node.get("/K", ArrayObject()))


def structure(content: bytes) -> list[DictionaryObject]:
    return list(elements(read(content).trailer["/Root"]["/StructTreeRoot"]["/K"]))


def test_receipt_has_headings_in_order_headed_tables_and_lists(plain: Drawn) -> None:
    found = [each["/S"] for each in structure(plain.content)]
    headings = [int(tag[2]) for tag in found if re.fullmatch(r"/H[1-6]", tag)]
    assert headings.count(1) == 1
    assert headings[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(headings)), "no level is skipped"
    assert found.count("/Table") == 3
    assert {"/TH", "/TD", "/Caption", "/L", "/LI", "/LBody", "/P", "/Sect"} <= set(found)


#: What may stand directly in a list or a table (ISO 32000-1, 14.8.4.3).
CHILDREN = {
    "/L": {"/LI", "/L", "/Caption"},
    "/LI": {"/Lbl", "/LBody"},
    "/Table": {"/TR", "/THead", "/TBody", "/TFoot", "/Caption"},
    "/THead": {"/TR"},
    "/TBody": {"/TR"},
    "/TFoot": {"/TR"},
    "/TR": {"/TH", "/TD"},
}


def test_lists_and_tables_hold_what_they_may_and_cells_know_their_headers(long: Drawn) -> None:
    cells = 0
    for element in structure(long.content):
        kids = element.get("/K", ArrayObject())
        kids = [kid.get_object() for kid in (kids if isinstance(kids, ArrayObject) else [kids])]
        types = {kid["/S"] for kid in kids if isinstance(kid, DictionaryObject) and "/S" in kid}
        assert types <= CHILDREN.get(element["/S"], types)
        if element["/S"] == "/TD":
            cells += 1
            assert element["/A"]["/Headers"]
    assert cells > 160


def test_every_drawing_of_every_page_is_tagged_or_an_artifact(long: Drawn) -> None:
    """Outside marked content, a screen reader would stumble on what it cannot place (PDF/UA 7.1)."""
    for page in read(long.content).pages:
        depth = 0
        for operands, operator in page.get_contents().operations:
            depth += (operator in (b"BDC", b"BMC")) - (operator == b"EMC")
            if operator in (b"Tj", b"TJ", b"Do", b"S", b"f", b"f*", b"B", b"sh"):
                assert depth > 0, (operator, operands)


def test_receipt_has_bookmarks_and_every_font_is_in_it(plain: Drawn) -> None:
    reader = read(plain.content)
    assert [mark.title for mark in reader.outline if not isinstance(mark, list)] == ["Récépissé de transmission"]
    sections = [mark.title for mark in reader.outline[1] if not isinstance(mark, list)]
    assert sections[:2] == ["Candidat", "Référent"]
    assert "Estimation de la subvention" in sections
    fonts = {}
    for page in reader.pages:
        fonts |= page["/Resources"].get("/Font", {})
    assert fonts
    for reference in fonts.values():
        font = reference.get_object()
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor)
        assert "marianne" not in font["/BaseFont"].lower()


def test_pages_are_a4_and_numbered(long: Drawn) -> None:
    pages = read(long.content).pages
    assert len(pages) >= 3
    for number, page in enumerate(pages, start=1):
        text = " ".join(page.extract_text().split())
        assert f"Page {number}/{len(pages)}" in text
        assert f"Dossier n° {long.stage.dossier.reference} – Transmission n° 1" in text
        assert [round(float(side)) for side in page.mediabox[2:]] == [595, 842]


def test_receipt_prints_every_kind() -> None:
    """Tables as tables with their headers, numbers, days and phones as French writes them."""
    stage, other = every_kind.draft()
    content = pdf.receipt(transmission_of(factories.transmit(every_kind.fill(stage, other))))
    written = squeezed(text_of(content))
    for words in (
        "Oui, je m'engage",
        "Autre : Chargée de mission",
        "Audit technique, Sauvegardes",
        "Reprise d'activité",
        "1 250,5 ETP",
        "102 000,40 €",
        "1er juin 2026",
        "equipe@exemple.fr",
        "0262 12 34 56",
        "Poste Nature Date Montant",
        "Pare-feu Achat 15 mars 2026 12 500,50 €",
        "15 mars 2025 12 500,50 € ARS Règlement 2023/2831",
        "Madame Zoé Durand",
        f"GCSMS DES GLYCINES ({other.finess})",
        "FOYER DES GLYCINES LYON",
        "masqué, se terminant par 0189",
    ):
        assert squeezed(words) in written
    tables = [each for each in structure(content) if each["/S"] == "/Table"]
    assert len(tables) >= 4, "the table, the aids, the perimeter and the identity"


def hostile_answers(stage: DossierStage, poison: str) -> dict[str, Any]:
    """Poison in every field of the form that takes free text."""
    site = stage.dossier.legal_entity.sites.first().finess
    person = dict.fromkeys(("last_name", "first_name", "position"), poison[:100])
    return {
        "applicant_type": {"value": "hospital"},
        "perimeter_separation": {"value": poison},
        "care_funding": {"value": poison},
        "referent_role": {"value": "other", "text": poison[:200]},
        "perimeter": {"sites": [site], "equipped": [site]},
        "contact_ciso": factories.contact(**person),
        "contact_cio": factories.contact(**person),
        "contact_signatory": factories.contact(**person),
        "bank": {"holder": poison[:140], "iban": factories.IBAN, "bic": factories.BIC},
        "comment": {"value": poison},
        "de_minimis": {
            "date_1": "2025-03-15", "amount_1": "1000", "body_1": poison[:150], "basis_1": poison[:150]
        },
    }  # fmt: skip


def test_html_in_every_field_stays_text_and_reaches_nothing(visits: tuple[str, list[str]], tmp_path: Path) -> None:
    address, asked = visits
    secret = tmp_path / "secret.svg"
    secret.write_text("<svg xmlns='http://www.w3.org/2000/svg'><text>TRÈS SECRET</text></svg>")
    poison = HOSTILE.format(http=address, file=secret)
    legal_entity = factories.entity(name=f'<img src="{address}name">')
    legal_entity.sites.update(name=f'<img src="file://{secret}">')
    by = factories.referent(legal_entity, first_name=f'<img src="{address}me">', last_name="<b>Gras</b>")
    stage = factories.draft(by=by, legal_entity=legal_entity)
    name = f'<img src="{address}file">.pdf'.replace("/", "⁄")
    overrides = hostile_answers(stage, poison)
    stage = factories.transmit(factories.fill(stage, **overrides, prerequisite_2_files=[factories.pdf(name)]))

    with Watch() as watch:
        content = pdf.receipt(transmission_of(stage))

    assert asked == []
    assert watch.connected == []
    assert not [path for path in watch.opened if path in ("/etc/passwd", str(secret))]
    text = squeezed(text_of(content))
    assert squeezed(poison) in text
    assert text.count(squeezed(poison)) == 3, "the three long texts are printed as typed"
    assert squeezed(f'<img src="{address}name">') in text
    assert "TRÈSSECRET" not in text
    assert "/EmbeddedFiles" not in read(content).trailer["/Root"].get("/Names", {})
    assert not any("/Annots" in page for page in read(content).pages), "nothing typed becomes a link"


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_even_a_page_that_asks_gets_nothing(scheme: str, visits: tuple[str, list[str]], tmp_path: Path) -> None:
    """The second wall: were a text printed without being escaped, nothing would be fetched either."""
    address, asked = visits
    image = tmp_path / "image.svg"
    image.write_text("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><rect width='9' height='9'/></svg>")
    url = f"{address}x.svg" if scheme == "http" else image.as_uri()
    page = (
        f'<html lang="fr"><title>t</title><link rel="stylesheet" href="{url}"><link rel="attachment" href="{url}">'
        f'<style>@import "{url}"; @font-face {{ font-family: f; src: url("{url}") }} body {{ font-family: f }}</style>'
        f'<p style="background: url({url})">a<img alt="b" src="{url}"><object data="{url}"></object></p></html>'
    )
    with Watch() as watch:
        content = pdf.write(page)
    assert asked == []
    assert watch.connected == []
    assert str(image) not in watch.opened
    assert "/EmbeddedFiles" not in read(content).trailer["/Root"].get("/Names", {})
    assert len(read(content).pages[0].images) == 0


def test_receipt_is_made_in_time() -> None:
    """Q76 gives it 0.7 s of a processor: where a page of one line takes 24 ms, that is 29 of them. A ratio holds on any
    machine, busy or slow."""
    transmission = transmission_of(factories.transmitted(sites=12))
    line = '<html lang="fr"><title>Une ligne</title><h1>Une ligne</h1></html>'

    def spent(make: Callable[[], bytes]) -> float:
        times = []
        for _ in range(3):
            start = time.thread_time()
            make()
            times.append(time.thread_time() - start)
        return min(times)

    pdf.receipt(transmission)  # fonts are looked up once a process
    assert spent(lambda: pdf.receipt(transmission)) < 29 * spent(lambda: pdf.write(line))


def test_receipt_is_downloaded_by_its_referent_only() -> None:
    stage = factories.transmitted()
    path = f"/dossiers/{stage.dossier.reference}/recepisse/1.pdf"
    response = factories.signed_in(stage.dossier.referent).get(path)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF-1.7")
    colleague = factories.referent(stage.dossier.legal_entity)
    assert factories.signed_in(colleague).get(path).status_code == 404
    assert factories.signed_in(stage.dossier.referent).get(path.replace("1.pdf", "2.pdf")).status_code == 404
    assert Client().get(path).status_code == 302


def test_dates_are_those_of_paris() -> None:
    stage = factories.fill(factories.draft())
    stage = factories.transmit(stage, at=dt.datetime.combine(timezone.localdate(), dt.time(23, 30), dt.UTC))
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    text = text_of(pdf.receipt(transmission_of(stage)))
    assert f"{tomorrow.day} " in text
    assert re.search(r"à (00|0|01|1) h 30, heure de Paris", text)
