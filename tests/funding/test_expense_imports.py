"""A file in the place of the trame: shown, confirmed, all or nothing (F6, docs/adr/0058)."""

from __future__ import annotations

import datetime as dt
import io
import threading
from dataclasses import replace
from decimal import Decimal

import openpyxl
import pytest
from django.db import IntegrityError, connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import composition
from dossiers.enums import EventKind
from dossiers.models import Event
from ecare import retention
from ecare.models import AuditEntry, AuditKind
from funding import personal_data, workflow
from funding.expense_comparison import compare
from funding.models import Expense, ExpenseImport, Grant
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages
from tests.funding import expenses, subsidies
from tests.funding.expenses import CELLS, ENTRY, STAFF

pytestmark = pytest.mark.django_db
#: Other lines of a file.
STAFF_CELLS = ("05/06/2026", CELLS[1], "Ressources humaines", "Temps du RSSI", "3 000,00 €", "", "")


@pytest.fixture
def grant() -> Grant:
    return subsidies.granted()


@pytest.fixture
def mine(grant: Grant) -> Client:
    return factories.signed_in(grant.dossier.referent)


def address(name: str, grant: Grant, *args: object) -> str:
    return reverse(f"funding:{name}", args=[grant.dossier.reference, *args])


def read(grant: Grant) -> str:
    found = workflow.expense_imports.reviewing.review(grant)
    assert found is not None
    return found.read


def downloaded(client: Client, path: str) -> HttpResponse:
    response = client.get(path)
    assert b"".join(response.streaming_content)  # type: ignore[attr-defined]
    return response


def test_a_file_is_shown_then_takes_the_place_of_the_trame(grant: Grant, mine: Client) -> None:
    proved = expenses.proved(grant)
    [gone] = expenses.added(grant, replace(ENTRY, label="Erreur de saisie", amount=Decimal(7)))
    corrected = ("04/06/2026", CELLS[1], CELLS[2], ENTRY.label, "1 300,00", "F-2026-12", "")

    chosen = mine.post(address("import-expenses", grant), {"file": expenses.csv(corrected, STAFF_CELLS)}, follow=True)

    said = pages.text(chosen)
    assert chosen.redirect_chain[0][0] == address("review-expenses", grant)
    assert "Trame actuelle 1 257,50 €" in said
    assert "Après l'import 4 300 €" in said
    assert "Dépenses ajoutées (1)" in said
    assert "Montant TTC (€) : 1 250,50 € devient → 1 300 €" in said
    assert "Dépenses retirées (1)" in said
    assert "1 dépense de ressources humaines sans lettre de mission" in said
    assert "1 dépense sans justificatif" in said
    assert Expense.objects.in_force().count() == 2, "nothing is imported before it was seen"

    done = mine.post(address("review-expenses", grant), pages.fields(chosen) | {"confirm": "1"}, follow=True)

    assert "La trame est importée : 1 dépense ajoutée, 1 modifiée, 1 retirée." in pages.text(done)
    now = Expense.objects.in_force().get(line=proved.line)
    assert (now.version, now.amount, now.proof_file_id) == (3, Decimal(1300), proved.proof_file_id)
    assert not Expense.objects.in_force().filter(line=gone.line).exists()
    assert {each.label for each in Expense.objects.in_force()} == {ENTRY.label, "Temps du RSSI"}
    event = Event.objects.get(kind=EventKind.EXPENSES_IMPORTED)
    message = (
        "trame.csv\u00a0: 1\u00a0dépense ajoutée, 1\u00a0modifiée, 1\u00a0retirée. Total\u00a0: 4\u202f300\u00a0€."
    )
    assert event.message == message
    assert not ExpenseImport.objects.exists()
    history = factories.signed_in(UserFactory(lead=True)).get(
        reverse("dossiers:instruction-dossier", args=[grant.dossier.reference])
    )
    for page in (mine.get(reverse("dossiers:form", args=[grant.dossier.reference])), history):
        assert "Trame financière importée" in pages.text(page)


