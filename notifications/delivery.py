"""Sending what the outbox holds: asked for by a task just after the commit, and by the sweep every 15 s (N3).

A row is claimed by its lock, sent, and marked in the same transaction, and a process sends one e-mail at a time.
A killed worker therefore leaves its e-mail waiting, and this one leaves again later with the same Message-ID: once too
many at most (Q48). Two workers never hold the same row.
"""

from __future__ import annotations

import enum
import logging
import smtplib
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from notifications.enums import FORGOTTEN, State
from notifications.models import Email, EmailQuerySet
from notifications.transport import Transport, Unreachable

logger = logging.getLogger(__name__)

# A code is worth nothing after that (A4).
CODE_LIFETIME = timedelta(minutes=10)
# The wait after each refusal. The list spent, one stops: « Renvoyer » in the admin starts again.
DELAYS = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720)]
CODE_DELAYS = [timedelta(seconds=seconds) for seconds in (5, 15, 30, 60, 120, 240)]
# « En échec » is shown from the third refusal, 6 minutes after the first (Q47 asks for 15), while tries go on.
REFUSALS_BEFORE_FAILURE = 3
# With the mail server away, e-mails wait without spending their tries; older than this they show « En échec ».
PATIENCE = timedelta(minutes=10)
# The beat starts a pass every 15 s: one that lasts less never piles up on the next.
PASS_SECONDS = 14.0
# A server that cuts the line this many times in a row is left alone until the next pass.
CUTS_BEFORE_PAUSE = 3
# A code that comes while so many others leave waits for them at most.
HANDFUL = 50
ERROR_LENGTH = 500


class Outcome(enum.Enum):
    NOTHING = "not due, or in other hands"
    SENT = "sent"
    REFUSED = "refused by the mail server"
    EXPIRED = "a code that came too late"
    CUT = "connection lost while sending"
    UNREACHABLE = "mail server unreachable"


class Scope(enum.Enum):
    ALL = "all that is due, codes first"
    CODES = "the sign-in codes only"


# One sender in a process. Who finds the place taken leaves word, and the sender looks again before it goes.
_place = threading.Lock()
_asked: set[Scope] = set()


def sweep(scope: Scope = Scope.ALL, *, seconds: float = PASS_SECONDS) -> int:
    """Send what is due, during at most `seconds`, and again if somebody asks meanwhile. Returns how many left.

    Returns 0 at once when another thread of this process is sending: that one will see to it.
    """
    sent = 0
    _asked.add(scope)
    while _asked and _place.acquire(blocking=False):
        try:
            widest = Scope.ALL if Scope.ALL in _asked else Scope.CODES
            # Forgotten before looking: what is asked for from here on gets a look of its own.
            _asked.difference_update(Scope if widest is Scope.ALL else {widest})
            sent += _pass(widest, until=time.monotonic() + seconds)
        finally:
            _place.release()
    return sent


def _pass(scope: Scope, *, until: float) -> int:
    expire_codes()
    emails = Email.objects.all() if scope is Scope.ALL else Email.objects.filter(is_code=True)
    sent = cuts = 0
    with Transport() as transport:
        for email_id in _due(emails):
            outcome = deliver(email_id, transport)
            if outcome is Outcome.UNREACHABLE:
                show_outage(transport.last_error)
                break
            sent += outcome is Outcome.SENT
            cuts = cuts + 1 if outcome is Outcome.CUT else 0
            if cuts == CUTS_BEFORE_PAUSE or time.monotonic() >= until:
                break
    return sent


def _due(emails: EmailQuerySet) -> Iterator[int]:
    """The e-mails to send, by handfuls: asking each time for the first one would read again all that just left."""
    while True:
        handful = list(emails.due(timezone.now()).values_list("pk", flat=True)[:HANDFUL])
        yield from handful
        if len(handful) < HANDFUL:
            break  # what came meanwhile was told of, and gets a look of its own


