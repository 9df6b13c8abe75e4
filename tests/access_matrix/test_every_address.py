"""Who may open what: every address of the portal × every role × method (Q18).

An address missing from the table fails the test: whoever adds one says here who it is for.
"""

from django.db import transaction

from dossiers.models import Dossier, DossierStage
from tests.access_matrix.answers import outcome
from tests.access_matrix.roles import ROLES
from tests.access_matrix.scene import Scene
from tests.access_matrix.table import OURS, ROOMS, TABLE


def test_every_address_is_in_the_table_once() -> None:
    assert sorted(name for room in ROOMS for name in room) == sorted(OURS)


def test_asking_for_the_head_of_a_page_is_reading_it_without_its_body(scene: Scene) -> None:
    """HEAD, once an address: as somebody who may read it. The other methods are refused at the door of them all
    (tests/ecare/test_headers.py)."""
    before = [*Dossier.objects.values_list(), *DossierStage.objects.values_list()]
    browsers = {role: scene.client(role) for role in ROLES}
    for name in OURS:
        expected = TABLE[name][0]
        role = next((role for role in ROLES if expected[role] == 200), "anonymous")
        response = browsers[role].head(scene.url(name))
        assert response.status_code == (expected[role] if isinstance(expected[role], int) else 302), f"{role} {name}"
        assert not getattr(response, "content", b""), name
        for close in response._resource_closers:  # what a server does; `close()` would end this test's connection
            close()
    assert before == [*Dossier.objects.values_list(), *DossierStage.objects.values_list()]


def test_every_address_answers_each_role_as_the_table_says(scene: Scene) -> None:
    """Q18. Nothing but a POST that the table allows changes a dossier."""
    before = [*Dossier.objects.values_list(), *DossierStage.objects.values_list()]
    wrong = []
    for name in OURS:
        url, data = scene.url(name), scene.data(name)
        for method, expected in zip(("get", "post"), TABLE.get(name, ({}, {})), strict=True):
            for role in ROLES:
                attempt = transaction.savepoint()
                found = outcome(getattr(scene.client(role), method)(url, data if method == "post" else None))
                if found != expected.get(role):
                    wrong.append(f"{role} {method} {name}: {found} instead of {expected.get(role)}")
                changed = before != [*Dossier.objects.values_list(), *DossierStage.objects.values_list()]
                acts = str(found).startswith("→dossiers:") or (name, found) == ("dossiers:answer", 200)
                if changed and not (method == "post" and acts):
                    wrong.append(f"{role} {method} {name}: answers {found} and changes a dossier")
                transaction.savepoint_rollback(attempt)
    assert not wrong
