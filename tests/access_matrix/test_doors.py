"""What no role goes around (A4, Q19, Q20), and the administration, which is one door for all of its addresses."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import NoReverseMatch, reverse

from accounts.models import User
from dossiers.models import Dossier, DossierStage
from tests.access_matrix.answers import outcome
from tests.access_matrix.roles import ROLES, SIGN_IN, SIGNED_IN
from tests.access_matrix.scene import Scene
from tests.access_matrix.table import OPEN_TO_ALL, OURS, PATTERNS, TABLE
from tests.dossiers import factories


def test_a_session_opened_without_a_code_opens_nothing(scene: Scene) -> None:
    """A4: whatever made that session, it ends there."""
    behind = [name for name in OURS if TABLE[name][0]["anonymous"] == SIGN_IN]
    everywhere = [(scene.awaited, name) for name in behind]
    # Whoever it is: the rule looks at the session before the role.
    homes = (
        "dossiers:dashboard",
        "dossiers:instruction-list",
        "accounts:account",
        "dossiers:form",
        "dossiers:validate",
    )
    others = [(scene.people[role], name) for role in ("referent", "lead", "admin") for name in homes]
    for person, name in everywhere + others:
        client = Client()
        client.force_login(person)
        assert outcome(client.get(scene.url(name))) == SIGN_IN, f"{person.role} {name}"


def test_the_views_open_to_all_are_these() -> None:
    found = {name for name, pattern in PATTERNS.items() if not getattr(pattern.callback, "login_required", True)}
    assert found == OPEN_TO_ALL


def test_the_administration_is_for_administrators(scene: Scene) -> None:
    """One rule for all of it: any other role learns nothing, not even what exists."""
    urls = {reverse("admin:index"), "/admin/autre-chose/", "/admin/dossiers/"}
    for name, pattern in PATTERNS.items():
        if name.startswith("admin:"):
            try:
                urls.add(reverse(name, kwargs=dict.fromkeys(pattern.pattern.converters, "1")))
            except NoReverseMatch:
                continue
    assert len(urls) > 40
    some = {reverse("admin:index"), reverse("admin:accounts_user_changelist"), reverse("admin:app_list", args=["axes"])}
    for role in (role for role in ROLES if role != "admin"):
        client = scene.client(role)
        # One role sees it all refused, the others are like it.
        for url in urls if role == "lead" else some:
            found = {outcome(client.get(url))}
            if url in some or 405 in found:  # what refuses a person does not look at the method
                found |= {outcome(client.post(url))}
            assert found <= ({404, 405} if role in SIGNED_IN else {SIGN_IN, "→admin:login"}), f"{role} {url}: {found}"
    assert outcome(scene.client("admin").get(reverse("admin:index"))) == 200


def body(response: HttpResponse) -> str:
    """A page without what differs at each request."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())


def test_what_is_someone_else_s_looks_like_what_does_not_exist(scene: Scene) -> None:
    """Q19: the same page, to the byte."""
    unknown = "ABCDEFGH23"
    compared = 0
    clients = {role: scene.client(role) for role in SIGNED_IN}
    for name in OURS:
        strangers = [role for role in SIGNED_IN if TABLE[name][0][role] == 404]
        if "reference" not in PATTERNS[name].pattern.converters or not strangers:
            continue
        url, reference = scene.url(name), scene.stage_of(name).dossier.reference
        # The page of what does not exist is the same for all, whom it does not name.
        absent = clients[strangers[0]].get(url.replace(reference, unknown))
        malformed = clients[strangers[-1]].get(url.replace(reference, "abc%00"))
        for response in (absent, malformed, *(clients[role].get(url) for role in strangers)):
            assert response.status_code == 404, name
            assert body(response) == body(absent), name
            compared += 1
    assert compared > 150


def test_fields_that_a_form_does_not_ask_change_nothing(scene: Scene) -> None:
    """Q20."""
    client, intruder = scene.client("referent"), scene.people["colleague"]
    extra = {
        "id": scene.transmitted.pk,
        "pk": scene.transmitted.pk,
        "status": "validated",
        "referent": intruder.pk,
        "by": intruder.pk,
        "to": intruder.pk,
        "reference": "AAAAAAAAAA",
        "legal_entity": 1,
        "guichet": 1,
        "revision": 1,
        "due_at": "2099-01-01",
        "decided_at": "2026-01-01",
        "role": "admin",
        "is_active": "",
        "is_staff": "on",
        "contact_ciso-base": "",
        "contact_ciso-last_name": "Intrus",
        "nowhere-base": "",
        "nowhere-value": "Intrus",
        "comment-number": "7",
    }
    frozen = ["id", "status", "referent_id", "reference", "legal_entity_id", "guichet_id", "revision_id", "due_at"]

    def state() -> list[Any]:
        rows = [*Dossier.objects.order_by("pk").values(), *DossierStage.objects.order_by("pk").values()]
        people = list(User.objects.order_by("pk").values_list("pk", "role", "is_active"))
        return [*[{key: row[key] for key in frozen if key in row} for row in rows], people]

    before = state()
    for name in ("dossiers:form", "dossiers:answer", "dossiers:transfer", "accounts:password-change"):
        data = {**scene.data(name), **extra}
        if name == "dossiers:transfer":
            data["dossiers"] = []
        client.post(scene.url(name), data)
        assert state() == before, name
    answers = scene.asked.answers
    assert answers.get(code="contact_ciso").raw["last_name"] == "Durand"
    assert not answers.filter(code="nowhere").exists()
    assert answers.get(code="comment").raw == {"value": "Un mot"}
    client.post(scene.url("dossiers:transmit"), {"seen": factories.seen(scene.asked), **extra})
    after = factories.fresh(scene.asked)
    assert (after.status, after.dossier.referent) == ("transmitted", scene.people["referent"])
    assert after.transmissions.latest("number").by == scene.people["referent"]


def test_a_dossier_is_created_with_what_the_portal_decides(scene: Scene) -> None:
    """Q20."""
    entity = factories.entity()
    person = factories.referent(entity)
    representation = person.representations.get()
    extra = {"reference": "AAAAAAAAAA", "referent": scene.people["lead"].pk, "status": "validated", "legal_entity": 1}
    response = factories.signed_in(person).post(
        reverse("dossiers:create"), {"stage": factories.poc().pk, "establishment": representation.pk, **extra}
    )
    dossier = Dossier.objects.get(legal_entity=entity)
    assert response["Location"] == reverse("dossiers:form", args=[dossier.reference])
    assert (dossier.referent, dossier.stages.get().status) == (person, "draft")
    assert dossier.reference != "AAAAAAAAAA"
