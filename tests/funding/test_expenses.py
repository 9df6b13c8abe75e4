"""The trame financière: written by the référent, kept, read and closed by who instructs (F6)."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from dossiers.enums import EventKind, Scan
from dossiers.models import Attachment, Event
from funding import workflow
from funding.models import Envelope, Expense, Grant
from funding.queries import expenses as queries
from tests.accounts.factories import UserFactory
from tests.dossiers import factories, pages
from tests.funding import expenses, subsidies
from tests.funding.expenses import ENTRY, STAFF

pytestmark = pytest.mark.django_db


@pytest.fixture
def grant() -> Grant:
    return subsidies.granted()


def address(name: str, grant: Grant, *args: object) -> str:
    return reverse(f"funding:{name}", args=[grant.dossier.reference, *args])


def test_lines_are_typed_several_at_once_and_totalled_beside_the_subsidy(grant: Grant) -> None:
    browser = factories.signed_in(grant.dossier.referent)
    staff = expenses.row(nature="ressources-humaines", label="Temps du RSSI", amount="3000", objective="awareness")

    response = browser.post(
        address("add-expenses", grant),
        expenses.typed(expenses.row(), staff, expenses.row(justification="")),
        follow=True,
    )

    said = pages.text(response)
    assert "3 dépenses ajoutées." in said
    assert "Dépenses déclarées (TTC) 5 501 €" in said
    assert "Subvention accordée 18 800 €" in said
    assert "Payable à ce jour" in said
    assert "1 dépense de ressources humaines sans lettre de mission, 1 dépense sans justificatif" in said
    assert "Sauvegardes protégées et testées 2 2 501 €" in said
    assert "Ressources humaines 1 3 000 €" in said
    event = Event.objects.get(kind=EventKind.EXPENSES_CHANGED)
    assert event.message == "Ajout\u00a0: 3\u00a0dépenses, 5\u202f501\u00a0€."
    panel = browser.get(reverse("dossiers:form", args=[grant.dossier.reference]))
    assert address("own-expenses", grant) in panel.content.decode()


def test_each_error_names_its_line_and_nothing_typed_is_lost(grant: Grant) -> None:
    browser = factories.signed_in(grant.dossier.referent)
    tomorrow = (timezone.localdate() + dt.timedelta(days=1)).isoformat()
    wrong = {
        "label": "x" * 201,
        "amount": "12,345",
        "spent_on": tomorrow,
        "objective": "accounts",  # of another parcours
        "nature": "cadeau",
    }
    for field, value in wrong.items():
        typed = expenses.typed(expenses.row(label="Formation"), expenses.row(**{field: value}))
        refused = browser.post(address("add-expenses", grant), typed)
        assert refused.status_code == 422, field
        assert re.search("Ligne 2(, [^:]+)? : [A-ZÉ]", pages.text(refused)), "which line, then what to do"
        assert pages.title(refused).startswith("Erreur")
        assert 'value="Formation"' in refused.content.decode()
    nothing = browser.post(address("add-expenses", grant), expenses.typed())
    assert "Remplissez au moins une ligne." in pages.text(nothing)
    too_many = browser.post(address("add-expenses", grant), {"lignes-TOTAL_FORMS": "x", "lignes-INITIAL_FORMS": "0"})
    assert too_many.status_code == 422
    assert not Expense.objects.exists()


def test_a_change_is_a_version_and_a_late_one_is_shown_to_be_saved_again(grant: Grant) -> None:
    [expense] = expenses.added(grant)
    browser = factories.signed_in(grant.dossier.referent)
    page = address("change-expense", grant, expense.line)
    data = {**expenses.row(amount="99,90"), "read": 1}
    browser.post(page, {**data, "proof_file": factories.pdf("Facture.pdf")})

    late = browser.post(page, {**expenses.row(label="Autre chose"), "read": 1})

    assert late.status_code == 409
    assert 'value="Autre chose"' in late.content.decode()
    assert "a été modifiée" in pages.text(late)
    browser.post(page, {**expenses.row(label="Autre chose"), "read": pages.fields(late)["read"]})
    versions = list(Expense.objects.filter(line=expense.line).order_by("version"))
    assert [(each.version, each.amount, each.label) for each in versions] == [
        (1, Decimal("1250.50"), "Licences de sauvegarde"),
        (2, Decimal("99.90"), "Licences de sauvegarde"),
        (3, Decimal("1250.50"), "Autre chose"),
    ]
    assert versions[2].proof_file == versions[1].proof_file, "a file stays until another takes its place"
    same = {**expenses.row(label="Autre chose"), "read": 3}
    browser.post(page, same)
    assert Expense.objects.count() == 3, "saying the same again writes nothing"
    wrong = browser.post(page, {**same, "letter_file": factories.upload(b"rien", "lettre.pdf")})
    assert wrong.status_code == 422
    assert "Fichier de la lettre de mission" in pages.text(wrong)
    assert Attachment.objects.filter(code="lettre-de-mission").count() == 0

    browser.post(address("remove-expense", grant, expense.line), {"read": 2})
    assert Expense.objects.in_force().count() == 1, "what was not read is not taken out"
    browser.post(address("remove-expense", grant, expense.line), {"read": 3})
    assert not Expense.objects.in_force().exists()
    assert Expense.objects.count() == 3
    assert browser.get(page).status_code == 404


def test_the_database_keeps_every_version_and_refuses_what_makes_no_sense(grant: Grant) -> None:
    expense = expenses.proved(grant)
    with connection.cursor() as cursor:
        for statement in (
            "UPDATE funding_expense SET amount = 1 WHERE version = 2",
            "UPDATE funding_expense SET ended_at = NULL, ended_by_id = NULL WHERE version = 1",
            "DELETE FROM funding_expense",
        ):
            with pytest.raises((IntegrityError, DatabaseError), match="kept"), transaction.atomic():
                cursor.execute(statement)
    fields = {"grant": grant, "written_by": grant.dossier.referent, **vars(ENTRY)}
    for wrong in (
        {"amount": Decimal(0)},
        {"nature": "cadeau"},
        {"label": ""},
        {"objective": ""},
        {"spent_on": dt.date(26, 6, 4)},
        {"line": expense.line, "version": 3},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Expense.objects.create(**fields | wrong)


def test_only_the_referent_writes_and_nobody_once_it_is_closed_or_the_day_is_over(grant: Grant) -> None:
    verifier = UserFactory(verifier=True)
    for outsider in (verifier, UserFactory(admin=True), factories.referent(factories.entity())):
        with pytest.raises(workflow.NotAllowed):
            workflow.expenses.add(grant, [ENTRY], by=outsider)
    for outsider in (grant.dossier.referent, UserFactory(admin=True), UserFactory(regional=True)):
        with pytest.raises(workflow.NotAllowed):
            workflow.expenses.close(grant, by=outsider)
    desk, browser = factories.signed_in(verifier), factories.signed_in(grant.dossier.referent)
    desk.post(address("close-expenses", grant), {"close": "1"})
    desk.post(address("close-expenses", grant), {"close": "1"})
    refused = browser.post(address("add-expenses", grant), expenses.typed(expenses.row()))
    assert refused.status_code == 409
    assert "a été close" in pages.text(refused)
    assert 'value="F-2026-12"' in refused.content.decode()
    assert "Ajouter des dépenses" not in pages.text(browser.get(address("own-expenses", grant)))
    desk.post(address("close-expenses", grant), {"reopen": "1"})
    assert Event.objects.filter(kind=EventKind.EXPENSES_CLOSED).count() == 1
    assert Event.objects.filter(kind=EventKind.EXPENSES_REOPENED).count() == 1
    today = timezone.localdate()
    envelope = Envelope.objects.create(
        guichet=grant.dossier.guichet, expenses_until=today, expenses_from=ENTRY.spent_on
    )
    expenses.added(grant)
    with pytest.raises(workflow.expenses.Flawed, match="à partir du"):
        expenses.added(grant, replace(ENTRY, spent_on=ENTRY.spent_on - dt.timedelta(days=1)))
    envelope.expenses_from, envelope.expenses_until = None, today - dt.timedelta(days=1)
    envelope.save()
    with pytest.raises(workflow.expenses.Late, match="jusqu'au"):
        expenses.added(grant)


def test_who_instructs_reads_the_lines_and_their_files_once_scanned(grant: Grant) -> None:
    expense = expenses.proved(grant)
    expenses.added(grant, STAFF)
    desk = factories.signed_in(UserFactory(verifier=True))

    said = pages.text(desk.get(address("expenses", grant)))

    assert "Temps du RSSI" in said
    assert "Lettre de mission à fournir" in said
    assert "4 juin 2026 Licences de sauvegarde" in said, "a day as everywhere else, which its figures alone do not say"
    file = address("expense-file", grant, expense.line, "justificatif")
    Attachment.objects.filter(code="depense-justificatif").update(
        scan=Scan.INFECTED, scanned_at=timezone.now(), threat="Eicar"
    )
    assert desk.get(file).status_code == 403
    Attachment.objects.filter(code="depense-justificatif").update(scan=Scan.CLEAN, threat="")
    response = desk.get(file)
    assert response["Content-Disposition"] == 'attachment; filename="Facture.pdf"'
    assert b"".join(response.streaming_content) == factories.pdf_bytes()  # type: ignore[attr-defined]
    assert desk.get(address("expense-file", grant, expense.line, "lettre")).status_code == 404
    assert desk.get(address("expense-file", grant, expense.line, "autre")).status_code == 404


def test_both_pages_cost_the_same_at_1_3_and_30_lines(grant: Grant) -> None:
    browser = factories.signed_in(grant.dossier.referent)
    desk = factories.signed_in(UserFactory(verifier=True))
    expenses.proved(grant)
    costs = []
    for count in (0, 2, 27):
        if count:
            expenses.added(grant, *[STAFF] * count)
        costs.append(
            (
                pages.cost(lambda: browser.get(address("own-expenses", grant))),
                pages.cost(lambda: desk.get(address("expenses", grant))),
            )
        )
    assert len(set(costs)) == 1, costs
    assert max(costs[0]) <= 12, costs


def test_the_letter_counts_by_its_reference_or_its_file(grant: Grant) -> None:
    expenses.added(grant, STAFF, replace(STAFF, mission_letter="LM-1"))
    assert queries.trame(grant).without_letter == 1
    lacking = Expense.objects.get(mission_letter="")
    workflow.expenses.change(
        lacking, STAFF, {"letter_file": factories.pdf("Lettre.pdf")}, by=grant.dossier.referent, read=1
    )
    assert queries.trame(grant).without_letter == 0
