"""Nobody learns from the time of an answer who has an account (Q8), nor from an SMTP server that refuses."""

import uuid
from itertools import count
from statistics import median
from time import process_time

import pytest
from django.test import Client

from tests.accounts.factories import UserFactory
from tests.accounts.registering import RECAP, fill

pytestmark = pytest.mark.django_db
TRIES = 100
LIMIT = 20  # ms


def gap(one, other) -> float:
    """Milliseconds of the processor between the medians of two acts, tried in turn: a busy machine changes nothing of
    it. What waits instead of working would be an e-mail, which the page does not send."""
    times: tuple[list[float], list[float]] = ([], [])
    for n in range(TRIES // 2):
        for act, kept in zip((one, other), times, strict=True):
            start = process_time()
            act(n)
            kept.append(process_time() - start)
    return abs(median(times[0]) - median(times[1])) * 1000


def address(n: int) -> str:
    return f"192.0.2.{n % 200 + 1}"


@pytest.fixture(params=["smtp answers", "smtp refuses"])
def mail(request, settings):
    """E-mails leave with a worker, never with the page: a server that refuses is no slower."""
    if request.param == "smtp refuses":
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9


def test_signing_in(settings):
    """A wrong password, which sends nothing to anybody."""
    settings.PASSWORD_HASHERS = ["accounts.hashers.Argon2id"]
    people = [UserFactory() for _ in range(20)]

    def attempt(username: str, n: int) -> None:
        browser = Client(REMOTE_ADDR=address(n))
        assert browser.post("/connexion/", {"username": username, "password": "une erreur"}).status_code in {200, 429}

    assert gap(lambda n: attempt(people[n % 20].username, n), lambda n: attempt(f"inconnu{n % 20}", n)) <= LIMIT


def test_asking_for_a_link(mail):
    people = [UserFactory() for _ in range(TRIES)]

    def ask(email: str, n: int) -> None:
        browser = Client(REMOTE_ADDR=address(n))
        assert browser.post("/mot-de-passe/oublie/", {"email": email}).status_code == 302

    assert gap(lambda n: ask(people[n].email, n), lambda n: ask(f"inconnu{n}@exemple.fr", n)) <= LIMIT


def test_registering(mail, legal_entity):
    taken = UserFactory()
    first, numbers = Client(), count()
    fill(first, legal_entity, username="modele", email="modele@exemple.fr")
    filled = dict(first.session.items())

    def register(email: str, n: int) -> None:
        browser = Client(REMOTE_ADDR=address(n))
        typed = {**filled["registration"], "public_id": uuid.uuid4().hex}
        typed["person"] = {**typed["person"], "email": email, "username": f"nouveau{next(numbers)}"}
        session = browser.session
        session.update({**filled, "registration": typed})
        session.save()
        assert browser.post(RECAP).url == "/inscription/confirmation/"

    assert gap(lambda n: register(taken.email, n), lambda n: register(f"n{next(numbers)}@exemple.fr", n)) <= LIMIT
