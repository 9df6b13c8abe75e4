"""The daily e-mail of those who instruct (N1): what they chose, once a morning, if there is anything."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from functools import partial

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.enums import Digest
from accounts.models import User
from dossiers import days, workflow
from dossiers.models import DossierStage
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.dossiers import crowd, factories, pages
from tests.establishments.factories import RegionFactory

DAY = dt.timedelta(days=1)
SETTLED = dt.timedelta(minutes=2)


def morning(number: int = 1) -> dt.datetime:
    return days.morning(timezone.localdate() + number * DAY)


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    """Whenever the suite runs, the next morning is tomorrow's."""
    with time_machine.travel(morning(0) + dt.timedelta(hours=5)):
        yield


def told_now(*people: User) -> None:
    """They know all that was done until now."""
    User.objects.filter(pk__in=[each.pk for each in people]).update(digested_at=timezone.now())


def digest_to(user: User) -> str:
    return Email.objects.get(kind="digest", to=user.email).text


def listed(user: User, text: str) -> set[str]:
    """The references of the dossiers of the lists that a digest leads to, as they are shown to whom it is for."""
    found = set()
    for query in re.findall(r"/instruction/\?(\S+)", text):
        page = factories.signed_in(user).get(f"{reverse('dossiers:instruction-list')}?{query}")
        assert page.context["form"].errors == {}
        found |= {each.reference for each in page.context["page"]}
    return found


def of(stage: DossierStage) -> str:
    return reverse("dossiers:instruction-dossier", args=[stage.dossier.reference])


@pytest.mark.django_db
def test_each_is_told_what_they_chose_and_may_read() -> None:
    nothing, gone = UserFactory(verifier=True, digest=Digest.NONE), UserFactory(verifier=True, is_active=False)
    answered, given = factories.modification_requested(verifier=nothing), factories.transmitted()
    elsewhere = factories.entity(region=RegionFactory(code="94"), region_codes=["94"])
    regional = UserFactory(regional=True, regions=[elsewhere.region])
    mine, everything = UserFactory(verifier=True, digest=Digest.MINE), UserFactory(verifier=True)
    told_now(regional, mine, everything, nothing, gone)
    for number, stage in enumerate((given, answered)):
        workflow.assignment.assign(stage, by=UserFactory(lead=True, digest=Digest.NONE), to=(mine, everything)[number])
    taken = factories.transmitted()
    workflow.assignment.take(taken, by=nothing)
    new = factories.transmitted(legal_entity=elsewhere)
    factories.transmit(answered)
    decided = factories.rejected(verifier=nothing)
    late = factories.modification_requested(verifier=nothing, due_at=morning() + 2 * DAY)

    assert workflow.digest(morning() + SETTLED - dt.timedelta(seconds=1)) == 0
    assert workflow.digest(morning() + SETTLED) == 3

    assert Email.objects.filter(kind="assigned").count() == 2
    assert Email.objects.filter(kind="digest").count() == 2
    assert not Email.objects.filter(kind="digest", to=mine.email).exists(), "told at once of the one given to them"
    text = digest_to(everything)
    assert "attribué" not in text
    assert "1\u00a0dossier corrigé et transmis" in text, "since it was given"
    assert "2\u00a0nouveaux dossiers transmis" in text
    assert "1\u00a0correction attendue sous sept jours" in text
    assert {each.dossier.reference for each in (answered, new, late, taken)} <= listed(everything, text)
    assert [of(each) in text for each in (given, answered, new, late, decided)] == [False, True, True, True, False]
    assert [of(each) in digest_to(regional) for each in (given, answered, new, late)] == [False, False, True, False]


@pytest.mark.django_db
def test_it_says_nothing_twice_and_nothing_when_there_is_nothing() -> None:
    verifier = UserFactory(verifier=True)
    stage = factories.modification_requested(due_at=morning() + 2 * DAY)
    User.objects.update(digested_at=timezone.now() - DAY)
    assert [workflow.digest(morning() + SETTLED) for _ in range(2)] == [2, 0], "whoever decided included"
    assert of(stage) in digest_to(verifier)
    Email.objects.all().delete()
    workflow.digest(morning(2) + SETTLED)
    assert not Email.objects.filter(kind="digest").exists()
    with time_machine.travel(morning(2) + DAY / 2):
        factories.transmit(stage)
    workflow.digest(morning(6) + SETTLED)  # nothing ran meanwhile
    assert "1\u00a0dossier corrigé et transmis" in digest_to(verifier)


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_once_write_one_digest_each() -> None:
    people = [UserFactory(verifier=True) for _ in range(4)]
    told_now(*people)
    factories.transmitted()
    told = crowd.at_once(*[partial(workflow.digest, morning() + SETTLED)] * 3)
    assert sum(told) == 4
    assert sorted(Email.objects.filter(kind="digest").values_list("to", flat=True)) == [each.email for each in people]


@pytest.mark.django_db
def test_it_costs_the_same_whatever_it_names(django_assert_max_num_queries) -> None:
    verifier = UserFactory(verifier=True)
    told_now(verifier)
    for _ in range(7):
        factories.transmitted()
    with django_assert_max_num_queries(14):
        workflow.digest(morning() + SETTLED)
    assert digest_to(verifier).count("/instruction/") == 5 + 1 + 1, "five by name, their list, the button"


@pytest.mark.django_db
def test_it_is_chosen_on_the_page_of_the_account() -> None:
    verifier = UserFactory(verifier=True, digest=Digest.NONE)
    client, address = factories.signed_in(verifier), reverse("accounts:digest")
    assert "Vos e-mails" in pages.text(client.get(reverse("accounts:account")))
    assert "Choisissez un récapitulatif de la liste." in pages.text(client.post(address, {"digest": "weekly"}))
    before = timezone.now()
    assert client.post(address, {"digest": "mine"}).status_code == 302
    verifier.refresh_from_db()
    assert verifier.digest == Digest.MINE
    assert verifier.digested_at > before, "what happened while nothing was wanted is not told"
    referent: Client = factories.signed_in(UserFactory())
    assert "Vos e-mails" not in pages.text(referent.get(reverse("accounts:account")))