def test_every_fault_is_told_and_nothing_is_imported(grant: Grant, mine: Client) -> None:
    expenses.added(grant)
    wrong = [("31/02/2026", "?", "Cadeau", "", "-1", "", "")] * 30

    refused = mine.post(address("import-expenses", grant), {"file": expenses.csv(CELLS, *wrong)})

    said = pages.text(refused)
    assert refused.status_code == 422
    assert pages.title(refused).startswith("Erreur")
    assert "150 cellules sont à corriger dans votre tableur" in said
    assert "3 Date 31/02/2026 Cette date n'existe pas : vérifiez le jour et le mois." in said
    assert "50 autres cellules sont à corriger plus bas dans le fichier." in said
    unreadable = mine.post(address("import-expenses", grant), {"file": factories.pdf("trame.pdf")})
    assert "« trame.pdf » n'est pas accepté : déposez un document xlsx, ods ou csv." in pages.text(unreadable)
    assert AuditEntry.objects.get(kind=AuditKind.FILE_REFUSED).detail["why"] == "type"
    nothing = mine.post(address("import-expenses", grant), {})
    assert "Choisissez le fichier à importer" in pages.text(nothing)
    assert Expense.objects.count() == 1
    assert not ExpenseImport.objects.exists()


def test_the_model_of_the_page_comes_back_unchanged(grant: Grant, mine: Client) -> None:
    expenses.added(grant, ENTRY, STAFF)
    for format in ("xlsx", "ods", "csv"):
        response = mine.get(address("expenses-template", grant, format))
        content = b"".join(response.streaming_content)  # type: ignore[attr-defined]
        file = factories.upload(content, f"trame.{format}")
        page = mine.post(address("import-expenses", grant), {"file": file}, follow=True)
        assert "Votre fichier dit la même chose que la trame" in pages.text(page), format
        assert "2 dépenses ne changent pas." in pages.text(page)
        if format == "xlsx":
            book = openpyxl.load_workbook(io.BytesIO(content))
            lists = [each.formula1 for each in book["Trame financière"].data_validations.dataValidation]
            assert lists == ["'Objectifs'!$A$1:$A$6", "'Natures'!$A$1:$A$6"]
    assert mine.get(address("expenses-template", grant, "pdf")).status_code == 404


def test_what_was_typed_meanwhile_is_shown_again_before_it_is_replaced(grant: Grant, mine: Client) -> None:
    expenses.waiting(grant)
    shown = read(grant)
    assert "Un import attend votre confirmation" in pages.text(mine.get(address("own-expenses", grant)))
    expenses.added(grant, STAFF)

    late = mine.post(address("review-expenses", grant), {"read": shown, "confirm": "1"})

    assert late.status_code == 409
    assert "a changé depuis que vous avez ouvert cette page" in pages.text(late)
    assert "Dépenses retirées (1)" in pages.text(late)
    assert [each.label for each in Expense.objects.in_force()] == ["Temps du RSSI"]
    stale = pages.fields(late)
    expenses.waiting(grant, STAFF_CELLS)  # another file, in another tab
    assert mine.post(address("review-expenses", grant), stale).status_code == 409
    again = mine.post(address("review-expenses", grant), {"read": read(grant)}, follow=True)
    assert "La trame est importée" in pages.text(again)
    assert "attend votre confirmation" not in pages.text(again)
    twice = mine.post(address("review-expenses", grant), {"read": shown}, follow=True)
    assert "Cet import est déjà terminé" in pages.text(twice)
    assert Event.objects.filter(kind=EventKind.EXPENSES_IMPORTED).count() == 1


def test_only_its_referent_imports_and_nobody_once_the_trame_is_closed(grant: Grant, mine: Client) -> None:
    expenses.waiting(grant)
    shown = read(grant)
    for outsider in (UserFactory(lead=True), UserFactory(admin=True), factories.referent(grant.dossier.legal_entity)):
        for act in (
            lambda by=outsider: workflow.expense_imports.prepare(grant, expenses.csv(CELLS), by=by),
            lambda by=outsider: workflow.expense_imports.confirm(grant, by=by, read=shown),
            lambda by=outsider: workflow.expense_imports.abandon(grant, by=by),
        ):
            with pytest.raises(workflow.NotAllowed):
                act()
    workflow.expenses.close(grant, by=UserFactory(verifier=True))
    refused = mine.post(address("review-expenses", grant), {"read": shown})
    assert refused.status_code == 409
    assert "a été close" in pages.text(refused)
    closed = mine.post(address("import-expenses", grant), {"file": expenses.csv(CELLS)})
    assert closed.status_code == 409
    assert not Expense.objects.exists()
    mine.post(address("review-expenses", grant), {"abandon": "1"})
    assert not ExpenseImport.objects.exists()
    assert "Importer un tableur" not in pages.text(mine.get(address("own-expenses", grant)))


