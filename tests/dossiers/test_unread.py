"""What is written about a dossier whose référent left: responsables learn of it each morning, in one e-mail (Q38)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from dossiers import days, tasks, workflow
from dossiers.enums import BatchAction
from dossiers.models import DossierStage
from dossiers.workflow import batch_work, batches, vacancies
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.dossiers import crowd, factories, pages

LIST = "/instruction/sans-referent/"
#: More than the page of the list and the e-mail hold.
MANY = 30


def morning(number: int = 1) -> dt.datetime:
    """When the e-mails of that day leave, today being 0."""
    return days.morning(timezone.localdate() + dt.timedelta(days=number))


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    """Whenever the suite runs, the next morning is tomorrow's."""
    with time_machine.travel(morning(0) + dt.timedelta(hours=5)):
        yield


@pytest.fixture
def leads() -> list[User]:
    return [UserFactory(lead=True), UserFactory(lead=True)]


def left(number: int = 1) -> list[DossierStage]:
    """Dossiers to instruct, whose référents left after they transmitted them."""
    stages = [factories.transmitted() for _ in range(number)]
    User.objects.filter(pk__in=[each.dossier.referent_id for each in stages]).update(is_active=False)
    return [factories.fresh(each) for each in stages]


def reject(stages: list[DossierStage]) -> None:
    for each in stages:
        workflow.reject(each, by=UserFactory(verifier=True), reason="Hors périmètre.")


def told(person: User) -> list[Email]:
    return list(Email.objects.filter(kind="referent_unreachable", to=person.email).order_by("pk"))


def listed(lead: User) -> set[str]:
    """The references of every page of the list."""
    client, found, number = factories.signed_in(lead), set(), 1
    while True:
        page = client.get(LIST, {"page": number}).context["page"]
        found |= {each.dossier.reference for each in page}
        if not page.has_next():
            return found
        number += 1


@pytest.mark.django_db
def test_a_batch_of_decisions_is_one_email_a_responsable_and_the_next_day_another(leads: list[User]) -> None:
    stages = left(MANY + 1)
    author = UserFactory(verifier=True)
    chosen = DossierStage.objects.filter(pk__in=[each.pk for each in stages[1:]])
    batch = batches.prepare(chosen, BatchAction.REJECT, by=author, at=timezone.now())
    batches.complete(batch, by=author, parameters={"reason": "Hors périmètre."})
    page = pages.text(factories.signed_in(author).get(reverse("dossiers:batch", args=[batch.public_id])))
    assert (
        f"{MANY} dossiers n'ont plus de référent : les responsables d'instruction sont prévenus demain matin au plus "
        "tard."
    ) in page
    assert "Chaque référent reçoit" not in page
    batches.confirm(batch, by=author, count=MANY, at=timezone.now())
    batch_work.carry_out(batch.pk)
    tasks.watch_referents()
    assert told(leads[0]) == told(leads[1]) == []
    # The list is right at once, and holds what is over with the others.
    assert listed(leads[0]) == {each.dossier.reference for each in stages}

    with time_machine.travel(morning() + days.SETTLED):
        tasks.watch_referents()
        tasks.watch_referents()
        reject(stages[:1])
    for lead in leads:
        [email] = told(lead)
        assert email.subject == f"{MANY}\u00a0dossiers ont des messages que personne n'a lu"
        assert stages[0].dossier.reference not in email.text
        named = [each for each in stages[1:] if f"/instruction/{each.dossier.reference}/referent/" in email.text]
        assert len(named) == 20
        assert email.text.rstrip().count(LIST) == 1
    with time_machine.travel(morning(1) + dt.timedelta(hours=9)):
        assert vacancies.tell_unread(timezone.now()) == 0

    with time_machine.travel(morning(2) + days.SETTLED):
        assert vacancies.tell_unread(timezone.now()) == len(leads)
        [*_, email] = told(leads[0])
        assert email.subject == "1\u00a0dossier a un message que personne n'a lu"
        assert stages[0].dossier.reference in email.text
    assert Email.objects.filter(kind="referent_unreachable").count() == 2 * len(leads)


@pytest.mark.django_db(transaction=True)
def test_two_passes_at_once_tell_once(leads: list[User]) -> None:
    reject(left(2))
    at = morning() + days.SETTLED
    with crowd.of(2) as together:
        for number in range(5):
            together(*[lambda day=number: vacancies.tell_unread(at + dt.timedelta(days=day))] * 2)
    assert [len(told(lead)) for lead in leads] == [1, 1]


@pytest.mark.django_db
def test_what_nobody_told_for_days_is_told_once_and_what_was_not_settled_the_next_day(leads: list[User]) -> None:
    first, second = left(2)
    reject([first])
    with time_machine.travel(morning(3) + dt.timedelta(seconds=1)):
        reject([second])
        vacancies.tell_unread(timezone.now())
        assert len(told(leads[0])) == 1, "what was kept until the morning before"
        vacancies.tell_unread(timezone.now() + days.SETTLED)
    assert [first.dossier.reference in each.text for each in told(leads[0])] == [True]
    with time_machine.travel(morning(4) + days.SETTLED):
        vacancies.tell_unread(timezone.now())
    assert second.dossier.reference in told(leads[0])[-1].text


@pytest.mark.django_db
def test_what_somebody_can_read_again_is_told_to_nobody(leads: list[User]) -> None:
    given, back, waiting = stages = left(3)
    reject(stages)
    assert len(listed(leads[0])) == 3
    colleague = factories.referent(given.dossier.legal_entity)
    workflow.reassign(factories.fresh(given), by=leads[0], to=colleague, reason="Départ.")
    User.objects.filter(pk=back.dossier.referent_id).update(is_active=True)

    assert listed(leads[0]) == {waiting.dossier.reference}
    vacancies.tell_unread(morning() + days.SETTLED)
    [email] = told(leads[0])
    assert given.dossier.reference not in email.text
    assert back.dossier.reference not in email.text
    # The next référent had it to read: that he leaves in his turn leaves nothing unread.
    User.objects.filter(pk=colleague.pk).update(is_active=False)
    assert listed(leads[0]) == {waiting.dossier.reference}
    workflow.reopen(factories.fresh(given), by=leads[0], reason="Nouvel examen.")
    page = pages.text(factories.signed_in(leads[0]).get(LIST))
    assert page.count("1 message non lu") == 2


@pytest.mark.django_db
def test_the_list_costs_the_same_whatever_is_unread(leads: list[User]) -> None:
    client, costs = factories.signed_in(leads[0]), set()
    for number in (1, 2, 19):
        reject(left(number))
        costs.add((pages.cost(lambda: client.get(LIST)), pages.cost(lambda: client.get("/instruction/"))))
    assert len(costs) == 1
