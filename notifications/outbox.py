"""The outbox: an e-mail is a row, written in the transaction that causes it (N3).

Rolled back, it never existed; committed, it leaves sooner or later, once (Q45 to Q48). `delivery` sends.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from email.utils import make_msgid, parseaddr
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.template import Context, Engine
from django.utils.html import escape

from notifications import broker
from notifications.enums import FORGOTTEN, NOWHERE, State
from notifications.models import Email

SUBJECT_LENGTH = 255


@dataclass(frozen=True)
class Group:
    """Links under a title. Each is (label, absolute address); `more` leads to the whole of it."""

    title: str
    links: list[tuple[str, str]]
    more: tuple[str, str]


# Control, format and lone surrogate characters, line and paragraph separators.
NEVER_IN_A_HEADER = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def post(
    *,
    kind: str,
    to: str,
    subject: str,
    context: dict[str, Any],
    key: str,
    action: tuple[str, str] | None = None,
    groups: Sequence[Group] = (),
    about: str = "",
    is_code: bool = False,
    is_farewell: bool = False,
    is_kept_only: bool = False,
) -> Email:
    """Write one e-mail to `to` and have it sent after the commit.

    `kind` names the body, `templates/emails/<kind>.txt`: paragraphs separated by blank lines, rendered with
    `context`. `action` is (label, absolute address) of the one button; `groups` are
    lists of links above it. `key` is unique by event and recipient:
    posting it again returns the row of the first time. `about` is the reference of a dossier, or nothing.
    `is_code` sends through the queue of the sign-in codes; its text is erased once sent or 10 minutes old (Q3).
    `is_farewell` is the last one to somebody who leaves: its address goes with it. What is written to an account that
    was deleted is kept as a line, and goes nowhere. What `is_kept_only` goes nowhere either, and keeps its text: it is
    about a dossier, and there to be read in the portal (`EmailQuerySet.kept`).

    Raises TransactionManagementError outside a transaction: the row must stand or fall with its cause.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("outbox.post() belongs inside the transaction that causes it")
    recipient, title = one_line(to).replace(" ", ""), one_line(subject)[:SUBJECT_LENGTH]
    text, html = render(kind=kind, subject=title, context=context, action=action, about=about, groups=groups)
    draft = Email(
        key=key,
        kind=kind,
        to=recipient,
        subject=title,
        text=text,
        html=html,
        message_id=make_msgid(domain=parseaddr(settings.SENDER)[1].rpartition("@")[2] or None),
        about=about,
        is_code=is_code,
        is_farewell=is_farewell,
    )
    if is_kept_only:
        draft.state, draft.next_attempt_at = State.EXPIRED, None
    elif recipient.endswith(f"@{NOWHERE}"):
        draft.state, draft.next_attempt_at, draft.text, draft.html = State.EXPIRED, None, "", ""
    # The unique key decides, in one statement, and waits for a concurrent transaction that posts the same.
    Email.objects.bulk_create([draft], ignore_conflicts=True)
    email = Email.objects.get(key=key)
    if email.message_id == draft.message_id:
        transaction.on_commit(lambda: broker.wake(is_code=is_code), robust=True)
    return email


def forget(address: str, *, until: dt.datetime | None = None, key: str = "") -> None:
    """Somebody leaves with this address: what did not leave yet never will, what did keeps its subject and its dates,
    and neither address nor text. What is kept for the next référent of a dossier stays to be read, without the address;
    `rename` takes the names out. `until`: only what was written by then; `key`: only the e-mail posted with it. To be
    called in the transaction of the departure, before its last e-mail."""
    emails = Email.objects.filter(to__iexact=one_line(address).replace(" ", ""))
    if until is not None:
        emails = emails.filter(created_at__lte=until)
    if key:
        emails = emails.filter(key=key)
    emails.kept().update(to=FORGOTTEN)
    emails.exclude(state=State.SENT).delete()
    emails.update(to=FORGOTTEN, text="", html="", last_error="")


def rename(references: Collection[str], names: Mapping[str, str]) -> None:
    """Replace each of `names` in what was written, to anybody, about dossiers of these references."""
    for email in Email.objects.filter(about__in=references).exclude(text="", html="").select_for_update().iterator():
        before = email.subject, email.text, email.html
        for name, instead in names.items():
            email.subject = email.subject.replace(name, instead)
            email.text = email.text.replace(name, instead)
            email.html = email.html.replace(escape(name), escape(instead))
        if (email.subject, email.text, email.html) != before:
            email.save(update_fields=["subject", "text", "html"])


def absolute(path: str) -> str:
    """The public address of a path of the portal; never built from the Host header (Q10)."""
    return f"{settings.PUBLIC_URL}{path}"


def one_line(value: str) -> str:
    """The value without line breaks nor control characters, so that it cannot add a header (Q50)."""
    printable = "".join(" " if unicodedata.category(char) in NEVER_IN_A_HEADER else char for char in value)
    return " ".join(word for word in printable.split(" ") if word)


def render(
    *,
    kind: str,
    subject: str,
    context: dict[str, Any],
    action: tuple[str, str] | None,
    about: str,
    groups: Sequence[Group] = (),
) -> tuple[str, str]:
    """The text and the HTML of an e-mail, from one body."""
    templates = Engine.get_default()
    body = str(templates.get_template(f"emails/{kind}.txt").render(Context(context, autoescape=False)))
    body = body.replace("\r\n", "\n").replace("\x00", "")  # PostgreSQL refuses the NUL character
    frame = {
        "subject": subject,
        "paragraphs": [block.strip() for block in re.split(r"\n\s*\n", body) if block.strip()],
        "action": action,
        "groups": groups,
        "about": about,
        "brand": settings.BRAND,
        "support_email": settings.SUPPORT_EMAIL,
    }
    text = templates.get_template("emails/layout.txt").render(Context(frame, autoescape=False))
    html = templates.get_template("emails/layout.html").render(Context(frame))
    return text.strip() + "\n", html.strip() + "\n"