def deliver(email_id: int, transport: Transport) -> Outcome:
    """Send this e-mail, if it is due and nobody is sending it."""
    with transaction.atomic():
        now = timezone.now()
        email = Email.objects.filter(pk=email_id, next_attempt_at__lte=now).select_for_update(skip_locked=True).first()
        if email is None:
            return Outcome.NOTHING
        if email.is_code and now - email.created_at >= CODE_LIFETIME:
            return expire(email)
        try:
            transport.send(email)
        except Unreachable:
            return Outcome.UNREACHABLE
        except Exception as error:  # bad address, refusal, timeout: it is this e-mail's story
            return refuse(email, error, now=now)
        return mark_sent(email, now=timezone.now())


def mark_sent(email: Email, *, now: datetime) -> Outcome:
    changes: dict[str, Any] = {"state": State.SENT, "sent_at": now, "next_attempt_at": None, "last_error": ""}
    if email.is_code or not email.about:
        # What is about no dossier holds a code or a link that opens an account: nothing of it stays (Q3).
        changes |= {"text": "", "html": ""}
    if email.is_farewell:
        changes |= {"to": FORGOTTEN}
    Email.objects.filter(pk=email.pk).update(attempts=email.attempts + 1, **changes)
    return Outcome.SENT


def refuse(email: Email, error: Exception, *, now: datetime) -> Outcome:
    """Note a refusal and plan the next try, if there is one."""
    email.attempts += 1
    email.last_error = describe(error, quoting=not (email.is_code or email.is_farewell))
    delays = CODE_DELAYS if email.is_code else DELAYS
    if is_final(error) or email.attempts > len(delays):
        email.next_attempt_at = None
    else:
        email.next_attempt_at = now + delays[email.attempts - 1]
    if email.next_attempt_at is None or email.attempts >= REFUSALS_BEFORE_FAILURE:
        email.state = State.FAILED
    if email.next_attempt_at is None and email.is_farewell:
        email.to, email.text, email.html = FORGOTTEN, "", ""
    email.save(update_fields=["attempts", "last_error", "next_attempt_at", "state", "to", "text", "html"])
    logger.warning("e-mail %s (%s) refused: %s", email.pk, email.kind, type(error).__name__)
    return Outcome.CUT if is_cut(error) else Outcome.REFUSED


def is_final(error: Exception) -> bool:
    """Whether trying again is useless: an address that does not exist, or that is not one.

    Other refusals, permanent ones included, may come from a setting of the relay: they are tried again.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, ValueError)


def is_cut(error: Exception) -> bool:
    """Whether the mail server fell silent, rather than answered. (Every SMTPException is an OSError.)"""
    answered = smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused
    return isinstance(error, OSError) and not isinstance(error, answered)


def describe(error: Exception, *, quoting: bool) -> str:
    """The refusal as the administrator will read it; without the server's words for a code, which it might quote."""
    if not quoting:
        return type(error).__name__
    return f"{type(error).__name__}: {error}".replace("\x00", "")[:ERROR_LENGTH]


def expire(email: Email) -> Outcome:
    """A code whose ten minutes are over leaves no more, and is no longer readable."""
    email.state = State.FAILED if email.last_error else State.EXPIRED
    email.text, email.html, email.next_attempt_at = "", "", None
    email.save(update_fields=["state", "text", "html", "next_attempt_at"])
    return Outcome.EXPIRED


def expire_codes() -> None:
    """Erase the codes that did not leave in time, those given up included."""
    late = Email.objects.late_codes(timezone.now() - CODE_LIFETIME)
    with transaction.atomic():
        for email in late.select_for_update(skip_locked=True):
            expire(email)


def show_outage(error: str) -> None:
    """Show « En échec » for what has been waiting for long; it still leaves as soon as the mail server is back."""
    now = timezone.now()
    waiting = Email.objects.filter(state=State.QUEUED, next_attempt_at__lte=now, created_at__lte=now - PATIENCE)
    waiting.update(state=State.FAILED, last_error=error[:ERROR_LENGTH])
    logger.error("mail server unreachable: %s", error)


@transaction.atomic
def resend(emails: EmailQuerySet) -> list[Email]:
    """Start the tries again for those of these that are « En échec » and still have their text. Returns them."""
    failed = list(emails.filter(state=State.FAILED).exclude(text="").select_for_update())
    for email in failed:
        email.state, email.attempts, email.next_attempt_at = State.QUEUED, 0, timezone.now()
        email.save(update_fields=["state", "attempts", "next_attempt_at"])
    return failed
