"""More sign-ins than the machine can check are refused politely, and the others go on (Q55)."""

import threading

import pytest

from accounts import hashers
from ecare.gate import Busy, Gate
from tests.accounts.factories import PASSWORD, UserFactory
from tests.accounts.sessions import CODE, SIGN_IN


def test_one_runs_some_wait_and_the_next_is_told_at_once():
    gate = Gate(at_once=1, waiting=2, patience=5)
    release, running, done = threading.Event(), threading.Event(), []

    def hold() -> None:
        with gate:
            running.set()
            release.wait(5)
            done.append(1)

    threads = [threading.Thread(target=hold) for _ in range(3)]
    threads[0].start()
    assert running.wait(5)
    for thread in threads[1:]:
        thread.start()
    for _ in range(500):  # until the two have taken their place
        if gate._room._value == 0:
            break
        threading.Event().wait(0.01)
    with pytest.raises(Busy), gate:
        pass
    release.set()
    for thread in threads:
        thread.join(5)
    assert len(done) == 3
    with gate:  # everything was given back
        pass


def test_nobody_waits_longer_than_the_patience():
    gate = Gate(at_once=1, waiting=1, patience=0.05)
    with gate, pytest.raises(Busy), gate:
        pass
    with gate:
        pass


@pytest.mark.django_db
def test_a_sign_in_in_excess_gets_a_page_that_says_so_and_counts_for_nothing(client, monkeypatch, caplog):
    """Nor is it an error in the log, which would wake somebody up."""
    user = UserFactory()
    monkeypatch.setattr(hashers, "GATE", Gate(at_once=1, waiting=0, patience=0))
    with hashers.GATE:
        for _ in range(6):
            refused = client.post(SIGN_IN, {"username": user.username, "password": PASSWORD})
            assert (refused.status_code, refused["Retry-After"]) == (503, "5")
        assert "Beaucoup de connexions en ce moment" in refused.content.decode()
        assert client.get(SIGN_IN).status_code == 200
    lines = {(line.name, line.levelname) for line in caplog.records if getattr(line, "status_code", 0) == 503}
    assert lines == {("django.request", "WARNING")}
    assert client.post(SIGN_IN, {"username": user.username, "password": PASSWORD}).url == CODE
