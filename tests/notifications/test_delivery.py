from __future__ import annotations

import socket
import threading
import time
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from notifications import delivery
from notifications.enums import State
from notifications.models import Email
from tests.notifications.factories import EmailFactory
from tests.notifications.sink import Sink

pytestmark = pytest.mark.django_db


def later(**delay: float) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(**delay), tick=False)


def test_a_waiting_email_leaves_once(sink: Sink) -> None:
    email = EmailFactory.create()
    assert delivery.sweep() == 1
    assert delivery.sweep() == 0
    email.refresh_from_db()
    assert (email.state, email.attempts, email.next_attempt_at) == (State.SENT, 1, None)
    assert email.sent_at is not None
    assert sink.message_ids == [email.message_id]


def test_what_arrives_is_text_and_html_from_the_sender_without_an_answer(sink: Sink, settings: Settings) -> None:
    email = EmailFactory.create(subject="Dossier n°\u00a0NSCQGGBPCA transmis à l'ANS")
    delivery.sweep()
    message = sink.received[0]
    assert message["From"] == settings.SENDER
    assert message["To"] == email.to
    assert message["Subject"] == email.subject
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == email.message_id
    assert message.get_content_type() == "multipart/alternative"
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert plain.get_content().split() == email.text.split()
    assert html is not None
    assert html.get_content().strip() == email.html


def test_the_sweep_sends_codes_first_then_the_oldest_on_one_connection(sink: Sink) -> None:
    newer = EmailFactory.waiting(timedelta(minutes=1))
    older = EmailFactory.waiting(timedelta(minutes=2))
    code = EmailFactory.create(code=True)
    assert delivery.sweep() == 3
    assert sink.message_ids == [code.message_id, older.message_id, newer.message_id]
    assert sink.connections == 1


def test_what_is_not_due_yet_stays(sink: Sink) -> None:
    EmailFactory.create(next_attempt_at=timezone.now() + timedelta(seconds=5))
    assert delivery.sweep() == 0
    assert sink.received == []


def test_a_sent_code_stands_nowhere_in_clear(sink: Sink) -> None:
    email = EmailFactory.create(code=True)
    delivery.sweep()
    email.refresh_from_db()
    assert (email.state, email.text, email.html) == (State.SENT, "", "")


def test_a_link_that_opens_an_account_is_erased_once_sent_and_the_text_about_a_dossier_kept(sink: Sink) -> None:
    link, dossier = EmailFactory.create(about=""), EmailFactory.create()
    delivery.sweep()
    link.refresh_from_db()
    dossier.refresh_from_db()
    assert (link.text, link.html) == ("", "")
    assert dossier.text.startswith("Bonjour")


@pytest.mark.parametrize(("seconds", "state"), [(599, State.SENT), (600, State.EXPIRED)])
def test_a_code_leaves_during_ten_minutes(sink: Sink, seconds: int, state: State) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        email = EmailFactory.waiting(timedelta(seconds=seconds), code=True)
        delivery.sweep()
    email.refresh_from_db()
    assert (email.state, email.text, email.html) == (state, "", "")
    assert len(sink.contents) == (state == State.SENT)


def test_the_sweep_erases_a_code_that_could_not_leave(sink: Sink) -> None:
    silent = EmailFactory.waiting(timedelta(minutes=11), code=True)
    refused = EmailFactory.waiting(timedelta(minutes=11), code=True, attempts=6, last_error="SMTPDataError")
    assert delivery.sweep() == 0
    for email, state in ((silent, State.EXPIRED), (refused, State.FAILED)):
        email.refresh_from_db()
        assert (email.state, email.text, email.html, email.next_attempt_at) == (state, "", "", None)


def test_refusals_are_tried_again_after_growing_delays_then_given_up(sink: Sink) -> None:
    sink.replies["END"] = b"451 come back later"
    email = EmailFactory.create()
    waits = []
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        while email.next_attempt_at is not None:
            clock.move_to(max(email.next_attempt_at, start))
            tried = timezone.now()
            assert delivery.sweep() == 0
            assert len(sink.contents) == len(waits) + 1
            email.refresh_from_db()
            waits.append(email.next_attempt_at and (email.next_attempt_at - tried).total_seconds() / 60)
    assert waits == [1, 5, 15, 60, 240, 720, None]
    assert email.state == State.FAILED
    assert "451" in email.last_error


def test_a_repeated_refusal_shows_within_fifteen_minutes_while_tries_go_on(sink: Sink) -> None:
    sink.replies["MAIL"] = b"451 not now"
    email = EmailFactory.create()
    for minutes in (0, 1, 6):
        with later(minutes=minutes, seconds=1 + minutes):
            delivery.sweep()
    email.refresh_from_db()
    assert email.state == State.FAILED
    assert email.next_attempt_at is not None
    del sink.replies["MAIL"]
    with later(minutes=30):
        assert delivery.sweep() == 1
    email.refresh_from_db()
    assert (email.state, email.last_error) == (State.SENT, "")


