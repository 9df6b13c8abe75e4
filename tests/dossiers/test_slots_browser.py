"""Slots in a browser: several files dropped at once, progress, cancel, refusal, a network cut, the keyboard, and no
JavaScript (D7, Q61–Q65)."""

from __future__ import annotations

import base64
import itertools
import os
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.cookies import Morsel
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from dossiers import workflow
from dossiers.models import DossierStage
from tests.browsing import fits
from tests.dossiers import factories
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

Check = Callable[[Page], None]
CODE = "framework_files"
#: Slow enough for a person, or a test, to see a mebibyte go.
SLOW = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 40 * 1024}
FAST = {**SLOW, "uploadThroughput": -1}
#: Where to look at the states, when asked.
SHOTS = os.environ.get("SCREENSHOTS", "")


class Cable(socketserver.ThreadingTCPServer):
    """What stands between a browser and the portal, and may be cut in the middle of anything."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, server: LiveServer) -> None:
        super().__init__(("127.0.0.1", 0), Strand)
        self.far_end = (urlsplit(server.url).hostname or "", urlsplit(server.url).port or 0)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.strands: set[socket.socket] = set()
        self.is_cut = False
        #: Called before each piece of an answer goes on.
        self.gate: Callable[[], None] = lambda: None

    def cut(self) -> None:
        """Nothing goes through any more, until `mend`."""
        self.is_cut = True
        for strand in list(self.strands):
            with suppress(OSError):
                strand.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self.is_cut = False


class Strand(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        cable = self.server
        assert isinstance(cable, Cable)
        if cable.is_cut:
            return
        with socket.create_connection(cable.far_end) as far:
            pair = {self.request, far}
            cable.strands |= pair
            back = threading.Thread(target=self.carry, args=(far, self.request), daemon=True)
            back.start()
            self.carry(self.request, far)
            back.join()
            cable.strands -= pair

    def carry(self, source: socket.socket, target: socket.socket) -> None:
        cable = self.server
        assert isinstance(cable, Cable)
        with suppress(OSError):
            while piece := source.recv(64 * 1024):
                if target is self.request:
                    cable.gate()
                target.sendall(piece)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def cable(live_server: LiveServer) -> Iterator[Cable]:
    with Cable(live_server) as laid:
        threading.Thread(target=laid.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield laid
        laid.cut()
        laid.shutdown()


@pytest.fixture
def stage(live_server: LiveServer) -> DossierStage:
    return factories.draft()


def open_form(
    browser: Browser, arguments: dict[str, object], url: str, stage: DossierStage, *, scripted: bool = True
) -> Page:
    session: Morsel[str] = factories.signed_in(stage.dossier.referent).cookies[settings.SESSION_COOKIE_NAME]
    context = browser.new_context(**{**arguments, "java_script_enabled": scripted})
    context.add_cookies([{"name": session.key, "value": session.value, "url": url}])
    page = context.new_page()
    page.goto(f"{url}/dossiers/{stage.dossier.reference}/")
    return page


def drop(slot: Locator, *files: tuple[str, bytes]) -> None:
    """Files let go over the zone, as from a folder of the computer."""
    packed = [[name, base64.b64encode(content).decode()] for name, content in files]
    slot.locator("[data-drop]").evaluate(
        """(zone, files) => {
          const data = new DataTransfer();
          for (const [name, content] of files) {
            data.items.add(new File([Uint8Array.from(atob(content), (each) => each.charCodeAt(0))], name));
          }
          const event = { bubbles: true, cancelable: true, dataTransfer: data };
          zone.querySelector("input").dispatchEvent(new DragEvent("dragover", event));
          zone.querySelector("input").dispatchEvent(new DragEvent("drop", event));
        }""",
        packed,
    )


def names(stage: DossierStage, code: str = CODE) -> list[str]:
    return [file.name for file in stage.attachments.active().filter(code=code)]


def shown(slot: Locator) -> list[str]:
    return slot.locator("[data-files] li a").all_inner_texts()


def pdf(size: int = 0) -> bytes:
    return factories.pdf_bytes() + bytes(size)


def payload(name: str) -> FilePayload:
    return {"name": name, "mimeType": "application/pdf", "buffer": pdf()}


def test_files_are_dropped_followed_cancelled_tried_again_and_put_in_order(
    browser: Browser, browser_context_args: dict[str, object], cable: Cable, stage: DossierStage, axe: Check
) -> None:
    page = open_form(browser, browser_context_args, cable.url, stage)
    slot = page.locator(f"#slot-{CODE}")
    field, sending, status = (slot.locator(name) for name in ("input", "[data-sending]", "[data-status]"))

    def look(state: str) -> None:
        """axe, nothing cut sideways, and a picture when asked, on wide and narrow screens."""
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            assert fits(page), f"{state} at {width}"
            if SHOTS:
                slot.screenshot(path=str(Path(SHOTS) / f"{state}-{width}.png"))
        if state != "cut":  # the same row as a refused one
            axe(page)

    look("empty")

    # Several at once, some refused, each with its reason beside its name; nothing else is stopped.
    drop(
        slot,
        ("a.pdf", pdf()),
        ("faux.pdf", b"MZ" + bytes(100)),
        ("notes.txt", b"bonjour"),
        ("b.docx", factories.docx_bytes()),
    )
    expect(slot.locator("[data-files] li")).to_have_count(2)
    refused = sending.locator("li")
    expect(refused).to_have_count(2)
    expect(refused.filter(has_text="faux.pdf").first).to_contain_text("n'est pas celui d'un PDF")
    expect(refused.filter(has_text="notes.txt").first).to_contain_text("n'est pas accepté\u00a0: déposez un document")
    assert sorted(names(stage)) == ["a.pdf", "b.docx"]
    look("refused")
    for row in reversed(refused.all()):
        row.get_by_role("button", name="Retirer").press("Enter")
    expect(sending).to_be_hidden()
    expect(field).to_be_focused()
    slot.locator("[data-drop]").evaluate(
        """(zone) => {
          const data = new DataTransfer();
          data.items.add(new File([new ArrayBuffer(50 * 1024 * 1024)], "gros.pdf"));
          zone.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data }));
        }"""
    )
    expect(refused).to_contain_text("il doit peser moins de 50\u00a0Mo")
    refused.get_by_role("button", name="Retirer").click()

    # Followed, then cancelled; the other one goes on.
    wire = page.context.new_cdp_session(page)
    wire.send("Network.emulateNetworkConditions", SLOW)
    drop(slot, ("lent.pdf", pdf(1024 * 1024)), ("annulé.pdf", pdf(6 * 1024 * 1024)))
    cancelled = refused.filter(has_text="annulé.pdf")
    expect(cancelled.locator("[data-state]")).to_contain_text("\u00a0% de 6\u00a0Mo")
    look("uploading")
    strands = len(cable.strands)
    cancelled.get_by_role("button", name="Annuler").press("Enter")
    expect(cancelled).to_have_count(0)
    expect(status).to_contain_text("L'envoi de «\u00a0annulé.pdf\u00a0» est annulé.")
    # Let go at once, all of it would leave before the browser closes.
    assert wait_until(lambda: len(cable.strands) < strands, 20)
    wire.send("Network.emulateNetworkConditions", FAST)
    expect(slot.get_by_role("link", name="lent.pdf")).to_be_visible()
    assert "annulé.pdf" not in names(stage)

    # The form waits for the files that are on their way.
    wire.send("Network.emulateNetworkConditions", SLOW)
    drop(slot, ("suivi.pdf", pdf(512 * 1024)))
    expect(refused.locator("[data-state]")).to_contain_text("%")
    page.get_by_role("button", name="Enregistrer comme brouillon").last.click()
    expect(status).to_contain_text("La suite attend la fin de l'envoi")
    wire.send("Network.emulateNetworkConditions", FAST)
    expect(page.get_by_text("Votre brouillon est enregistré")).to_be_visible()
    assert names(stage)[-1] == "suivi.pdf"

    # The network is cut in the middle, comes back, and the same file is sent again.
    wire.send("Network.emulateNetworkConditions", SLOW)
    drop(slot, ("coupé.pdf", pdf(1024 * 1024)))
    expect(refused.locator("[data-state]")).to_contain_text("%")
    cable.cut()
    expect(refused.locator("[data-state]")).to_contain_text("La connexion a été coupée")
    look("cut")
    cable.mend()
    wire.send("Network.emulateNetworkConditions", FAST)
    refused.get_by_role("button", name="Réessayer").press("Enter")
    expect(slot.get_by_role("link", name="coupé.pdf")).to_be_visible()
    assert names(stage).count("coupé.pdf") == 1

    # A session that ended in the middle, and opened again elsewhere.
    kept = page.context.cookies()
    page.context.clear_cookies()
    drop(slot, ("tard.pdf", pdf()))
    expect(refused.locator("[data-state]")).to_contain_text("Votre session a expiré")
    page.context.add_cookies(kept)  # type: ignore[arg-type]
    refused.get_by_role("button", name="Réessayer").click()
    expect(slot.get_by_role("link", name="tard.pdf")).to_be_visible()

    # By the keyboard: chosen, moved, replaced, archived; the focus stays with the file.
    order = shown(slot)
    up = slot.get_by_role("button", name=f"Monter {order[-1]}")
    up.press("Enter")
    expect(slot.locator("[data-files] li a").nth(-2)).to_have_text(order[-1])
    expect(up).to_be_focused()
    assert names(stage)[-2] == order[-1]
    with page.expect_file_chooser() as chooser:
        slot.get_by_role("button", name="Remplacer a.pdf").press("Enter")
    chooser.value.set_files(payload("neuf.pdf"))
    expect(slot.get_by_role("link", name="neuf.pdf")).to_be_visible()
    assert names(stage)[order.index("a.pdf")] == "neuf.pdf"
    archive = slot.get_by_role("button", name="Archiver neuf.pdf")
    archive.press("Space")
    expect(slot.get_by_role("link", name="neuf.pdf")).to_have_count(0)
    assert page.evaluate("document.activeElement.name") == "archive"

    # Full, then infected.
    with page.expect_file_chooser() as chooser:
        field.press("Enter")
    chooser.value.set_files([payload(f"{number}.pdf") for number in range(11 - len(names(stage)))])
    expect(slot.locator("[data-files] li")).to_have_count(10)
    expect(slot.locator("[data-files]")).to_contain_text("son maximum")
    expect(refused).to_contain_text("cet espace contient déjà 10 fichiers")
    look("full")
    first = stage.attachments.active().filter(code=CODE)[0]
    workflow.record_scan(first, threat="Win.Test.EICAR_HDB-1", at=first.uploaded_at)
    page.reload()
    expect(slot.locator("[data-files] li").first).to_contain_text("Virus détecté (Win.Test.EICAR_HDB-1)")
    look("infected")
    page.context.close()


def test_answers_that_cross_and_files_that_arrive_though_cancelled_leave_the_list_as_it_is_kept(
    browser: Browser, browser_context_args: dict[str, object], cable: Cable, stage: DossierStage
) -> None:
    page = open_form(browser, browser_context_args, cable.url, stage)
    slot = page.locator(f"#slot-{CODE}")
    files, status = slot.locator("[data-files] li a"), slot.locator("[data-status]")

    # The answer made first, whose list has one file, arrives last.
    turn, other = itertools.count(), threading.Event()

    def crossed() -> None:
        place = next(turn)
        if place == 0:
            other.wait(10)
        elif place == 1:
            threading.Timer(1, other.set).start()

    cable.gate = crossed
    drop(slot, ("a.pdf", pdf()), ("b.pdf", pdf()))
    assert other.wait(20)
    expect(slot.locator("[data-sending]")).to_be_hidden()
    expect(files).to_have_count(2)
    assert shown(slot) == names(stage)

    # All of it had left when it was cancelled. The focus stays where the person has gone since.
    page.evaluate(
        """() => {
          const { open } = XMLHttpRequest.prototype;
          XMLHttpRequest.prototype.open = function (method, url) { this.url = url; open.call(this, method, url); };
          XMLHttpRequest.prototype.send = function (body) { this.body = body; };
          XMLHttpRequest.prototype.abort = function () { fetch(this.url, { method: "POST", body: this.body }); };
        }"""
    )
    drop(slot, ("trop tard.pdf", pdf()))
    slot.get_by_role("button", name="Annuler").click()
    expect(status).to_have_text("L'envoi de «\u00a0trop tard.pdf\u00a0» est annulé.")
    archive = slot.get_by_role("button", name="Archiver a.pdf")
    archive.focus()
    expect(status).to_contain_text("«\u00a0trop tard.pdf\u00a0» était déjà arrivé\u00a0: il est dans la liste")
    assert shown(slot) == names(stage)
    assert "trop tard.pdf" in shown(slot)
    expect(archive).to_be_focused()
    page.context.close()


def test_without_javascript_files_go_with_the_form(
    browser: Browser, browser_context_args: dict[str, object], live_server: LiveServer, stage: DossierStage
) -> None:
    page = open_form(browser, browser_context_args, live_server.url, stage, scripted=False)
    slot = page.locator(f"#slot-{CODE}")
    files = slot.locator("[data-files] li a")
    page.locator("textarea[name=comment-value]").fill("Un mot")
    slot.locator("input").set_input_files([payload("a.pdf"), payload("b.pdf")])
    slot.locator("[data-send]").press("Enter")
    expect(files).to_have_text(["a.pdf", "b.pdf"])
    slot.get_by_role("button", name="Monter b.pdf").press("Enter")
    expect(files).to_have_text(["b.pdf", "a.pdf"])
    slot.locator("input").set_input_files(payload("c.pdf"))
    slot.get_by_role("button", name="Remplacer b.pdf").press("Enter")
    expect(files).to_have_text(["c.pdf", "a.pdf"])
    slot.get_by_role("button", name="Archiver a.pdf").press("Enter")
    expect(files).to_have_text(["c.pdf"])
    assert names(stage) == ["c.pdf"]
    assert stage.answers.get(code="comment").value == "Un mot"
    page.context.close()
