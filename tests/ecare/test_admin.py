"""What the Django admin refuses, whatever the model (Q12)."""

import pytest
from django.test import Client

from tests.accounts.factories import UserFactory
from tests.accounts.sessions import sign_in

pytestmark = pytest.mark.django_db

HIDDEN = [
    "/admin/accounts/user/?password__startswith=argon2",
    "/admin/accounts/emailcode/?digest__startswith=argon2",
    "/admin/accounts/emailcode/?sign_in__startswith=a",
    "/admin/notifications/email/?text__contains=123456",
    "/admin/notifications/email/?html__contains=123456",
    "/admin/dossiers/answer/?raw__iban__startswith=FR",
    "/admin/dossiers/answer/?value__iban__startswith=FR",
    "/admin/dossiers/transmission/?answers__contains=FR",
]


@pytest.fixture
def administrator(client: Client) -> Client:
    return sign_in(client, UserFactory(admin=True))


@pytest.mark.parametrize("address", HIDDEN)
def test_no_filter_reads_what_no_page_shows(administrator: Client, address: str) -> None:
    assert administrator.get(address).status_code == 400


@pytest.mark.parametrize("query", ["role__exact=%00", "is_active__exact=1&username__contains=a%00b"])
def test_a_nul_character_is_a_bad_request(administrator: Client, query: str) -> None:
    assert administrator.get(f"/admin/accounts/user/?{query}").status_code == 400
