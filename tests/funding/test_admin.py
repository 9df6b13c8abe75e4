"""Barèmes in the admin (F1, S1)."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from funding.models import Schedule
from funding.schedule import workflow
from tests.accounts.factories import UserFactory
from tests.accounts.sessions import sign_in, wear
from tests.funding.factories import poc_terms

pytestmark = pytest.mark.django_db
LIST = "/admin/funding/schedule/"


@pytest.fixture
def administrator(client: Client) -> Client:
    return sign_in(client, UserFactory.create(admin=True))


@pytest.fixture
def published() -> Schedule:
    return Schedule.objects.get(pk=poc_terms().schedule_id)


def page_of(schedule: Schedule) -> str:
    return reverse("admin:funding_schedule_change", args=[schedule.pk])


def filled(schedule: Schedule, **changes: str) -> dict[str, str]:
    """What the page of a draft posts when nothing is touched, but for `changes`."""
    data = {
        "guichet_code": schedule.guichet_code,
        "version": str(schedule.version),
        "valid_from": schedule.valid_from.isoformat(),
        "unit_amounts-TOTAL_FORMS": str(schedule.unit_amounts.count()),
        "unit_amounts-INITIAL_FORMS": str(schedule.unit_amounts.count()),
        "brackets-TOTAL_FORMS": str(schedule.brackets.count()),
        "brackets-INITIAL_FORMS": str(schedule.brackets.count()),
        "objective_shares-TOTAL_FORMS": str(schedule.objective_shares.count()),
        "objective_shares-INITIAL_FORMS": str(schedule.objective_shares.count()),
    }
    for number, amount in enumerate(schedule.unit_amounts.order_by("track")):
        row = {"id": amount.pk, "schedule": schedule.pk, "track": amount.track, "label": amount.label}
        row["amount"] = amount.amount
        data |= {f"unit_amounts-{number}-{name}": str(value) for name, value in row.items()}
    for number, bracket in enumerate(schedule.brackets.order_by("first")):
        row = {"id": bracket.pk, "schedule": schedule.pk, "first": bracket.first, "last": bracket.last or ""}
        row["rate"] = bracket.rate
        data |= {f"brackets-{number}-{name}": str(value) for name, value in row.items()}
    for number, share in enumerate(schedule.objective_shares.all()):
        row = {"id": share.pk, "schedule": schedule.pk, "track": share.track, "code": share.code, "label": share.label}
        row |= {"share": share.share} | ({"mandatory": "on"} if share.mandatory else {})
        data |= {f"objective_shares-{number}-{name}": str(value) for name, value in row.items()}
    return data | changes


def test_a_published_bareme_is_shown_and_neither_changed_nor_deleted(
    administrator: Client, published: Schedule
) -> None:
    page = administrator.get(page_of(published)).content.decode()
    assert "Parcours 1" in page
    assert "Publié, ce barème ne change plus." in page
    assert 'value="next_version"' in page
    assert 'name="_save"' not in page
    assert "Ajouter un objet tranche" not in page
    assert administrator.post(page_of(published), filled(published)).status_code == 403
    assert administrator.post(page_of(published).replace("change", "delete"), {"post": "yes"}).status_code == 403
    administrator.post(LIST, {"action": "delete_selected", "_selected_action": [published.pk], "post": "yes"})
    assert Schedule.objects.count() == 1


def test_the_next_version_is_prepared_edited_and_published(administrator: Client, published: Schedule) -> None:
    action = {"action": "next_version", "_selected_action": [published.pk]}
    response = administrator.post(LIST, action)
    draft = Schedule.objects.get(version=2)
    assert response["Location"] == page_of(draft)
    # Two boundaries move in one save: 1–5 and 6–8.
    changes = {"brackets-0-last": "5", "brackets-1-first": "6", "unit_amounts-0-amount": "10000.50"}
    assert administrator.post(page_of(draft), filled(draft, **changes)).status_code == 302
    assert list(draft.brackets.order_by("first").values_list("first", "last"))[:2] == [(1, 5), (6, 8)]
    assert draft.unit_amounts.get(track="1").amount == Decimal("10000.50")
    page = administrator.post(LIST, {"action": "publish", "_selected_action": [draft.pk]}, follow=True)
    assert "publié. Il ne change plus." in page.content.decode()
    draft.refresh_from_db()
    assert draft.is_published


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"brackets-1-first": "6"}, "Aucune tranche ne couvre l&#x27;EG n°\u00a05"),
        ({"brackets-1-first": "4"}, "chevauche la précédente"),
        ({"brackets-3-last": "20"}, "La dernière tranche doit être sans fin"),
        ({"brackets-0-last": "0"}, "La fin de la tranche vient avant son début."),
        ({"brackets-0-rate": "120"}, "Le taux est un pourcentage compris entre 0 et 100."),
        ({"unit_amounts-0-amount": "-1"}, "Un montant ne peut pas être négatif."),
        ({"objective_shares-0-share": "30"}, "les parts des objectifs totalisent 110\u00a0%"),
        ({"objective_shares-0-share": "101"}, "La part est un pourcentage compris entre 0 et 100."),
    ],
)
def test_an_impossible_bareme_is_refused_in_french(
    administrator: Client, published: Schedule, changes: dict[str, str], message: str
) -> None:
    draft = workflow.next_version(published.pk)
    page = administrator.post(page_of(draft), filled(draft, **changes))
    assert page.status_code == 200
    assert message in page.content.decode()
    assert workflow.content_of(draft) == workflow.content_of(published)


def test_what_is_wrong_in_the_rows_and_between_them_is_told_at_once(administrator: Client, published: Schedule) -> None:
    """And nothing that a wrong row alone makes doubtful is told."""
    draft = workflow.next_version(published.pk)
    changes = {
        "brackets-0-rate": "120",
        "brackets-1-first": "6",
        "objective_shares-0-share": "30",
        "objective_shares-6-share": "101",
    }
    page = administrator.post(page_of(draft), filled(draft, **changes)).content.decode()
    for message in (
        "Le taux est un pourcentage",
        "Aucune tranche ne couvre l&#x27;EG n°\u00a05",
        "Parcours «\u00a01\u00a0»\u00a0: les parts des objectifs totalisent 110\u00a0%",
        "La part est un pourcentage",
    ):
        assert message in page, message
    assert "Parcours «\u00a02\u00a0»" not in page
    changes = {"brackets-0-last": "0", "objective_shares-0-track": "à b", "objective_shares-6-share": "50"}
    page = administrator.post(page_of(draft), filled(draft, **changes)).content.decode()
    assert "Aucune tranche ne couvre" not in page
    assert "totalisent" not in page, "which parcours the first one is of is not known"
    # A row to delete counts for nothing, even beside a wrong one.
    changes = {"brackets-0-rate": "120", "brackets-3-DELETE": "on", "brackets-2-last": ""}
    page = administrator.post(page_of(draft), filled(draft, **changes)).content.decode()
    assert "Le taux est un pourcentage" in page
    assert "vient après une tranche sans fin" not in page


def test_an_incomplete_draft_is_not_published_and_the_page_says_why(administrator: Client, published: Schedule) -> None:
    draft = workflow.next_version(published.pk)
    draft.brackets.filter(first=13).delete()
    page = administrator.post(LIST, {"action": "publish", "_selected_action": [draft.pk]}, follow=True)
    assert "La dernière tranche doit être sans fin" in page.content.decode()
    draft.refresh_from_db()
    assert not draft.is_published


def test_a_draft_is_deleted_from_its_page(administrator: Client, published: Schedule) -> None:
    draft = workflow.next_version(published.pk)
    administrator.post(page_of(draft).replace("change", "delete"), {"post": "yes"})
    assert list(Schedule.objects.all()) == [published]


def test_the_page_previews_what_1_to_30_eg_bring_on_each_parcours(administrator: Client, published: Schedule) -> None:
    rows = re.findall(
        r'<th scope="row">(\d+)</th>\s*<td>([^<]+)</td><td>([^<]+)</td><td>([^<]+)</td>',
        administrator.get(page_of(published)).content.decode(),
    )
    assert [int(row[0]) for row in rows] == list(range(1, 31))
    assert rows[1][1] == "18\u202f800\u00a0€"
    assert rows[7][2] == "102\u202f000\u00a0€"
    assert rows[24][3] == "115\u202f600\u00a0€"


def test_a_draft_is_saved_and_published_in_one_go_or_saved_and_told_why_not(
    administrator: Client, published: Schedule
) -> None:
    draft = workflow.next_version(published.pk)
    shares = {"unit_amounts-0-track": "4", "_publish": "1"}
    page = administrator.post(page_of(draft), filled(draft, **shares), follow=True).content.decode()
    assert "Des objectifs portent sur le parcours" in page
    draft.refresh_from_db()
    assert not draft.is_published
    page = administrator.post(
        page_of(draft), filled(draft) | {"unit_amounts-2-track": "1", "_publish": "1"}, follow=True
    )
    draft.refresh_from_db()
    assert draft.is_published
    assert 'name="_publish"' not in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_published_bareme_shows_no_empty_row_for_a_button_that_is_not_there(
    administrator: Client, published: Schedule, live_server: LiveServer, page: Page
) -> None:
    """The admin's script hides what the row of its button holds, and leaves the row: on a narrow screen, it showed."""
    wear(page, administrator, live_server)
    draft = workflow.next_version(published.pk)
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(live_server.url + page_of(published))
        rows = page.locator(".inline-group tr.add-row")
        expect(rows).to_have_count(3)
        assert [each.is_visible() for each in rows.all()] == [False] * 3
        page.goto(live_server.url + page_of(draft))
        assert [each.is_visible() for each in rows.all()] == [True] * 3
