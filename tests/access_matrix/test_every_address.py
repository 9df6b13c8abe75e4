"""Who may open what: every address of the portal × every role × method (Q18).

An address missing from the table fails the test: whoever adds one says here who it is for.
"""

from typing import Any

from django.db import transaction

from dossiers.models import Dossier, DossierStage
from tests.access_matrix.answers import outcome
from tests.access_matrix.roles import ROLES, SIGN_IN, Outcome, Row
from tests.access_matrix.scene import Scene
from tests.access_matrix.table import OURS, ROOMS, TABLE

#: What leaves nothing behind.
REFUSED = {SIGN_IN, 404, 405}


def test_every_address_is_in_the_table_once() -> None:
    assert sorted(name for room in ROOMS for name in room) == sorted(OURS)


def test_asking_for_the_head_of_a_page_is_reading_it_without_its_body(scene: Scene) -> None:
    """HEAD, once an address: as somebody who may read it. The other methods are refused at the door of them all
    (tests/ecare/test_headers.py)."""
    before = state()
    browsers = {role: scene.client(role) for role in ROLES}
    for name in OURS:
        expected = TABLE[name][0]
        role = next((role for role in ROLES if expected[role] == 200), "anonymous")
        response = browsers[role].head(scene.url(name))
        assert response.status_code == (expected[role] if isinstance(expected[role], int) else 302), f"{role} {name}"
        assert not getattr(response, "content", b""), name
        for close in response._resource_closers:  # what a server does; `close()` would end this test's connection
            close()
    assert before == state()


def test_every_address_answers_each_role_as_the_table_says(scene: Scene) -> None:
    """Q18. Nothing but a POST that the table allows changes a dossier. Those that act are undone one by one, the others
    an address at a time: what they refuse leaves nothing to undo."""
    before = state()
    wrong = []

    def asked(role: str, method: str, name: str, expected: Row) -> Outcome:
        found = outcome(
            getattr(scene.client(role), method)(scene.url(name), scene.data(name) if method == "post" else None)
        )
        if found != expected.get(role):
            wrong.append(f"{role} {method} {name}: {found} instead of {expected.get(role)}")
        return found

    for name in OURS:
        get, post = TABLE.get(name, ({}, {}))
        refused = [role for role in ROLES if post.get(role) in REFUSED]
        whole = transaction.savepoint()
        for role in ROLES:
            asked(role, "get", name, get)
        for role in refused:
            asked(role, "post", name, post)
        if before != state():
            wrong.append(f"{name}: a GET, or a POST refused to {refused}, changes a dossier")
        transaction.savepoint_rollback(whole)
        for role in ROLES:
            if role in refused:
                continue
            attempt = transaction.savepoint()
            found = asked(role, "post", name, post)
            acts = str(found).startswith("→dossiers:") or (name, found) == ("dossiers:answer", 200)
            if not acts and before != state():
                wrong.append(f"{role} post {name}: answers {found} and changes a dossier")
            transaction.savepoint_rollback(attempt)
    assert not wrong


def state() -> list[Any]:
    return [*Dossier.objects.values_list(), *DossierStage.objects.values_list()]
