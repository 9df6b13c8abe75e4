"""The promises of the sign-in when requests arrive at once, on PostgreSQL with real threads: Q1, Q5, Q7, Q9, Q32."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.tokens import default_token_generator
from django.db import connections
from django.test import Client

from accounts import workflow
from accounts.hashers import FastArgon2id
from accounts.models import EmailCode, Representation, Session, User
from notifications.models import Email
from tests.accounts.factories import UserFactory
from tests.accounts.sessions import CODE, SIGN_IN, give_password
from tests.establishments.factories import LegalEntityFactory

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """Run each call in a thread of its own, all released together; their results, in order."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


class CountingHasher(FastArgon2id):
    """Counts the comparisons really made: rows that lose an update could not."""

    comparisons: list[str] = []

    def verify(self, password: str, encoded: str) -> bool:
        self.comparisons.append(password)
        return super().verify(password, encoded)


@pytest.fixture
def comparisons(settings) -> list[str]:
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    CountingHasher.comparisons.clear()
    return CountingHasher.comparisons


def same_browser(client: Client) -> Client:
    copy = Client()
    copy.cookies["sessionid"] = client.cookies["sessionid"].value
    return copy


def signed_in_sessions() -> int:
    return sum("_auth_user_id" in session.get_decoded() for session in Session.objects.all())


def test_one_code_posted_eight_times_at_once_opens_one_session():
    """Q1: 15 rounds."""
    for _ in range(15):
        user, client = UserFactory(), Client()
        code = give_password(client, user)
        posts = [partial(same_browser(client).post, CODE, {"code": code}) for _ in range(8)]
        answers = at_once(posts)
        opened = [answer for answer in answers if answer.status_code == 302 and answer.url == "/tableau-de-bord/"]
        assert len(opened) == 1
        assert all(answer.status_code < 500 for answer in answers)
        assert signed_in_sessions() == 1
        replay = same_browser(client).post(CODE, {"code": code})
        assert replay.status_code != 302 or replay.url == SIGN_IN
        assert signed_in_sessions() == 1
        Session.objects.all().delete()


def test_thirty_wrong_codes_at_once_are_evaluated_five_times_at_most(comparisons):
    """Q5: then the code is void, and a new sign-in works."""
    user, client = UserFactory(), Client()
    code = give_password(client, user)
    wrong = [f"{(int(code) + n) % 1_000_000:06d}" for n in range(1, 31)]
    browsers = [same_browser(client) for _ in wrong]
    comparisons.clear()
    answers = at_once(
        [lambda pair=pair: pair[0].post(CODE, {"code": pair[1]}) for pair in zip(browsers, wrong, strict=True)]
    )
    assert all(answer.status_code == 200 for answer in answers)
    assert len(comparisons) == 5
    device = EmailCode.objects.get(user=user)
    assert device.failures == 5
    assert device.throttling_failure_count == 5
    assert device.digest == ""
    assert same_browser(client).post(CODE, {"code": code}).status_code == 200
    assert signed_in_sessions() == 0
    newcomer = Client()
    newcomer.post(CODE, {"code": give_password(newcomer, user)})
    assert signed_in_sessions() == 1


def test_a_hundred_wrong_passwords_from_ten_addresses_are_evaluated_ten_times_at_most(comparisons):
    """Q7, ten by ten at once, by user name and by e-mail address in turn: five of each."""
    user = UserFactory()

    def attempt(n: int) -> int:
        identifier = user.username if n % 2 else user.email.upper()
        browser = Client(REMOTE_ADDR=f"192.0.2.{n % 10 + 1}", HTTP_USER_AGENT=f"agent {n}")
        return browser.post(SIGN_IN, {"username": identifier, "password": f"essai numéro {n}"}).status_code

    answers = []
    for start in range(0, 100, 10):
        answers += at_once([lambda n=n: attempt(n) for n in range(start, start + 10)])
    assert len(comparisons) == 10
    # django-axes counts what was evaluated, and nothing during the pause.
    assert sum(AccessAttempt.objects.values_list("failures_since_start", flat=True)) == 10
    assert answers.count(200) == 8
    assert answers.count(429) == 92


def test_codes_asked_for_at_once_are_counted():
    """Q6."""
    user, client = UserFactory(), Client()
    give_password(client, user)
    EmailCode.objects.update(recent_codes=[])
    browsers = [same_browser(client) for _ in range(6)]
    at_once([lambda browser=browser: browser.post("/connexion/code/nouveau/") for browser in browsers])
    assert Email.objects.filter(kind="code").count() == 2


def test_a_registration_sent_twice_at_once_creates_one_account_and_sends_one_message():
    """Q32."""
    legal_entity = LegalEntityFactory()
    for n in range(5):
        identity = workflow.Identity(
            public_id=uuid.UUID(int=n + 1),
            username=f"personne{n}",
            email=f"personne{n}@exemple.fr",
            civility="madame",
            first_name="Camille",
            last_name="Martin",
            phone="+33101010101",
        )
        at_once(
            [
                lambda identity=identity: workflow.register(
                    identity, password_hash="!", legal_entity=legal_entity, establishment_type="essms"
                )
            ]
            * 4
        )
    assert User.objects.count() == Representation.objects.count() == 5
    assert list(Email.objects.values_list("kind", flat=True)) == ["activation"] * 5


def test_two_registrations_of_one_user_name_at_once_create_one_account():
    legal_entity = LegalEntityFactory()

    def register(n: int) -> None:
        identity = workflow.Identity(
            public_id=uuid.UUID(int=n + 1),
            username="Marie",
            email=f"marie{n}@exemple.fr",
            civility="madame",
            first_name="Marie",
            last_name="Durand",
            phone="+33101010101",
        )
        workflow.register(identity, password_hash="!", legal_entity=legal_entity, establishment_type="essms")

    at_once([lambda n=n: register(n) for n in range(4)])
    assert User.objects.count() == 1
    kinds = sorted(Email.objects.values_list("kind", flat=True))
    assert kinds == ["activation"] + ["username_taken"] * 3


def test_a_password_link_sent_twice_at_once_works_once():
    """Q9."""
    user = UserFactory()
    token = default_token_generator.make_token(user)
    address = f"/mot-de-passe/nouveau/{user.public_id}/{token}/"
    passwords = [f"quatre mots sans rapport {n}" for n in range(4)]
    answers = at_once(
        [
            lambda password=password: Client().post(address, {"new_password1": password, "new_password2": password})
            for password in passwords
        ]
    )
    assert sorted(answer.status_code for answer in answers) == [302, 410, 410, 410]
    user.refresh_from_db()
    assert [user.check_password(password) for password in passwords].count(True) == 1
    assert Email.objects.filter(kind="password_changed").count() == 1


def test_an_establishment_added_twice_at_once_is_added_once():
    """Q32."""
    user, legal_entity = UserFactory(), LegalEntityFactory()
    at_once([lambda: workflow.add_establishment(user, legal_entity, "essms", by=user)] * 4)
    assert Representation.objects.filter(user=user).count() == 1
