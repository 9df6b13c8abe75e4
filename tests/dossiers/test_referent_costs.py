"""What the référent's screens cost (Q70): few queries, the same number at any volume; and a GET writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from dossiers import workflow
from dossiers.models import DossierStage
from tests.accounts.factories import RepresentationFactory
from tests.dossiers import factories, pages

pytestmark = pytest.mark.django_db
CEILING = 12


@dataclass
class Desk:
    """A référent with `size` dossiers of as many guichets, the first of which has as many sites, files, lines of
    history, transmissions and remarks."""

    size: int
    person: User = field(init=False)
    stage: DossierStage = field(init=False)
    colleague: User = field(init=False)

    def __post_init__(self) -> None:
        entity = factories.entity(sites=self.size)
        self.person, self.colleague = factories.referent(entity), factories.referent(entity)
        self.stage = factories.draft(by=self.person, legal_entity=entity)
        for number in range(self.size):
            guichet = factories.guichet(code=f"essai-{number}", position=10 + number)
            factories.draft(by=self.person, legal_entity=entity, stage=guichet.stages.get())
            RepresentationFactory(user=self.person, legal_entity=factories.entity(sites=1), is_primary=False)
        for number in range(min(self.size, 5)):
            factories.guichet(code=f"libre-{number}", position=50 + number)
        for slot in ("framework_files", "prerequisite_1_files", "prerequisite_2_files", "prerequisite_3_files"):
            for number in range(min(self.size, 10) - 1):
                factories.deposit(self.stage, factories.pdf(f"{number}.pdf"), slot)

    def client(self) -> Client:
        return factories.signed_in(self.person)


Get = Callable[[Desk, Client], Any]
PAGES: dict[str, Get] = {
    "dashboard": lambda desk, client: client.get(reverse("dossiers:dashboard")),
    "search": lambda desk, client: client.get(reverse("dossiers:dashboard"), {"q": "tilleuls", "tri": "-statut"}),
    "create": lambda desk, client: client.get(reverse("dossiers:create")),
    "history": lambda desk, client: client.get(pages.url("history", desk.stage)),
    "form": lambda desk, client: client.get(pages.url("form", desk.stage)),
    "recap": lambda desk, client: client.get(pages.url("recap", desk.stage)),
    "transfer": lambda desk, client: client.get(reverse("dossiers:transfer", args=[desk.colleague.public_id])),
    "stored answer": lambda desk, client: client.get(pages.url("answer", desk.stage, "perimeter")),
}


def costs(size: int) -> dict[str, int]:
    """The cost of every screen: of a blank dossier's desk, of a full one, of a correction, and read-only."""
    with transaction.atomic():
        found = costs_of(Desk(size))
        transaction.set_rollback(True)
    return found


def costs_of(desk: Desk) -> dict[str, int]:
    client = desk.client()
    client.get(pages.url("form", desk.stage))  # a published form is read once a process
    found = {name: pages.cost(lambda get=get: get(desk, client)) for name, get in PAGES.items()}  # type: ignore[misc]
    factories.fill(desk.stage)
    found |= {f"{name}, filled": pages.cost(lambda get=get: get(desk, client)) for name, get in PAGES.items()}  # type: ignore[misc]
    page = client.get(pages.url("form", desk.stage))
    found["save one answer"] = pages.cost(lambda: pages.send(client, desk.stage, page, comment={"value": "Un mot"}))
    client.get(pages.url("form", desk.stage))  # shows the message, once
    seen = pages.fields(client.get(pages.url("recap", desk.stage)))["seen"]
    found["transmit"] = pages.cost(lambda: client.post(pages.url("transmit", desk.stage), {"seen": seen}))
    client.get(pages.url("form", desk.stage))
    found["read-only"] = pages.cost(lambda: client.get(pages.url("form", desk.stage)))
    ask(desk)
    found["correction"] = pages.cost(lambda: client.get(pages.url("form", desk.stage)))
    found["recap of a correction"] = pages.cost(lambda: client.get(pages.url("recap", desk.stage)))
    return found


def ask(desk: Desk) -> None:
    codes = ["track", "bank", "comment", "perimeter", "applicant_type"][: desk.size]
    workflow.request_modification(
        desk.stage,
        by=factories.UserFactory(verifier=True),
        message="Corrigez.",
        remarks=dict.fromkeys(codes, "À revoir."),
        due_at=desk.stage.stage.closes_at or desk.stage.created_at,
        opens_everything=True,
    )


# What remains above the ceiling writes: the line of the audit log is one of them, what is to be appraised another.
WRITES = {"save one answer": 12, "transmit": 24}


def test_every_screen_costs_the_same_at_1_3_and_30_rows() -> None:
    small, medium, large = (costs(size) for size in (1, 3, 30))
    assert small == medium == large
    assert {name: count for name, count in large.items() if count > WRITES.get(name, CEILING)} == {}


@contextmanager
def nothing_written() -> Any:
    """PostgreSQL refuses any write in this transaction."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL transaction_read_only = on")
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize("status", factories.BUILDERS)
def test_a_get_writes_nothing(status: str) -> None:
    """But a download, which leaves its line in the audit log (Q57): the log is no business of the page."""
    stage = factories.BUILDERS[status]()
    client = pages.owner(stage)
    colleague = factories.referent(stage.dossier.legal_entity)
    addresses = [
        reverse("dossiers:home"),
        reverse("dossiers:dashboard"),
        reverse("dossiers:create"),
        reverse("dossiers:transfer", args=[colleague.public_id]),
        pages.url("form", stage),
        pages.url("recap", stage),
    ]
    with nothing_written():
        for address in addresses:
            assert client.get(address).status_code in {200, 302}, address


def test_the_guard_of_these_tests_does_refuse_a_write() -> None:
    stage = factories.draft()
    with pytest.raises(Exception, match="read-only"), nothing_written():
        factories.save(stage, comment={"value": "Un mot"})
