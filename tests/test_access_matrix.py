"""Who may open what: every address of the portal × every role × GET and POST (Q18 to Q20).

An address missing from the table fails the test: whoever adds one says here who it is for.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, resolve, reverse
from django.utils import timezone

from accounts.models import User
from dossiers import kinds, workflow
from dossiers.models import Attachment, Dossier, DossierStage
from tests.accounts.factories import UserFactory
from tests.accounts.sessions import give_password
from tests.dossiers import factories
from tests.establishments.factories import RegionFactory

pytestmark = pytest.mark.django_db

NOBODY = ("anonymous", "half")  # half: password given, code awaited
REFERENTS = ("referent", "colleague", "former")
READERS = ("verifier", "regional", "lead")  # the instructor of the région may read the POC, not decide
INSTRUCTORS = (*READERS, "outside")
DECIDERS = ("verifier", "lead")
STAFF = (*INSTRUCTORS, "admin")
SIGNED_IN = (*REFERENTS, *STAFF)
ROLES = (*NOBODY, *SIGNED_IN)
SIGN_IN = "→accounts:sign-in"

Outcome = int | str
Row = dict[str, Outcome]


def everybody(outcome: Outcome) -> Row:
    return dict.fromkeys(ROLES, outcome)


def only(*roles: str, outcome: Outcome = 200, others: Outcome = 404) -> Row:
    """That outcome for these roles; nobody is known before the code is given."""
    return {**dict.fromkeys(NOBODY, SIGN_IN), **dict.fromkeys(SIGNED_IN, others), **dict.fromkeys(roles, outcome)}


def at_home(nobody: Outcome) -> Row:
    """What someone signed in has no use for leads to one's own page."""
    return {
        **dict.fromkeys(NOBODY, nobody),
        **dict.fromkeys(REFERENTS, "→dossiers:dashboard"),
        **dict.fromkeys(INSTRUCTORS, "→dossiers:instruction-list"),
        "admin": "→admin:index",
    }


NO_POST = only(outcome=405, others=405)
PUBLIC = (everybody(200), everybody(405))
TO_CODE: Row = {**at_home(200), "anonymous": SIGN_IN}

#: Address → (GET, POST). A POST is sent complete and right: see `Scene.data`.
TABLE: dict[str, tuple[Row, Row]] = {
    "healthz": PUBLIC,
    "readyz": PUBLIC,
    "ecare:accessibility": PUBLIC,
    "ecare:legal-notice": PUBLIC,
    "ecare:personal-data": PUBLIC,
    "ecare:cookies": PUBLIC,
    "ecare:site-map": PUBLIC,
    "funding:simulator": PUBLIC,
    "dossiers:home": PUBLIC,
    "accounts:terms": PUBLIC,
    "accounts:register": (at_home(200), at_home(200)),
    "accounts:register-establishment": (everybody("→accounts:register"), everybody("→accounts:register")),
    "accounts:register-pick": (everybody("→accounts:register"), everybody("→accounts:register")),
    "accounts:register-sites": (everybody("→accounts:register"), everybody("→accounts:register")),
    "accounts:register-recap": (everybody("→accounts:register"), everybody("→accounts:register")),
    "accounts:register-done": PUBLIC,
    "accounts:activation-again": (everybody(200), everybody("→accounts:activation-sent")),
    "accounts:activation-sent": PUBLIC,
    "accounts:activate": (everybody(410), everybody(410)),
    "accounts:sign-in": (at_home(200), at_home(200)),
    "accounts:code": (TO_CODE, TO_CODE),
    "accounts:resend-code": (everybody(405), {**everybody(SIGN_IN), "half": "→accounts:code"}),
    "accounts:sign-out": (everybody(405), everybody("→dossiers:home")),
    "accounts:accept-terms": (at_home(SIGN_IN), at_home(SIGN_IN)),
    "accounts:password-reset": (everybody(200), everybody("→accounts:password-reset-sent")),
    "accounts:password-reset-sent": PUBLIC,
    "accounts:password-reset-confirm": (everybody(410), everybody(410)),
    "accounts:account": (only(*SIGNED_IN), NO_POST),
    "accounts:password-change": (only(*SIGNED_IN), only(*SIGNED_IN)),
    "accounts:add-establishment": (only(*REFERENTS), only(*REFERENTS)),
    "accounts:add-establishment-pick": (
        only(*REFERENTS, outcome="→accounts:add-establishment"),
        only(*REFERENTS, outcome="→accounts:add-establishment"),
    ),
    "accounts:add-establishment-sites": (
        only(*REFERENTS, outcome="→accounts:add-establishment"),
        only(*REFERENTS, outcome="→accounts:add-establishment"),
    ),
    "accounts:colleague": (only(*REFERENTS), NO_POST),
    "dossiers:dashboard": (only(*REFERENTS), NO_POST),
    "dossiers:create": (only(*REFERENTS), only(*REFERENTS)),
    # The page is everybody's who has this colleague; the dossier is its référent's alone.
    "dossiers:transfer": (only(*REFERENTS), only(*REFERENTS) | {"referent": "→dossiers:dashboard"}),
    "dossiers:form": (only("referent"), only("referent", outcome="→dossiers:form")),
    "dossiers:estimate": (NO_POST, only("referent")),
    "dossiers:recap": (only("referent"), NO_POST),
    "dossiers:transmit": (NO_POST, only("referent", outcome="→dossiers:form")),
    "dossiers:receipt": (only("referent"), NO_POST),
    "dossiers:file": (only("referent"), NO_POST),
    "dossiers:template-file": (only("referent"), NO_POST),
    "dossiers:instruction-list": (only(*INSTRUCTORS), NO_POST),
    "dossiers:instruction-dossier": (only(*READERS), NO_POST),
    "dossiers:instructed-file": (only(*READERS), NO_POST),
    "dossiers:request-modification": (only(*DECIDERS), only(*DECIDERS, outcome="→dossiers:instruction-dossier")),
    "dossiers:validate": (only(*DECIDERS), only(*DECIDERS, outcome="→dossiers:instruction-dossier")),
    "dossiers:reject": (only(*DECIDERS), only(*DECIDERS, outcome="→dossiers:instruction-dossier")),
    "dossiers:reopen": (only("lead"), only("lead", outcome="→dossiers:instruction-dossier")),
}
DECISIONS = ("request-modification", "validate", "reject", "reopen")
OPEN_TO_ALL = {
    "healthz",
    "readyz",
    "admin:login",
    *(name for name, (get, post) in TABLE.items() if SIGN_IN not in (get["anonymous"], post["anonymous"])),
    "accounts:code",
    "accounts:resend-code",
}


