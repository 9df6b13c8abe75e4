"""The accountant's file: what is read, what is refused, what is done once (F7, docs/adr/0055)."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from dossiers.enums import EventKind
from dossiers.models import Event
from ecare.models import AuditEntry
from funding import workflow
from funding.enums import PaymentState
from funding.models import Payment
from funding.payment_files import Line
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.accounts.sessions import sign_in, wear
from tests.browsing import fits
from tests.dossiers import factories, pages
from tests.funding import payment_files, subsidies

pytestmark = pytest.mark.django_db

PAGE = "/paiements/import/"


@pytest.fixture
def desk() -> Client:
    return factories.signed_in(UserFactory(lead=True))


def today(days: int = 0) -> str:
    return f"{timezone.localdate() - dt.timedelta(days=days):%d/%m/%Y}"


def sent(client: Client, *rows: Any, **options: Any) -> Any:
    return client.post(PAGE, {"file": payment_files.csv(*rows, **options)})


def confirmed(client: Client, page: Any) -> Any:
    [lines] = re.findall(r'name="lines" value="([^"]+)"', page.content.decode())
    return client.post(PAGE, {"lines": lines})


def said(response: Any) -> str:
    return pages.text(response).replace("\u00a0", " ").replace("\u202f", " ")


def test_each_line_is_shown_then_done_and_the_same_file_again_does_nothing(desk: Client) -> None:
    payment = subsidies.ordered(subsidies.payable(15_000), 10_000)
    planned = subsidies.planned(payment.grant, 1_000)
    paid = subsidies.paid(subsidies.payable(15_000), 500)
    rows = [
        (payment.reference.lower(), "10 000,00", today(2)),
        (planned.reference, "1000", today()),
        (paid.reference, "500", today(40)),
        ("ABCDEFGHJK-01", "10", today()),
    ]

    shown = sent(desk, *rows)

    text = said(shown)
    assert "note 1 paiement comme fait, pour 10 000 €" in text
    assert "Il est à l'état « Prévu » : il n'a pas été ordonnancé." in text
    assert "Il est déjà noté comme fait, le" in text
    assert "Aucun paiement ne porte cette référence : vérifiez-la." in text
    assert Payment.objects.get(pk=payment.pk).state == PaymentState.ORDERED
    Email.objects.all().delete()

    done = confirmed(desk, shown)

    assert "1 paiement est noté comme fait." in said(done)
    payment.refresh_from_db()
    assert (payment.state, payment.paid_on) == (PaymentState.PAID, timezone.localdate() - dt.timedelta(days=2))
    assert Email.objects.get(kind="payment_paid").to == payment.grant.dossier.referent.email
    assert Event.objects.filter(kind=EventKind.PAYMENT_PAID, message__contains=payment.reference).exists()
    events = Event.objects.count()
    again = sent(desk, *rows)
    assert "Ce fichier ne change rien" in said(again)
    assert "Déjà noté" in said(again)
    confirmed(desk, shown)
    assert (Event.objects.count(), Email.objects.count()) == (events, 1)


@pytest.mark.parametrize("format", ["csv", "xlsx", "ods"])
def test_the_export_of_what_is_ordered_is_the_model(desk: Client, format: str) -> None:
    payment = subsidies.ordered(subsidies.payable(15_000), 1_234)
    exported = desk.get(reverse("funding:export-payments", args=[format]) + "?etat=ordered")
    content = b"".join(exported.streaming_content)
    page = desk.post(PAGE, {"file": factories.upload(content, f"paiements.{format}")})
    assert page.status_code == 422
    assert "Aucune ligne n'a de date dans la colonne « Date du paiement »" in said(page)
    if format == "ods":
        content = payment_files.filled(content, timezone.localdate(), "VIR-7")
    elif format == "xlsx":
        book = openpyxl.load_workbook(io.BytesIO(content))
        sheet = book.active
        headings = [cell.value for cell in sheet[1]]
        sheet.cell(row=2, column=headings.index("Date du paiement") + 1, value=timezone.localdate())
        sheet.cell(row=2, column=headings.index("Référence du virement") + 1, value="VIR-7")
        kept = io.BytesIO()
        book.save(kept)
        content = kept.getvalue()
    else:
        lines = content.decode("utf-8-sig").splitlines()
        headings, cells = lines[0].split(";"), lines[1].split(";")
        cells[headings.index("Date du paiement")] = today()
        cells[headings.index("Référence du virement")] = "VIR-7"
        content = "\r\n".join([lines[0], ";".join(cells)]).encode()
    shown = desk.post(PAGE, {"file": factories.upload(content, f"paiements.{format}")})
    assert "note 1 paiement comme fait, pour 1 234 €" in said(shown)
    confirmed(desk, shown)
    payment.refresh_from_db()
    assert (payment.state, payment.paid_on) == (PaymentState.PAID, timezone.localdate())
    assert payment.transfer == "VIR-7"


def test_one_transfer_pays_several_payments_and_is_not_replaced(desk: Client) -> None:
    payments = [subsidies.ordered(subsidies.payable(15_000), 10) for _ in range(2)]
    silent = subsidies.ordered(subsidies.payable(15_000), 10)
    headings = payment_files.COLUMNS.values()
    rows = [(each.reference, "10", today(), "VIR-2026-0412") for each in payments]
    shown = sent(desk, *rows, (silent.reference, "10", today(), ""), headings=headings)
    assert said(shown).count("Virement VIR-2026-0412") == 2

    confirmed(desk, shown)

    assert [each.transfer for each in Payment.objects.order_by("pk")] == ["VIR-2026-0412", "VIR-2026-0412", ""]
    event = Event.objects.get(kind=EventKind.PAYMENT_PAID, message__contains=payments[0].reference)
    assert "virement VIR-2026-0412." in event.message
    emails = Email.objects.filter(kind="payment_paid")
    assert sum("virement VIR-2026-0412." in each.text for each in emails) == 2
    # Said again, it is done; said without its reference too; said otherwise, it is told and nothing moves.
    for row, sentence in (
        (rows[0], "Déjà noté"),
        ((*rows[0][:3], ""), "Déjà noté"),
        ((*rows[0][:3], "VIR-2"), "par le virement VIR-2026-0412 : corrigez sa référence sur sa page."),
    ):
        assert sentence in said(sent(desk, row, headings=headings))
    # A payment made without one takes the reference that comes back with its date and its amount.
    yesterday = f"{timezone.localdate() - dt.timedelta(days=1):%d/%m/%Y}"
    for wrong, sentence in (("11", "Le montant prévu est"), ("10", "Il est déjà noté comme fait")):
        shown = sent(desk, (silent.reference, wrong, yesterday, "VIR-9"), headings=headings)
        assert sentence in said(shown)
    shown = sent(desk, (silent.reference, "10", today(), "VIR-9"), headings=headings)
    assert "Ce fichier ajoute la référence du virement à 1 paiement déjà fait." in said(shown)
    assert "Noter 1 référence" in said(shown), "no payment is marked"
    assert "1 paiement déjà fait reçoit sa référence de virement" in said(confirmed(desk, shown))
    silent.refresh_from_db()
    assert silent.transfer == "VIR-9"
    assert Email.objects.filter(kind="payment_paid").count() == 3
    too_long = sent(desk, (*rows[0][:3], "V" * 51), headings=headings)
    assert (too_long.status_code, "Cette référence dépasse 50 caractères" in said(too_long)) == (422, True)


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        (("", "10", "J"), "Indiquez la référence du paiement, par exemple ABCDEFGHJK-01."),
        (("R", "dix", "J"), "Écrivez le montant en chiffres, par exemple 1250,50."),
        (("R", "10", "hier"), "Écrivez la date sous la forme JJ/MM/AAAA, par exemple 04/06/2026."),
        (("R", "10", "15/01/0206"), "Cette date est antérieure à 2020 : vérifiez l'année."),
        (("R", "10", "31/02/2026"), "Cette date n'existe pas : vérifiez le jour et le mois."),
        (("R", "10", "04/06/2999"), "Cette date est à venir : indiquez le jour où le paiement a été fait."),
    ],
)
def test_what_is_wrong_is_told_by_row_and_column_and_nothing_is_done(
    desk: Client, cells: tuple[str, ...], sentence: str
) -> None:
    payment = subsidies.ordered(subsidies.payable(15_000), 10)
    typed = [{"R": payment.reference, "J": today()}.get(each, each) for each in cells]
    page = sent(desk, (payment.reference, "10", today()), ("", "", ""), typed)
    assert page.status_code == 422
    assert sentence in said(page)
    assert "Ligne 4" in said(page) or ">4<" in page.content.decode()
    assert 'name="lines"' not in page.content.decode()


def test_a_file_that_cannot_be_read_is_refused_in_words_and_kept_in_the_audit_log(desk: Client) -> None:
    for file, sentence in (
        (payment_files.csv(("A", "1"), headings=("Paiement", "Montant (€)")), "Il manque les colonnes"),
        (payment_files.csv(), "Aucune ligne n'a de date"),
        (factories.upload(b"%PDF-1.4", "paiements.csv"), "paiements.csv"),
        (factories.pdf("paiements.pdf"), "n'est pas accepté : déposez un document xlsx, ods ou csv"),
    ):
        page = desk.post(PAGE, {"file": file})
        assert page.status_code == 422
        assert sentence in said(page)
    assert AuditEntry.objects.filter(kind="file_refused", subject="paiements").count() == 4
    assert desk.post(PAGE, {}).status_code == 422


def test_lines_twice_or_too_many_are_told(desk: Client) -> None:
    row = ("ABCDEFGHJK-01", "10", today())
    assert "Ce paiement est déjà à la ligne 2 : gardez une ligne." in said(sent(desk, row, row))
    many = [(f"ABCDEFGHJK-{number}", "10", today()) for number in range(301)]
    assert "Ce tableau a plus de 300 paiements datés" in said(sent(desk, *many))


def test_a_hundred_faults_are_shown_of_a_file_that_is_all_wrong(desk: Client) -> None:
    """Five thousand rows, three faults each, made a page of fifteen thousand rows."""
    page = sent(desk, *[("", "dix", "hier")] * 200)
    assert "600 cellules sont à corriger" in said(page)
    assert "500 autres cellules sont à corriger plus bas dans le fichier" in said(page)
    assert page.content.decode().count('data-label="Correction"') == 100


def test_what_one_was_shown_nobody_else_confirms_nor_the_day_after(desk: Client) -> None:
    payment = subsidies.ordered(subsidies.payable(15_000), 10)
    shown = sent(desk, (payment.reference, "10", today()))
    for answer in (
        confirmed(factories.signed_in(UserFactory(lead=True)), shown),
        desk.post(PAGE, {"lines": "autre chose"}),
    ):
        assert answer.status_code == 409
        assert "Déposez le fichier à nouveau." in said(answer)
    assert not Payment.objects.filter(state=PaymentState.PAID).exists()
    with pytest.raises(workflow.NotAllowed):
        workflow.payment_imports.apply([], by=UserFactory(verifier=True))


def test_what_changed_meanwhile_is_told_and_left_alone(desk: Client) -> None:
    payment = subsidies.ordered(subsidies.payable(15_000), 10)
    shown = sent(desk, (payment.reference, "10", today()))
    workflow.payments.cancel(payment, by=UserFactory(lead=True), reason="Erreur.")
    text = said(confirmed(desk, shown))
    assert "0 paiement est noté comme fait. 1 ligne est écartée" in text
    assert "Il est annulé : voyez son dossier avant de le noter comme fait." in text


def test_pages_cost_the_same_at_1_3_and_30_lines(desk: Client) -> None:
    grant = subsidies.payable(15_000)
    payments = [subsidies.ordered(grant, 10) for _ in range(30)]
    rows = [(each.reference, "10", today()) for each in payments]
    costs = [pages.cost(lambda count=count: sent(desk, *rows[:count])) for count in (1, 3, 30)]
    assert len(set(costs)) == 1
    assert costs[0] <= 12


@pytest.mark.django_db(transaction=True)
def test_two_who_confirm_at_once_mark_each_payment_once() -> None:
    payments = [subsidies.ordered(subsidies.payable(15_000), 10) for _ in range(4)]
    lines = [Line(row, each.reference, Decimal(10), timezone.localdate()) for row, each in enumerate(payments, start=2)]
    leads = [UserFactory(lead=True), UserFactory(lead=True)]
    Email.objects.all().delete()

    def confirm(number: int) -> list[workflow.payment_imports.Verdict]:
        try:
            return workflow.payment_imports.apply(lines[:: 1 - 2 * number], by=leads[number])
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        verdicts = [each for found in pool.map(confirm, range(2)) for each in found]
    assert sum(each.acts for each in verdicts) == len(payments)
    assert len(verdicts) == 2 * len(payments)
    assert not Payment.objects.exclude(state=PaymentState.PAID).exists()
    assert Email.objects.filter(kind="payment_paid").count() == len(payments)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scripted", [True, False])
def test_in_a_browser(browser: Browser, live_server: Any, axe: Callable[[Page], None], scripted: bool) -> None:
    payment = subsidies.ordered(subsidies.payable(15_000), 10_000)
    context = browser.new_context(java_script_enabled=scripted, viewport={"width": 320, "height": 800})
    page = context.new_page()
    wear(page, sign_in(Client(), UserFactory(lead=True)), live_server)

    def look() -> None:
        assert fits(page)
        if scripted:
            axe(page)

    page.goto(f"{live_server.url}/paiements/?etat=ordered")
    page.get_by_role("link", name="Importer les versements faits").press("Enter")
    for rows, heading in (
        ([(payment.reference, "dix", today())], "Importer les versements faits"),
        ([(payment.reference, "10000", today()), ("ABCDEFGHJK-01", "1", today())], "Vérifier les versements"),
    ):
        file = payment_files.csv(*rows)
        field = page.get_by_label("Fichier de l'agent comptable", exact=False)
        field.set_input_files({"name": file.name, "mimeType": "text/csv", "buffer": file.read()})
        page.get_by_role("button", name="Vérifier le fichier").press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        expect(page.get_by_role("table")).to_be_visible()
        look()
    page.get_by_role("button", name="Noter 1\u00a0paiement").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Versements importés")
    look()
    payment.refresh_from_db()
    assert payment.state == PaymentState.PAID
    context.close()
