"""The pages that lead to others name none that their reader may not open: the home page and the site map."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.test import Client

from accounts.enums import Role
from tests.accounts.factories import UserFactory
from tests.dossiers import factories
from tests.establishments.factories import RegionFactory

pytestmark = pytest.mark.django_db
HREF = re.compile(r'href="(/[^"#]*)"')
MAIN = re.compile(r"<main.*</main>", re.DOTALL)


def reader(role: Role) -> Client:
    if role == Role.REFERENT:
        return factories.signed_in(factories.referent(factories.entity(), terms_accepted=True))
    regions = [RegionFactory()] if role == Role.REGIONAL else []
    return factories.signed_in(UserFactory(role=role, regions=regions, terms_accepted=True))


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize("start", ["/", "/plan-du-site/"])
def test_every_page_named_opens(role: Role, start: str) -> None:
    client = reader(role)
    answer = client.get(start).content.decode()
    [main] = MAIN.findall(answer)
    named = {address for address in HREF.findall(main) if not address.startswith(settings.STATIC_URL)}
    assert len(named) >= 2
    answers = {address: client.get(address, follow=True) for address in named}
    assert {address: got.status_code for address, got in answers.items() if got.status_code != 200} == {}
