"""Where one goes after the sign-in or the terms: a path of this site, or one's own page."""

import pytest

from tests.accounts.factories import UserFactory
from tests.accounts.sessions import SIGN_IN, give_code, give_password, sign_in

pytestmark = pytest.mark.django_db

NO_PATHS = ["compte", "dossiers:form", "accounts:sign-out", "..", "?a=1", "'", "💩", "1e999"]


@pytest.mark.parametrize("word", NO_PATHS)
def test_a_word_is_no_address(client, word):
    user = UserFactory()
    assert give_code(client, give_password(client, user, next_url=word)).url == "/tableau-de-bord/"
    assert client.get(SIGN_IN, {"next": word}).url == "/tableau-de-bord/"


@pytest.mark.parametrize("word", NO_PATHS)
def test_a_word_is_no_address_after_the_terms(client, word):
    sign_in(client, UserFactory())
    assert client.get("/cgu/accepter/", {"next": word}).url == "/tableau-de-bord/"