def test_an_address_that_does_not_exist_fails_at_once_and_holds_nothing_up(sink: Sink) -> None:
    sink.unknown.add("parti@exemple.fr")
    lost = EmailFactory.waiting(timedelta(minutes=1), to="parti@exemple.fr")
    EmailFactory.create_batch(3)
    assert delivery.sweep() == 3
    lost.refresh_from_db()
    assert (lost.state, lost.next_attempt_at) == (State.FAILED, None)
    assert "550" in lost.last_error


@pytest.mark.parametrize("address", ["", "sans-arobase", "a@exemple.fr, b@exemple.fr", "a@exemple.fr<x@exemple.org>"])
def test_what_is_not_one_address_reaches_nobody(sink: Sink, address: str) -> None:
    email = EmailFactory.create(to=address)
    delivery.sweep()
    email.refresh_from_db()
    assert email.state == State.FAILED
    assert sink.received == []


def test_a_refused_code_is_tried_again_within_seconds_and_its_error_quotes_nothing(sink: Sink) -> None:
    sink.replies["END"] = b"554 looks like spam: Votre code 123456"
    email = EmailFactory.create(code=True)
    delivery.sweep()
    email.refresh_from_db()
    assert email.last_error == "SMTPDataError"
    assert email.next_attempt_at is not None
    assert email.next_attempt_at - timezone.now() <= timedelta(seconds=5)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_mail_server_that_is_away_costs_no_try_and_everything_leaves_on_its_return(
    sink: Sink, settings: Settings
) -> None:
    EmailFactory.waiting(timedelta(minutes=9))
    EmailFactory.create_batch(2)
    settings.EMAIL_PORT = free_port()
    for _ in range(10):
        assert delivery.sweep() == 0
    assert set(Email.objects.values_list("state", "attempts")) == {(State.QUEUED, 0)}
    settings.EMAIL_PORT = sink.port
    assert delivery.sweep() == 3


def test_an_outage_shows_after_ten_minutes_and_still_ends_by_itself(sink: Sink, settings: Settings) -> None:
    email = EmailFactory.waiting(timedelta(minutes=11))
    settings.EMAIL_PORT = free_port()
    delivery.sweep()
    email.refresh_from_db()
    assert (email.state, email.attempts) == (State.FAILED, 0)
    assert "ConnectionRefusedError" in email.last_error
    settings.EMAIL_PORT = sink.port
    assert delivery.sweep() == 1


def test_a_server_that_cuts_the_line_is_left_alone_until_the_next_pass(sink: Sink) -> None:
    sink.seconds_before_reply = 1.5  # longer than the time the sender gives it
    EmailFactory.create_batch(5)
    assert delivery.sweep() == 0
    assert Email.objects.filter(attempts=1).count() == 3
    assert Email.objects.filter(attempts=0).count() == 2


def test_a_pass_ends_in_time_even_with_work_left(sink: Sink) -> None:
    sink.seconds_before_reply = 0.1
    EmailFactory.create_batch(20)
    start = time.monotonic()
    sent = delivery.sweep(seconds=0.5)
    assert 1 <= sent < 20
    assert time.monotonic() - start < 2


@pytest.mark.django_db(transaction=True)
def test_a_process_sends_one_email_at_a_time_and_forgets_nobody_who_asked(sink: Sink) -> None:
    sending = threading.Semaphore(1)
    together = []

    def look(count: int) -> None:
        if not sending.acquire(blocking=False):
            together.append(count)
            return
        time.sleep(0.01)
        sending.release()

    sink.before_reply = look

    def work() -> None:
        try:
            for _ in range(5):
                EmailFactory.create()
                delivery.sweep()
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not together
    assert len(sink.message_ids) == len(set(sink.message_ids)) == 20


@pytest.mark.django_db(transaction=True)
def test_processes_at_once_never_send_the_same_email_twice(sink: Sink) -> None:
    sink.seconds_before_reply = 0.002
    emails = EmailFactory.create_batch(60)
    barrier = threading.Barrier(4)

    def work() -> None:
        # What each process does, without the turn that threads of one process take.
        try:
            barrier.wait()
            delivery._pass(delivery.Scope.ALL, until=time.monotonic() + 30)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(sink.message_ids) == sorted(email.message_id for email in emails)
    assert sink.connections == 4


def test_the_task_of_the_codes_leaves_the_rest_to_others(sink: Sink) -> None:
    EmailFactory.create()
    code = EmailFactory.create(code=True)
    assert delivery.sweep(delivery.Scope.CODES) == 1
    assert sink.message_ids == [code.message_id]


def test_sending_again_concerns_only_what_failed_and_still_has_its_text(sink: Sink) -> None:
    failed = EmailFactory.create(failed=True)
    EmailFactory.create(failed=True, text="", html="")
    EmailFactory.create(sent=True)
    EmailFactory.create(next_attempt_at=timezone.now() + timedelta(hours=1))
    assert delivery.resend(Email.objects.all()) == [failed]
    assert delivery.sweep() == 1
    assert sink.message_ids == [failed.message_id]


def test_the_database_refuses_a_spent_code_in_clear() -> None:
    email = EmailFactory.create(code=True)
    with pytest.raises(Exception, match="email_spent_code_is_erased"):
        Email.objects.filter(pk=email.pk).update(state=State.SENT, sent_at=timezone.now(), next_attempt_at=None)