def test_lines_are_paired_only_when_there_is_no_doubt(grant: Grant) -> None:
    several = expenses.added(grant, ENTRY, ENTRY, replace(ENTRY, label="Pare-feu"), STAFF)
    dearer = replace(ENTRY, amount=Decimal(2000))
    later = replace(ENTRY, label="Pare-feu", spent_on=dt.date(2026, 7, 1))

    found = compare(several, [dearer, later, replace(STAFF, objective="awareness"), ENTRY])

    assert [each.label for each in found.kept] == [ENTRY.label]
    assert [(was.label, entry) for was, entry in found.changed] == [
        ("Temps du RSSI", replace(STAFF, objective="awareness")),
        (ENTRY.label, dearer),
        ("Pare-feu", later),
    ]
    assert (found.added, found.removed) == ([], [])
    doubtful = compare(several[:2], [dearer, replace(dearer, amount=Decimal(3000))])
    assert (len(doubtful.added), len(doubtful.removed), doubtful.changed) == (2, 2, [])


def test_the_import_costs_the_same_at_1_3_and_30_lines(grant: Grant, mine: Client) -> None:
    costs = []
    for count in (1, 3, 30):
        expenses.waiting(grant, *[(*CELLS[:3], f"Licence {number}", *CELLS[4:]) for number in range(count)])
        shown = pages.cost(lambda: mine.get(address("review-expenses", grant)))
        model = pages.cost(lambda: downloaded(mine, address("expenses-template", grant, "csv")))
        page = pages.cost(lambda: mine.get(address("import-expenses", grant)))
        done = {"read": read(grant)}
        costs.append(
            (shown, model, page, pages.cost(lambda done=done: mine.post(address("review-expenses", grant), done)))
        )
        mine.get(address("own-expenses", grant))  # which reads the message
    assert len(set(costs)) == 1, costs
    assert max(costs[0][:3]) <= 12, costs


def test_the_database_refuses_a_file_that_says_nothing(grant: Grant) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ExpenseImport.objects.create(grant=grant, name="x.csv", lines=[], by=grant.dossier.referent)


@pytest.mark.django_db(transaction=True)
def test_confirmed_eight_times_at_once_while_a_line_is_typed_it_is_all_or_nothing() -> None:
    grant = subsidies.granted()
    rows = [(*CELLS[:3], f"Licence {number}", *CELLS[4:]) for number in range(20)]
    expenses.waiting(grant, *rows)
    shown, by, start = read(grant), grant.dossier.referent, threading.Barrier(9)

    def confirm() -> None:
        try:
            start.wait()
            workflow.expense_imports.confirm(grant, by=by, read=shown)
        except workflow.expenses.Late:
            pass
        finally:
            connection.close()

    def typing() -> None:
        try:
            start.wait()
            expenses.added(grant, STAFF)
        finally:
            connection.close()

    threads = [*(threading.Thread(target=confirm) for _ in range(8)), threading.Thread(target=typing)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    imported = Event.objects.filter(kind=EventKind.EXPENSES_IMPORTED).count()
    assert Expense.objects.in_force().count() == 1 + 20 * imported
    assert imported <= 1


def test_a_file_that_waits_goes_after_a_day_or_with_its_account(grant: Grant) -> None:
    expenses.added(grant, STAFF)
    expenses.waiting(grant)
    known = composition.export(grant.dossier.referent)
    assert [each["libellé"] for each in known["dépenses saisies"]] == ["Temps du RSSI"]
    assert [each["fichier"] for each in known["imports de trame à confirmer"]] == ["trame.csv"]
    later = timezone.now() + dt.timedelta(days=1, minutes=-1)
    [kept] = retention.purge("expense_imports", now=later)
    [gone] = retention.purge("expense_imports", now=later + dt.timedelta(minutes=2))
    assert (kept.count, gone.count) == (0, 1)
    expenses.waiting(grant)
    personal_data.forget(grant.dossier.referent, composition.FormerIdentity("", "", ""))
    assert not ExpenseImport.objects.exists()
    assert Expense.objects.in_force().count() == 1