def patterns(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            inner = ":".join(part for part in (namespace, each.namespace) if part)
            yield from patterns(each, inner)
        else:
            yield ":".join(part for part in (namespace, each.name or "") if part), each


PATTERNS = dict(patterns(get_resolver()))
OURS = [name for name in PATTERNS if not name.startswith("admin")]


@dataclass
class Scene:
    """A dossier of the POC in the three states that its addresses suppose, and everybody around it."""

    people: dict[str, User]
    awaited: User
    asked: DossierStage  # a modification is asked of the référent
    transmitted: DossierStage
    validated: DossierStage

    def __post_init__(self) -> None:
        half = Client()
        give_password(half, self.awaited)
        browsers = {"half": half, **{role: factories.signed_in(person) for role, person in self.people.items()}}
        self.sessions = {role: browser.cookies["sessionid"].value for role, browser in browsers.items()}

    def client(self, role: str) -> Client:
        client = Client()
        if role in self.sessions:
            client.cookies["sessionid"] = self.sessions[role]
        return client

    def stage_of(self, name: str) -> DossierStage:
        match name.removeprefix("dossiers:"):
            case "reopen":
                return self.validated
            case "instruction-dossier" | "instructed-file" | "request-modification" | "validate" | "reject":
                return self.transmitted
            case _:
                return self.asked

    def url(self, name: str) -> str:
        stage = self.stage_of(name)
        values: dict[str, Any] = {
            "reference": stage.dossier.reference,
            "public_id": self.people["colleague_of_all"].public_id,
            "number": 1,
            "code": "poc-essms-cadre-de-reponse",
            "token": "aucun",
        }
        if name in {"dossiers:file", "dossiers:instructed-file"}:
            values["public_id"] = self.attachment(stage).public_id
        return reverse(name, kwargs={key: values[key] for key in PATTERNS[name].pattern.converters})

    def attachment(self, stage: DossierStage) -> Attachment:
        return stage.attachments.get(code="bank")

    def data(self, name: str) -> dict[str, Any]:
        """What a person in her right would post."""
        next_week = timezone.localdate() + dt.timedelta(days=7)
        posts: dict[str, dict[str, Any]] = {
            "accounts:activation-again": {"email": "personne@exemple.fr"},
            "accounts:password-reset": {"email": "personne@exemple.fr"},
            "dossiers:form": {"comment-base": kinds.digest({}), "comment-value": "Un mot", "draft": "1"},
            "dossiers:transmit": {"seen": factories.seen(self.asked)} if name == "dossiers:transmit" else {},
            "dossiers:transfer": {"dossiers": [self.asked.dossier.reference]},
            "dossiers:request-modification": {"message": "Complétez.", "due_on": next_week, "read": 1},
            "dossiers:validate": {"read": 1},
            "dossiers:reject": {"reason": "Hors périmètre.", "read": 1},
            "dossiers:reopen": {"reason": "Erreur de lecture.", "read": 1},
        }
        return posts.get(name, {})


@pytest.fixture
def scene() -> Scene:
    former = factories.referent(factories.entity())
    entities = [former.representations.get().legal_entity]
    builders = [factories.modification_requested, factories.transmitted, factories.validated]
    stages = [builder(by=former, stage=factories.poc(), legal_entity=entities[0]) for builder in builders[:1]]
    for builder in builders[1:]:
        # One dossier an EJ and a guichet: the others are of other EJ of the same people.
        entity = factories.entity()
        factories.RepresentationFactory(user=former, legal_entity=entity, is_primary=False)
        entities.append(entity)
        stages.append(builder(by=former, legal_entity=entity))
    owner, colleague, everyone = (factories.referent(entities[0]) for _ in range(3))
    for person in (owner, colleague, everyone):
        for entity in entities[1:]:
            factories.RepresentationFactory(user=person, legal_entity=entity, is_primary=False)
    workflow.transfer(stages, by=former, to=owner)
    people = {
        "referent": owner,
        "colleague": colleague,
        "former": former,
        "verifier": UserFactory(verifier=True),
        "regional": UserFactory(regional=True, regions=[entities[0].region]),
        "outside": UserFactory(regional=True, regions=[RegionFactory(code="94")]),
        "lead": UserFactory(lead=True),
        "admin": UserFactory(admin=True),
        "colleague_of_all": everyone,
    }
    return Scene(people, UserFactory(), *[factories.fresh(stage) for stage in stages])


def outcome(response: HttpResponse) -> Outcome:
    if getattr(response, "streaming", False):
        assert b"".join(response.streaming_content)  # type: ignore[attr-defined]
    if response.status_code != 302:
        return response.status_code
    return f"→{resolve(response['Location'].partition('?')[0].partition('#')[0]).view_name}"


def test_every_address_is_in_the_table() -> None:
    assert set(OURS) == set(TABLE)


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
                if changed and not (method == "post" and str(found).startswith("→dossiers:")):
                    wrong.append(f"{role} {method} {name}: answers {found} and changes a dossier")
                transaction.savepoint_rollback(attempt)
    assert not wrong


def test_a_session_opened_without_a_code_opens_nothing(scene: Scene) -> None:
    """A4: whatever made that session, it ends there."""
    behind = [name for name in OURS if TABLE[name][0]["anonymous"] == SIGN_IN]
    for person in (scene.awaited, *(scene.people[role] for role in ("referent", "lead", "admin"))):
        for name in behind:
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
            found = {outcome(client.get(url)), outcome(client.post(url))}
            assert found <= ({404, 405} if role in SIGNED_IN else {SIGN_IN, "→admin:login"}), f"{role} {url}: {found}"
    assert scene.client("admin").get(reverse("admin:index")).status_code == 200


def body(response: HttpResponse) -> str:
    """A page without what differs at each request."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())


def test_what_is_someone_else_s_looks_like_what_does_not_exist(scene: Scene) -> None:
    """Q19: the same page, to the byte."""
    unknown = "ABCDEFGH23"
    compared = 0
    for role in SIGNED_IN:
        client = scene.client(role)
        for name in OURS:
            reference = scene.stage_of(name).dossier.reference
            if "reference" not in PATTERNS[name].pattern.converters or TABLE[name][0][role] != 404:
                continue
            url = scene.url(name)
            refused, absent = client.get(url), client.get(url.replace(reference, unknown))
            malformed = client.get(url.replace(reference, "abc%00"))
            assert {refused.status_code, absent.status_code, malformed.status_code} == {404}, f"{role} {name}"
            assert body(refused) == body(absent) == body(malformed), f"{role} {name}"
            compared += 1
    assert compared > 50


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
    for name in ("dossiers:form", "dossiers:estimate", "dossiers:transfer", "accounts:password-change"):
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
